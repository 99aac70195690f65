using Culvert.Interop.Processes;
using Culvert.Net;
using Culvert.Net.Tcp;
using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Certificates;
using Culvert.TestKit.Proof;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Culvert.Interop.Transport;

/// <summary>Clients of others at our server half: everything that they offer and we speak, any two values together, and keys changed at our wish.</summary>
public sealed class ForeignClientMatrixTests
{
    [Theory]
    [InlineData(ForeignClient.OpenSsh, 11)]
    [InlineData(ForeignClient.OpenSshNewer, 12)]
    [InlineData(ForeignClient.Dropbear, 4)]
    [InlineData(ForeignClient.AsyncSsh, 9)]
    [InlineData(ForeignClient.Paramiko, 7)]
    public async Task Every_algorithm_that_a_client_offers_works(string name, int fewestMethods)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var home = new TemporaryFolder();
        Signer[] plain = [Signer.GenerateEd25519(), .. NistCurve.All.Select(EcdsaSigner.Generate), RsaSigner.Generate()];
        using var authority = new CertificateAuthority(Signer.GenerateEd25519());
        var certificates = await Task.WhenAll(plain.Select(key => authority.IssueAsync(key.PublicKey, new(), cancellation)));
        Signer[] keys = [.. plain, .. certificates.Zip(plain, (certificate, key) => new CertifiedSigner(certificate, key))];
        await using var listener = await new TcpNetwork(TimeProvider.System).ListenAsync(new Endpoint(Endpoint.Loopback4, 0), ListenOptions.Default, cancellation);
        await using var client = ForeignClient.Start(name, Endpoint.Loopback4, listener.LocalEndpoint.Port, home.FullName);
        var offer = await ReadOfferAsync(listener, cancellation);
        var methods = ServerOffer.Spoken(AlgorithmKind.KeyExchange, offer.KeyExchange);
        var hostKeys = ServerOffer.Spoken(AlgorithmKind.HostKey, offer.HostKey);
        var ciphers = ServerOffer.Spoken(AlgorithmKind.Cipher, offer.CiphersClientToServer);
        var macs = ServerOffer.Spoken(AlgorithmKind.Mac, offer.MacsClientToServer);
        Assert.True(methods.Length >= fewestMethods, string.Join(',', methods));
        DirectionAlgorithms[] protections =
            [.. ciphers.SelectMany(cipher => Algorithms.BringsItsOwnMac(cipher) ? [new(cipher, null)] : macs.Select(mac => new DirectionAlgorithms(cipher, mac)))];

        int[] sizes = [methods.Length, hostKeys.Length, protections.Length];
        var ran = new List<int[]>();
        foreach (var cell in PairwiseCells.Of(sizes))
        {
            var wanted = new NegotiatedAlgorithms(methods[cell[0]], hostKeys[cell[1]], protections[cell[2]], protections[cell[2]]);
            try
            {
                await UseAsync(listener, keys, wanted, cancellation);
            }
            catch (SshException e)
            {
                Assert.Fail($"{wanted}: {e.Message}\n{client.Output}");
            }

            ran.Add(cell);
        }

        // The loop would start another client while it's asked to end.
        client.KillTree();
        Assert.Empty(PairwiseCells.Missing(sizes, ran));
        foreach (var cell in ran)
        {
            var protection = protections[cell[2]];
            foreach (var value in new[] { methods[cell[0]], hostKeys[cell[1]], protection.Cipher, protection.Mac }.OfType<string>())
            {
                ProofLog.Add(SshInteropPage.Clients, value, name, SshInteropPage.Yes);
            }
        }

        foreach (var key in plain)
        {
            key.Dispose();
        }
    }

    private static async Task UseAsync(IListener listener, Signer[] keys, NegotiatedAlgorithms wanted, CancellationToken cancellation)
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
        var accepted = await listener.AcceptAsync(cancellation);
        await using var transport = await RekeyingTransport.AcceptAsync(accepted.Duplex, keys, options, cancellation);
        Assert.Equal(wanted, transport.Negotiated);
        Assert.Equal(MessageNumber.ServiceRequest, (await transport.ReceiveAsync(cancellation)).Span[0]);
        await SendAsync(transport, new SshWriter().Byte(MessageNumber.ServiceAccept).String("ssh-userauth").ToArray(), cancellation);
        Assert.Equal(MessageNumber.UserAuthRequest, (await transport.ReceiveAsync(cancellation)).Span[0]);
        await SendAsync(transport, [MessageNumber.UserAuthSuccess], cancellation);

        var receiving = ReceiveUntilLostAsync(transport, cancellation);
        await transport.RekeyAsync(cancellation);
        Assert.Equal((wanted, 2), (transport.Negotiated, transport.KeyExchanges));
        await transport.DisconnectAsync(DisconnectReason.ByApplication, "done", cancellation);
        await receiving;
    }

    private static async Task<AlgorithmOffer> ReadOfferAsync(IListener listener, CancellationToken cancellation)
    {
        var accepted = await listener.AcceptAsync(cancellation);
        var received = new ReceiveBuffer(accepted.Duplex);
        await VersionExchange.RunAsync(accepted.Duplex, received, "Culvert_test", asServer: true, "client", NullLogger.Instance, cancellation);
        await using var packets = new KeyedTransport(accepted.Duplex, received, "client");
        return KexInit.Parse((await packets.ReceiveAsync(cancellation)).Span).Offer;
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
