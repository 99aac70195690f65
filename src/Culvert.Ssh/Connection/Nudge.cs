using Culvert.Net;
using Microsoft.Extensions.Logging;

namespace Culvert.Ssh.Connection;

/// <summary>Makes a peer let go of credit that it holds back. sshd up to 10.0 leaves Nagle's algorithm on (RFC 1122 §4.2.3.4): its second small packet waits for the acknowledgement of the first,
/// a round trip, and the credits for an upload that has used up its window are such packets. A full segment isn't held back, and the answers to so many small questions fill one.</summary>
/// <remarks>Four kilobytes both ways for each half megabyte that is sent; only where credit was seen to be held back (<see cref="HeldCredit"/>), because the peer sends each answer by itself,
/// only over a long way, and only where the window holds the sender up (<see cref="SendingHalf.IsNudgeDue"/>). Thread-safe.</remarks>
internal sealed class Nudge(GlobalRequests requests, ILogger logger) : PendingReply
{
    /// <summary>An answer has at least 28 bytes with every cipher, and a segment of Ethernet 1,460.</summary>
    public const int Questions = 64;

    /// <summary>A peer that answers slowly isn't asked more.</summary>
    private const int MaximumUnanswered = 8 * Questions;

    private int _isNeeded;
    private int _unanswered;

    /// <summary>Credit was seen to be held back, on any channel: it is the connection that holds it.</summary>
    public bool IsNeeded => Volatile.Read(ref _isNeeded) != 0;

    /// <summary>Credit is held back.</summary>
    public void Need()
    {
        if (Interlocked.Exchange(ref _isNeeded, 1) == 0)
            Log.CreditHeldBack(logger);
    }

    /// <summary>Asks. Doesn't wait.</summary>
    public void Give()
    {
        var before = Volatile.Read(ref _unanswered);
        if (before > MaximumUnanswered - Questions || Interlocked.CompareExchange(ref _unanswered, before + Questions, before) != before)
            return;
        for (var i = 0; i < Questions; i++)
            requests.Send(KeepAlive.Request, [], this);
    }

    public override void Succeeded(ReadOnlySpan<byte> specific) => Interlocked.Decrement(ref _unanswered);

    public override void Refused() => Interlocked.Decrement(ref _unanswered);

    public override void Lost(Failure failure) { }
}
