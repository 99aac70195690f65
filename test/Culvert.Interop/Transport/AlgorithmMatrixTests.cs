using Culvert.Interop.Servers;
using Culvert.Ssh;
using Culvert.Ssh.Auth;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Keys;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;
using Xunit;
using SshServer = Culvert.Interop.Servers.SshServer;

namespace Culvert.Interop.Transport;

/// <summary>Everything that a real server offers and we speak: each method with each protection, each host key with each method. In each cell keys are
/// exchanged, the user logs in, keys are changed, and a request is answered under the new ones.</summary>
public sealed class AlgorithmMatrixTests
{
    [Theory]
    [InlineData(SshServer.OpenSsh)]
    [InlineData(SshServer.OpenSshNewer)]
    [InlineData(SshServer.Dropbear)]
    public async Task Every_algorithm_that_a_server_offers_works(string name)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var server = await SshServer.StartAsync(name, cancellation);
        using var user = await KeyFile.LoadAsync(server.Keys.PrivateKey(TestKeys.Client), null, cancellation);
        var offer = await ServerOffer.ReadAsync(server, cancellation);
        var methods = ServerOffer.Spoken(AlgorithmKind.KeyExchange, offer.KeyExchange);
        var hostKeys = ServerOffer.Spoken(AlgorithmKind.HostKey, offer.HostKey);
        var ciphers = ServerOffer.Spoken(AlgorithmKind.Cipher, offer.CiphersServerToClient);
        var macs = ServerOffer.Spoken(AlgorithmKind.Mac, offer.MacsServerToClient);
        Assert.True(methods.Length >= 4 && hostKeys.Length >= 3 && ciphers.Length >= 3 && macs.Length >= 1);

        foreach (var method in methods)
        {
            foreach (var cipher in ciphers)
            {
                foreach (var protection in Protections(cipher, macs))
                    await UseAsync(server, user, new(method, hostKeys[0], protection, protection), cancellation);
            }
            var any = Protections(ciphers[0], macs).First();
            foreach (var hostKey in hostKeys)
                await UseAsync(server, user, new(method, hostKey, any, any), cancellation);
        }
    }

    private static IEnumerable<DirectionAlgorithms> Protections(string cipher, string[] macs) =>
        Algorithms.BringsItsOwnMac(cipher) ? [new(cipher, null)] : macs.Select(mac => new DirectionAlgorithms(cipher, mac));

    private static async Task UseAsync(SshServer server, Signer user, NegotiatedAlgorithms wanted, CancellationToken cancellation)
    {
        var options = new TransportOptions
        {
            Algorithms = new()
            {
                KeyExchange = [wanted.KeyExchange],
                HostKey = [wanted.HostKey],
                Ciphers = [wanted.ClientToServer.Cipher],
                Macs = wanted.ClientToServer.Mac is { } mac ? [mac] : [],
            },
        };
        await using var transport = await RekeyingTransport.ConnectAsync(
            await ServerOffer.DialAsync(server), new(server.Address, server.Port), (_, _) => ValueTask.CompletedTask, options, cancellation);
        Assert.Equal(wanted, transport.Negotiated);
        var who = new ClientAuthenticationOptions { User = server.User, Host = server.Address, Signers = [user] };
        await ClientAuthentication.RunAsync(transport, transport.SessionId, () => transport.PeerExtensions, who, cancellation);

        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var receiving = ReceiveAsync(transport, answered, cancellation);
        await transport.RekeyAsync(cancellation);
        Assert.Equal((wanted, 2), (transport.Negotiated, transport.KeyExchanges));
        await transport.WriteAsync(new SshWriter().Byte(MessageNumber.GlobalRequest).String("keepalive@openssh.com").Bool(true).ToArray(), cancellation);
        await transport.FlushAsync(cancellation);
        await await Task.WhenAny(answered.Task, receiving);
        Assert.True(answered.Task.IsCompletedSuccessfully);
        await transport.DisconnectAsync(DisconnectReason.ByApplication, "done", cancellation);
        await receiving;
    }

    private static async Task ReceiveAsync(RekeyingTransport transport, TaskCompletionSource answered, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                var payload = await transport.ReceiveAsync(cancellation);
                if (payload.Span[0] is MessageNumber.RequestSuccess or MessageNumber.RequestFailure)
                    answered.TrySetResult();
            }
        }
        catch (SshConnectionException e) when (e.Failure.Kind == Culvert.Net.FailureKind.Aborted)
        {
            // We have disconnected.
        }
    }
}
