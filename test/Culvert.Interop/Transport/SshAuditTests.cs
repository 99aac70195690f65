using System.Globalization;
using System.Text.RegularExpressions;
using Culvert.Interop.Processes;
using Culvert.Net;
using Culvert.Net.Tcp;
using Culvert.Ssh;
using Culvert.Ssh.Auth;
using Culvert.Ssh.Crypto;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Interop.Transport;

/// <summary>What ssh-audit, which knows what others have learnt of each algorithm, has to say of what we offer.</summary>
public sealed partial class SshAuditTests(ITestOutputHelper output)
{
    /// <summary>What the client offers for servers that have nothing better, and what ssh-audit says of it. Each name is one that issue and rules demand:
    /// NIST's curves (never shown to be weak; many a server has no other), 2048 bits for servers of the age before 2016, and MACs over the plain text,
    /// which dropbear and Paramiko have no others than.</summary>
    private static readonly string[] Demanded =
    [
        "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521", "diffie-hellman-group14-sha256",
        "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
        "ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp384-cert-v01@openssh.com", "ecdsa-sha2-nistp521-cert-v01@openssh.com",
        "hmac-sha2-256", "hmac-sha2-512",
    ];

    [Fact]
    public async Task Nothing_is_said_against_the_server_half()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var audit = Peers.RequirePython("ssh_audit", "-m", "ssh_audit.ssh_audit");
        var network = new TcpNetwork(TimeProvider.System);
        var listener = await network.ListenAsync(new(Endpoint.Loopback4, 0), ListenOptions.Default, cancellation);
        using var rsa = RsaSigner.Generate();
        using var ed25519 = Signer.GenerateEd25519();
        using var server = new SshServer(new SshServerOptions
        {
            HostKeys = [ed25519, rsa],
            Network = network,
            MayConnect = _ => false,
            MayListen = _ => false,
            Authentication = new ServerAuthenticationOptions { Password = ServerAuthenticationOptions.OnlyPassword("user", "secret") },
        });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var serving = server.ServeAsync(listener, stop.Token);
        var said = await Command.RunAsync(audit.Then("--no-colors", "--skip-rate-test", "-p", listener.LocalEndpoint.Port.ToString(CultureInfo.InvariantCulture), Endpoint.Loopback4), cancellation);
        output.WriteLine(said.ToString());
        await stop.CancelAsync();
        await serving;
        // The report is there, with all of its parts, and has nothing but information.
        Assert.Contains("(kex) mlkem768x25519-sha256", said.Output, StringComparison.Ordinal);
        Assert.Contains("(kex) diffie-hellman-group-exchange-sha256 (3072-bit)", said.Output, StringComparison.Ordinal);
        Assert.Contains("(key) ssh-ed25519", said.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(said.Output.Split('\n'), IsRemark);
        Assert.Equal(0, said.ExitCode);
        ProofLog.Add(SshInteropPage.Audit, "the server half", "Remarks", "none");
    }

    [Fact]
    public async Task Nothing_is_said_against_what_the_client_prefers()
    {
        var remarks = await RemarksOnClientAsync(AlgorithmPreferences.Default);
        Assert.Equal(Demanded.Order(StringComparer.Ordinal), remarks.Order(StringComparer.Ordinal));
        // Without those names there is nothing left to say, so none hides behind another.
        Assert.Empty(await RemarksOnClientAsync(new()
        {
            KeyExchange = [.. Algorithms.Of(AlgorithmKind.KeyExchange).Except(Demanded)],
            HostKey = [.. Algorithms.Of(AlgorithmKind.HostKey).Except(Demanded)],
            Macs = [.. Algorithms.Of(AlgorithmKind.Mac).Except(Demanded)],
        }));
        ProofLog.Add(SshInteropPage.Audit, "the client", "Remarks", $"only on what it offers for servers that have nothing else: {string.Join(", ", Demanded)}");
    }

    private async Task<string[]> RemarksOnClientAsync(AlgorithmPreferences algorithms)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var port = FreePort.Next();
        await using var audit = ChildProcess.Start(
            Peers.RequirePython("ssh_audit", "-m", "ssh_audit.ssh_audit", "--no-colors", "--client-audit", "-p", port.ToString(CultureInfo.InvariantCulture)));
        await Servers.Readiness.OfPortAsync(audit, port, cancellation);
        await Assert.ThrowsAnyAsync<SshException>(async () => await SshConnection.ConnectAsync(new TcpNetwork(TimeProvider.System), new SshClientOptions
        {
            Server = new(Endpoint.Loopback4, port),
            HostKeyPolicy = (_, _) => ValueTask.CompletedTask,
            Authentication = new() { User = "user", Host = Endpoint.Loopback4 },
            Algorithms = algorithms,
        }, cancellation));
        await audit.WaitForExitAsync(cancellation);
        output.WriteLine(audit.Output);
        Assert.Contains("(kex) mlkem768x25519-sha256", audit.Output, StringComparison.Ordinal);
        return [.. Named(audit.Output.Split('\n')).Where(line => IsRemark(line.Text)).Select(line => line.Name).Distinct()];
    }

    /// <summary>Each line with the algorithm that it's about: a second remark stands below the first and doesn't repeat the name.</summary>
    private static IEnumerable<(string Name, string Text)> Named(IEnumerable<string> lines)
    {
        var name = "";
        foreach (var line in lines)
        {
            if (Name().Match(line) is { Success: true } match)
                name = match.Groups["name"].Value;
            yield return (name, line);
        }
    }

    private static bool IsRemark(string line) => line.Contains("[fail]", StringComparison.Ordinal) || line.Contains("[warn]", StringComparison.Ordinal);

    [GeneratedRegex(@"^\((?:kex|key|enc|mac|cmp|gen)\) (?<name>\S+)")]
    private static partial Regex Name();
}
