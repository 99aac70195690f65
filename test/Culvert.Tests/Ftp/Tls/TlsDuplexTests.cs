using System.Net.Security;
using System.Security.Cryptography;
using Culvert.Ftp.Tls;
using Culvert.Net;
using Culvert.TestKit.Networks;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Tests.Ftp.Tls;

/// <summary>TLS as a connection over a connection: what is an end, what is a cut.</summary>
public sealed class TlsDuplexTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static (TlsDuplex Client, TlsDuplex Server, MemoryDuplex ClientRaw, MemoryDuplex ServerRaw) Pair(int capacity = 64 * 1024, bool lossy = false)
    {
        var (here, there) = MemoryDuplex.Pair(capacity, lossy);
        var session = new TlsClient(TestCertificates.Host, TestCertificates.Trust).Begin();
        return (session.WrapControl(here), TestCertificates.AsServer().Wrap(there, data: false), here, there);
    }

    [Theory]
    [InlineData(64 * 1024, false)]
    [InlineData(64 * 1024, true)]
    [InlineData(7, false)]
    public async Task BytesAndEndsPassBothWaysAndHalvesEndSeparately(int capacity, bool lossy)
    {
        var (client, server, _, _) = Pair(capacity, lossy);
        var sent = RandomNumberGenerator.GetBytes(100_000);
        foreach (var (from, to) in new[] { (client, server), (server, client) })
        {
            var reading = RelayRig.ReadAllAsync(to, Token);
            Assert.Equal(WriteEnd.None, await from.WriteAsync(sent, Token));
            Assert.Equal(WriteEnd.None, await from.EndAsync(Token));
            var (bytes, end) = await reading;
            Assert.Equal(sent, bytes);
            Assert.Equal(ReadEnd.Ended, end);
        }
        Assert.Equal(WriteEnd.Closed, await client.WriteAsync(sent, Token));
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnEndOfTheConnectionWithoutCloseNotifyIsACut(bool lossy)
    {
        var (client, server, _, raw) = Pair(lossy: lossy);
        Assert.Equal(WriteEnd.None, await server.WriteAsync("half a file"u8.ToArray(), Token));
        await raw.EndAsync(Token);
        var (bytes, end) = await RelayRig.ReadAllAsync(client, Token);
        Assert.Equal("half a file"u8.ToArray(), bytes);
        Assert.Equal(ReadEnd.Lost, end);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    // A browser that is led here, by whatever trick, says that it wants to speak HTTP; it gets no connection on which it could (ALPACA).
    [Theory]
    [InlineData(false, "http/1.1", false)]
    [InlineData(false, "h2,http/1.1", false)]
    [InlineData(false, "ftp-data", false)]
    [InlineData(false, "ftp", true)]
    [InlineData(false, "http/1.1,ftp", true)]
    [InlineData(false, "", true)]
    [InlineData(true, "http/1.1", false)]
    [InlineData(true, "ftp-data", true)]
    [InlineData(true, "", true)]
    [Proves(ProofTables.Attacks, Attack.CrossProtocol)]
    public async Task AnyProtocolButFtpIsRefused(bool data, string offered, bool isTaken)
    {
        var (here, there) = MemoryDuplex.Pair();
        var protocols = offered.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(name => new SslApplicationProtocol(name)).ToList();
        var client = new TlsDuplex(here, stream => stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = TestCertificates.Host,
            ApplicationProtocols = protocols.Count > 0 ? protocols : null,
            CertificateChainPolicy = TestCertificates.Trust.Policy(),
        }), e => e.Message);
        var server = TestCertificates.AsServer().Wrap(there, data);
        Assert.Equal(isTaken, await server.Handshake.WaitAsync(Token) is null);
        if (!isTaken)
            server.Abort();
        Assert.Equal(isTaken, await client.Handshake.WaitAsync(Token) is null);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task AResetIsAResetAndNothingHangs()
    {
        var (client, server, _, _) = Pair();
        Assert.Null(await client.Handshake);
        var reading = client.ReadAsync(new byte[10], Token);
        server.Abort();
        Assert.Equal(ReadEnd.Reset, (await reading).End);
        Assert.Equal(WriteEnd.Closed, await client.WriteAsync(new byte[10], Token));
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task DisposingWithoutAnEndIsACut()
    {
        var (client, server, _, _) = Pair(lossy: true);
        Assert.Equal(WriteEnd.None, await server.WriteAsync("half a file"u8.ToArray(), Token));
        await server.DisposeAsync();
        Assert.Equal(ReadEnd.Lost, (await RelayRig.ReadAllAsync(client, Token)).End);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task AnEndWaitsForAHandshakeThatComesLate()
    {
        var (here, there) = MemoryDuplex.Pair();
        var server = TestCertificates.AsServer().Wrap(there, data: true);
        var ending = server.EndAsync(Token);
        Assert.False(ending.IsCompleted);
        var client = new TlsClient(TestCertificates.Host, TestCertificates.Trust).Begin().WrapControl(here);
        Assert.Equal(ReadEnd.Ended, (await client.ReadAsync(new byte[1], Token)).End);
        Assert.Equal(WriteEnd.None, await ending);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task AbortingReleasesAHandshakeThatNeverComes()
    {
        var (_, there) = MemoryDuplex.Pair();
        var server = TestCertificates.AsServer().Wrap(there, data: true);
        var reading = server.ReadAsync(new byte[1], Token);
        server.Abort();
        Assert.Equal(ReadEnd.Reset, (await reading).End);
        Assert.NotNull(await server.Handshake);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task LentBytesAreReadOnce()
    {
        var (client, server, _, _) = Pair();
        Assert.Equal(WriteEnd.None, await server.WriteAsync("abcdef"u8.ToArray(), Token));
        Assert.Equal("abcdef"u8.ToArray(), (await client.ReadAsync(Token)).Bytes.ToArray());
        client.Release(2);
        Assert.Equal("cdef"u8.ToArray(), (await client.ReadAsync(Token)).Bytes.ToArray());
        client.Release(4);
        await server.EndAsync(Token);
        Assert.Equal(ReadEnd.Ended, (await client.ReadAsync(Token)).End);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }
}
