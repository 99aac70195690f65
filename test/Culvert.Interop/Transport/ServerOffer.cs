using Culvert.Interop.Servers;
using Culvert.Net;
using Culvert.Net.Tcp;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Culvert.Interop.Transport;

/// <summary>What a real server offers in its KEXINIT, so that tests run through what is there and not through a list of ours.</summary>
internal static class ServerOffer
{
    public static async Task<AlgorithmOffer> ReadAsync(SshServer server, CancellationToken cancellation)
    {
        var duplex = await DialAsync(server);
        var received = new ReceiveBuffer(duplex);
        await VersionExchange.RunAsync(duplex, received, "Culvert_test", asServer: false, "server", NullLogger.Instance, cancellation);
        await using var packets = new KeyedTransport(duplex, received, "server");
        return KexInit.Parse((await packets.ReceiveAsync(cancellation)).Span).Offer;
    }

    public static async Task<Duplex> DialAsync(SshServer server)
    {
        var (duplex, failure) = await new TcpNetwork(TimeProvider.System).Connect(new Endpoint(server.Address, server.Port), ConnectOptions.Default).Outcome;
        Assert.True(duplex is not null, failure?.Text);
        return duplex;
    }

    /// <summary>Those that we speak. A name that is neither ours nor known to be left out is a cell that nobody tests: the test fails.</summary>
    public static string[] Spoken(AlgorithmKind kind, IEnumerable<string> offered)
    {
        var names = offered.Where(name => !IsSignal(name)).ToArray();
        Assert.DoesNotContain(names, name => !Algorithms.Of(kind).Contains(name) && !Algorithms.IsOld(name) && !Algorithms.IsSpokenElsewhere(name) && !IsForeign(name));
        return [.. names.Where(Algorithms.Of(kind).Contains)];
    }

    /// <summary>Names that neither OpenSSH nor we have: Tectia's own, other curves and groups, exchanges by RSA, and truncated MACs.</summary>
    private static bool IsForeign(string name) => name.EndsWith("@ssh.com", StringComparison.Ordinal)
        || ((string[])["448", "1.3.132.0.10", "group15-", "group17-", "rsa2048-", "-96"]).Any(part => name.Contains(part, StringComparison.Ordinal));

    /// <summary>Names among the methods that only tell what the server can do.</summary>
    private static bool IsSignal(string name) => name.StartsWith("kex-strict-", StringComparison.Ordinal)
        || name.StartsWith("ext-info-", StringComparison.Ordinal) || name.StartsWith("kexguess2@", StringComparison.Ordinal);
}
