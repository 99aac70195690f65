using System.Globalization;
using Culvert.Interop.Processes;
using Culvert.Net;
using Culvert.Net.Tcp;
using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;
using Xunit;

namespace Culvert.Interop.Transport;

/// <summary>OpenSSH's client at our server half: every algorithm, and keys changed twice at our wish.</summary>
public sealed class OpenSshClientMatrixTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OpenSsh_takes_every_algorithm_of_ours_that_it_knows(bool isNewer)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var ssh = isNewer ? Peers.RequireNewer("ssh") : Peers.Require("ssh");
        var known = (await Command.RunAsync(new CommandLine(ssh, "-Q", "kex"), cancellation)).ToString().Split('\n');
        await using var listener = await new TcpNetwork(TimeProvider.System).ListenAsync(new Endpoint(Endpoint.Loopback4, 0), ListenOptions.Default, cancellation);
        Signer[] hostKeys = [Signer.GenerateEd25519(), .. NistCurve.All.Select(EcdsaSigner.Generate), RsaSigner.Generate()];
        var methods = Algorithms.Of(AlgorithmKind.KeyExchange).Where(known.Contains).ToArray();
        Assert.True(methods.Length >= (isNewer ? 12 : 10), string.Join(',', methods));
        foreach (var method in methods)
        {
            // What protects packets doesn't know where its keys come from, only how many bytes it takes: the product is walked with one method, pairs with the others.
            var first = method == methods[0];
            foreach (var hostKey in first ? Algorithms.Of(AlgorithmKind.HostKey) : ["ssh-ed25519"])
            {
                foreach (var cipher in first ? Algorithms.Of(AlgorithmKind.Cipher) : ["aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com"])
                {
                    foreach (var mac in Algorithms.BringsItsOwnMac(cipher) ? (string?[])[null] : [.. Algorithms.Of(AlgorithmKind.Mac)])
                        await UseAsync(ssh, listener, hostKeys, new(method, hostKey, new(cipher, mac), new(cipher, mac)), cancellation);
                }
            }
        }
        foreach (var key in hostKeys)
            key.Dispose();
    }

    private static async Task UseAsync(string ssh, IListener listener, Signer[] hostKeys, NegotiatedAlgorithms wanted, CancellationToken cancellation)
    {
        var running = Command.RunAsync(new CommandLine(ssh, "-F", "none", "-N", "-p", listener.LocalEndpoint.Port.ToString(CultureInfo.InvariantCulture),
            "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", $"KexAlgorithms={wanted.KeyExchange}",
            "-o", $"HostKeyAlgorithms={wanted.HostKey}", "-c", wanted.ClientToServer.Cipher, "-m", wanted.ClientToServer.Mac ?? "hmac-sha2-256",
            "-l", "somebody", Endpoint.Loopback4), cancellation);
        var accepted = await listener.AcceptAsync(cancellation);
        await using var transport = await RekeyingTransport.AcceptAsync(accepted.Duplex, hostKeys, new(), cancellation);
        Assert.Equal(wanted, transport.Negotiated);
        Assert.Equal(MessageNumber.ServiceRequest, (await transport.ReceiveAsync(cancellation)).Span[0]);
        await SendAsync(transport, new SshWriter().Byte(MessageNumber.ServiceAccept).String("ssh-userauth").ToArray(), cancellation);
        Assert.Equal(MessageNumber.UserAuthRequest, (await transport.ReceiveAsync(cancellation)).Span[0]);
        await SendAsync(transport, [MessageNumber.UserAuthSuccess], cancellation);

        var receiving = ReceiveUntilLostAsync(transport, cancellation);
        await transport.RekeyAsync(cancellation);
        await transport.RekeyAsync(cancellation);
        Assert.Equal((wanted, 3), (transport.Negotiated, transport.KeyExchanges));
        await transport.DisconnectAsync(DisconnectReason.ByApplication, "done", cancellation);
        await receiving;
        var said = (await running).ToString();
        Assert.Contains(":11: done", said, StringComparison.Ordinal);
    }

    private static async Task SendAsync(RekeyingTransport transport, byte[] payload, CancellationToken cancellation)
    {
        await transport.WriteAsync(payload, cancellation);
        await transport.FlushAsync(cancellation);
    }

    private static async Task ReceiveUntilLostAsync(RekeyingTransport transport, CancellationToken cancellation) =>
        await Assert.ThrowsAnyAsync<SshConnectionException>(async () =>
        {
            while (true)
                await transport.ReceiveAsync(cancellation);
        });
}
