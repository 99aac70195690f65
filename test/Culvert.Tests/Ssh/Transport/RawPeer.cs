using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Culvert.TestKit.Networks;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culvert.Tests.Ssh.Transport;

/// <summary>A peer that says what a test wants it to say, before there are keys.</summary>
internal sealed class RawPeer(MemoryDuplex duplex, KeyedTransport packets) : IAsyncDisposable
{
    /// <summary>A client half that talks to a raw server, or (<paramref name="asServer"/> false) a server half that talks to a raw client.</summary>
    public static async Task<(RawPeer Raw, Task<RekeyingTransport> Other)> StartAsync(bool asServer, Signer hostKey, CancellationToken cancellationToken)
    {
        var (near, far) = MemoryDuplex.Pair();
        var other = asServer
            ? RekeyingTransport.ConnectAsync(near, TransportPair.Server, TransportPair.Anything, new(), cancellationToken)
            : RekeyingTransport.AcceptAsync(near, [hostKey], new(), cancellationToken);
        var received = new ReceiveBuffer(far);
        await VersionExchange.RunAsync(far, received, "raw", !asServer, "peer", NullLogger.Instance, cancellationToken);
        return (new(far, new(far, received, "peer")), other);
    }

    public async Task SendAsync(byte[] payload, CancellationToken cancellationToken)
    {
        await packets.WriteAsync(payload, cancellationToken);
        await packets.FlushAsync(cancellationToken);
    }

    /// <summary>Sends bytes as they are: packets that no one would seal.</summary>
    public async Task SendRawAsync(string hex, CancellationToken cancellationToken) =>
        await duplex.WriteAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), cancellationToken);

    public async Task<byte[]> ReceiveAsync(CancellationToken cancellationToken) => (await packets.ReceiveAsync(cancellationToken)).ToArray();

    /// <summary>KEXINIT with lists of the test's choice.</summary>
    public static byte[] KexInit(AlgorithmPreferences preferences, bool guessFollows = false, params string[] signals)
    {
        var payload = Culvert.Ssh.Transport.KexInit.Create(preferences, preferences.HostKey, signals).Payload;
        payload[^5] = guessFollows ? (byte)1 : (byte)0;
        return payload;
    }

    public ValueTask DisposeAsync() => packets.DisposeAsync();
}
