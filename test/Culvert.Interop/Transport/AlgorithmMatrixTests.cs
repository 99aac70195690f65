using Culvert.Ssh;
using Culvert.Ssh.Auth;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Proof;
using Xunit;
using SshServer = Culvert.Interop.Servers.SshServer;
using SshServerOptions = Culvert.Interop.Servers.SshServerOptions;

namespace Culvert.Interop.Transport;

/// <summary>Everything that a real server offers and we speak: key exchange, host key, cipher with MAC, and login, any two of them together. In each cell keys
/// are exchanged, the user logs in, keys are changed, and a request is answered under the new ones.</summary>
public sealed class AlgorithmMatrixTests
{
    [Theory]
    [InlineData(SshServer.OpenSsh)]
    [InlineData(SshServer.OpenSshNewer)]
    [InlineData(SshServer.Dropbear)]
    [InlineData(SshServer.AsyncSsh)]
    [InlineData(SshServer.Paramiko)]
    public async Task Every_algorithm_that_a_server_offers_works(string name)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var users = new UserKeys();
        await using var server = await SshServer.StartAsync(name, cancellation, new SshServerOptions { AcceptsPasswords = true, AuthorizedKeys = users.Lines });
        var offer = await ServerOffer.ReadAsync(server, cancellation);
        var methods = ServerOffer.Spoken(AlgorithmKind.KeyExchange, offer.KeyExchange);
        var hostKeys = ServerOffer.Spoken(AlgorithmKind.HostKey, offer.HostKey);
        var ciphers = ServerOffer.Spoken(AlgorithmKind.Cipher, offer.CiphersServerToClient);
        var macs = ServerOffer.Spoken(AlgorithmKind.Mac, offer.MacsServerToClient);
        Assert.True(methods.Length >= 4 && hostKeys.Length >= 3 && ciphers.Length >= 3 && macs.Length >= 1);
        DirectionAlgorithms[] protections = [.. ciphers.SelectMany(cipher => Protections(cipher, macs))];
        var logins = await users.LoginsAsync(server, cancellation);

        int[] sizes = [methods.Length, hostKeys.Length, protections.Length, logins.Count];
        var ran = new List<int[]>();
        foreach (var cell in PairwiseCells.Of(sizes))
        {
            var wanted = new NegotiatedAlgorithms(methods[cell[0]], hostKeys[cell[1]], protections[cell[2]], protections[cell[2]]);
            try
            {
                await UseAsync(server, logins[cell[3]].Options, wanted, cancellation);
            }
            catch (SshException e)
            {
                Assert.Fail($"{wanted} with {logins[cell[3]].Name}: {e.Message}\n{server.Output}");
            }

            ran.Add(cell);
        }

        Assert.Empty(PairwiseCells.Missing(sizes, ran));
        foreach (var cell in ran)
        {
            var protection = protections[cell[2]];
            SshInteropPage.Worked(name, AlgorithmKind.KeyExchange, methods[cell[0]]);
            SshInteropPage.Worked(name, AlgorithmKind.HostKey, hostKeys[cell[1]]);
            SshInteropPage.Worked(name, AlgorithmKind.Cipher, protection.Cipher);
            if (protection.Mac is { } mac)
            {
                SshInteropPage.Worked(name, AlgorithmKind.Mac, mac);
            }

            ProofLog.Add(SshInteropPage.Logins, logins[cell[3]].Name, name, SshInteropPage.Yes);
        }

        ProofLog.Add(SshInteropPage.Runs, "combinations, any two values together", name, $"{ran.Count}");
    }

    /// <summary>The list of cells is complete, and a gap would be seen.</summary>
    [Fact]
    public void Cells_hold_every_pair()
    {
        int[] sizes = [12, 6, 15, 6];
        var cells = PairwiseCells.Of(sizes);
        Assert.Empty(PairwiseCells.Missing(sizes, cells));
        Assert.True(cells.Count <= 200, $"{cells.Count} cells");
        Assert.NotEmpty(PairwiseCells.Missing(sizes, cells.Skip(1)));
    }

    private static IEnumerable<DirectionAlgorithms> Protections(string cipher, string[] macs) =>
        Algorithms.BringsItsOwnMac(cipher) ? [new(cipher, null)] : macs.Select(mac => new DirectionAlgorithms(cipher, mac));

    private static async Task UseAsync(SshServer server, ClientAuthenticationOptions who, NegotiatedAlgorithms wanted, CancellationToken cancellation)
    {
        var options = new TransportOptions
        {
            Algorithms = new()
            {
                KeyExchange = [wanted.KeyExchange],
                HostKey = [wanted.HostKey],
                Ciphers = [wanted.ClientToServer.Cipher],
                // AsyncSSH wants one in common even where the cipher brings its own.
                Macs = wanted.ClientToServer.Mac is { } mac ? [mac] : Algorithms.Of(AlgorithmKind.Mac),
            },
        };
        await using var transport = await RekeyingTransport.ConnectAsync(
            await ServerOffer.DialAsync(server), new(server.Address, server.Port), (_, _) => ValueTask.CompletedTask, options, cancellation);
        Assert.Equal(wanted, transport.Negotiated);
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
