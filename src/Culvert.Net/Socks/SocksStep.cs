namespace Culvert.Net.Socks;

/// <summary>What to do after some bytes of a SOCKS client.</summary>
internal abstract record SocksStep
{
    private SocksStep() { }

    /// <summary>Read exactly so many more; never more than the request has, since what follows it is the destination's.</summary>
    /// <param name="Count">At least 1.</param>
    /// <param name="First">Send this first; may be empty.</param>
    internal sealed record More(int Count, ReadOnlyMemory<byte> First = default) : SocksStep;

    /// <summary>The request is complete.</summary>
    /// <param name="To">Where the client wants to go; a name is the far side's to resolve.</param>
    /// <param name="Version">4 or 5: in which the client is answered.</param>
    internal sealed record Connect(Endpoint To, int Version) : SocksStep;

    /// <summary>It can't be served.</summary>
    /// <param name="Answer">What the client is told; empty when it speaks no SOCKS.</param>
    /// <param name="Reason">Why, in one line, for whoever runs this.</param>
    internal sealed record Refuse(ReadOnlyMemory<byte> Answer, string Reason) : SocksStep;
}
