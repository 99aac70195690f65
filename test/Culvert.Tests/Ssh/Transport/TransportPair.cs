using Culvert.Net;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Trust;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Networks;

namespace Culvert.Tests.Ssh.Transport;

/// <summary>Client half and server half in memory, keys exchanged and past authentication, so that both may rekey.</summary>
internal sealed class TransportPair : IAsyncDisposable
{
    public static readonly Endpoint Server = new("server", 22);
    public static readonly HostKeyPolicy Anything = (_, _) => ValueTask.CompletedTask;

    public required RekeyingTransport ClientSide { get; init; }
    public required RekeyingTransport ServerSide { get; init; }

    /// <summary>The client's end of the network.</summary>
    public required MemoryDuplex Near { get; init; }

    /// <summary>Needed at every exchange.</summary>
    public required Signer HostKey { get; init; }

    /// <param name="client">The client's options.</param>
    /// <param name="server">The server's options.</param>
    /// <param name="capacity">Bytes in flight.</param>
    /// <param name="hostKey">The server's key; an Ed25519 key when null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<TransportPair> CreateAsync(
        TransportOptions client, TransportOptions server, CancellationToken cancellationToken, int capacity = 64 * 1024, Signer? hostKey = null)
    {
        var (near, far) = MemoryDuplex.Pair(capacity);
        hostKey ??= Signer.GenerateEd25519();
        var accepting = RekeyingTransport.AcceptAsync(far, [hostKey], server, cancellationToken);
        var connecting = RekeyingTransport.ConnectAsync(near, Server, Anything, client, cancellationToken);
        await Task.WhenAll(accepting, connecting);
        var pair = new TransportPair { ClientSide = await connecting, ServerSide = await accepting, HostKey = hostKey, Near = near };
        await pair.AuthenticateAsync(cancellationToken);
        return pair;
    }

    public async ValueTask DisposeAsync()
    {
        await ClientSide.DisposeAsync();
        await ServerSide.DisposeAsync();
        HostKey.Dispose();
    }

    private async Task AuthenticateAsync(CancellationToken cancellationToken)
    {
        var receiving = ClientSide.ReceiveAsync(cancellationToken);
        await ServerSide.WriteAsync((byte[])[MessageNumber.UserAuthSuccess], cancellationToken);
        await ServerSide.FlushAsync(cancellationToken);
        await receiving;
    }
}
