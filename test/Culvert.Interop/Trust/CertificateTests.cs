using System.Globalization;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Trust;

/// <summary>A real sshd with certificates of its own (HostCertificate), and one that believes in an authority for its users (TrustedUserCAKeys). ssh-keygen is the authority.</summary>
public sealed class CertificateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private static async Task KeygenAsync(params IReadOnlyList<string> words) =>
        (await Command.RunAsync(new CommandLine(Peers.Require("ssh-keygen"), ["-q", .. words]), Cancelled)).OrThrow();

    private async Task<string> NewKeyAsync(string name, params IReadOnlyList<string> type)
    {
        await KeygenAsync(["-N", "", "-C", name, "-f", _folder[name], "-t", .. type]);
        return _folder[name];
    }

    private static string PublicLine(string key) => File.ReadAllText(key + ".pub").Trim();

    /// <summary>Runs a tunnel up to its readiness, or says why it isn't.</summary>
    private static async Task<string> TryAsync(SshServer server, string knownHosts, string key, params IReadOnlyList<string> more)
    {
        await using var process = ChildProcess.Start(CulvertProcess.Command([
            .. more, "-v", "-F", "none", "-o", "BatchMode=yes", "-o", $"UserKnownHostsFile={knownHosts}", "-o", "GlobalKnownHostsFile=none", "-o", "StrictHostKeyChecking=yes", "-i", key,
            "-p", server.Port.ToString(CultureInfo.InvariantCulture), "-l", server.User, "-L", "0:127.0.0.1:9", server.Address]));
        try
        {
            await process.WaitForAsync(CulvertProcess.ReadyLine, Cancelled);
        }
        catch (InvalidOperationException)
        {
            // It ended; what it said tells why.
        }
        return process.Output;
    }

    [Theory]
    [InlineData("ed25519", "ssh-ed25519-cert-v01@openssh.com", "ed25519")]
    [InlineData("ecdsa", "ecdsa-sha2-nistp384-cert-v01@openssh.com", "ecdsa", "-b", "384")]
    [InlineData("rsa", "rsa-sha2-512-cert-v01@openssh.com", "rsa", "-b", "2048")]
    public async Task A_host_is_believed_by_its_certificate_alone(string name, string algorithm, params string[] type)
    {
        var authority = await NewKeyAsync("ca", "ed25519");
        var host = await NewKeyAsync("host_" + name, type);
        await KeygenAsync("-s", authority, "-I", "host", "-h", "-n", "127.0.0.1,*.example.org", "-V", "-1d:+1d", host + ".pub");
        await using var server = await SshServer.StartAsync(SshServer.OpenSsh, Cancelled, new()
        {
            Configuration = [$"HostKey {host}", $"HostCertificate {host}-cert.pub", $"HostKeyAlgorithms {algorithm}"],
        });
        var client = server.Keys.PrivateKey(TestKeys.Client);

        var said = await TryAsync(server, _folder.Write("ca_known", $"@cert-authority [127.0.0.1]:* {PublicLine(authority)}\n"), client);
        Assert.Contains("ready: tcp", said, StringComparison.Ordinal);
        Assert.Contains($"kex: host key algorithm: {algorithm}", said, StringComparison.Ordinal);
        Assert.Contains("found CA key in ", said, StringComparison.Ordinal);

        // The plain key in it is known, the authority isn't.
        said = await TryAsync(server, _folder.Write("plain", $"[127.0.0.1]:{server.Port} {PublicLine(host)}\n"), client);
        Assert.Contains("ready: tcp", said, StringComparison.Ordinal);

        // Neither.
        said = await TryAsync(server, _folder.Write("none", ""), client);
        Assert.Contains("Host key verification failed.", said, StringComparison.Ordinal);

        said = await TryAsync(server, _folder.Write("revoked", $"@cert-authority * {PublicLine(authority)}\n@revoked * {PublicLine(authority)}\n"), client);
        Assert.Contains("REVOKED HOST KEY DETECTED", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Certificate invalid: expired", "-V", "20200101:20210101", "-n", "127.0.0.1")]
    [InlineData("Certificate invalid: not yet valid", "-V", "20990101:21000101", "-n", "127.0.0.1")]
    [InlineData("Certificate invalid: name is not a listed principal", "-n", "other.example.org")]
    [InlineData("unsupported critical options", "-n", "127.0.0.1", "-O", "critical:x@example.org=y")]
    public async Task A_certificate_that_is_not_in_order_is_refused_as_by_ssh(string why, params string[] how)
    {
        var authority = await NewKeyAsync("ca", "ed25519");
        var host = await NewKeyAsync("host", "ed25519");
        await KeygenAsync(["-s", authority, "-I", "host", "-h", .. how, host + ".pub"]);
        await using var server = await SshServer.StartAsync(SshServer.OpenSsh, Cancelled, new() { Configuration = [$"HostKey {host}", $"HostCertificate {host}-cert.pub"] });
        var known = _folder.Write("known", $"@cert-authority * {PublicLine(authority)}\n");
        var said = await TryAsync(server, known, server.Keys.PrivateKey(TestKeys.Client));
        Assert.Contains(why, said, StringComparison.Ordinal);
        Assert.Contains("Host key verification failed.", said, StringComparison.Ordinal);

        var ssh = await Command.RunAsync(new CommandLine(Peers.Require("ssh"), "-F", "none", "-o", "BatchMode=yes", "-o", $"UserKnownHostsFile={known}", "-o", "GlobalKnownHostsFile=none",
            "-o", "StrictHostKeyChecking=yes", "-i", server.Keys.PrivateKey(TestKeys.Client), "-p", server.Port.ToString(CultureInfo.InvariantCulture), "-l", server.User, server.Address, "true"), Cancelled);
        Assert.Equal(255, ssh.ExitCode);
        Assert.Contains("Host key verification failed.", ssh.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ed25519")]
    [InlineData("ecdsa", "-b", "256")]
    [InlineData("ecdsa", "-b", "384")]
    [InlineData("ecdsa", "-b", "521")]
    [InlineData("rsa", "-b", "2048")]
    public async Task A_user_comes_in_by_a_certificate_alone(params string[] type)
    {
        var authority = await NewKeyAsync("ca", "ed25519");
        var user = await NewKeyAsync("user", type);
        await KeygenAsync("-s", authority, "-I", "the user", "-n", Environment.UserName, "-V", "-1d:+1d", user + ".pub");
        await using var server = await SshServer.StartAsync(SshServer.OpenSsh, Cancelled, new()
        {
            Configuration = [$"TrustedUserCAKeys {authority}.pub", "AuthorizedKeysFile none"],
        });
        // Beside the key, as ssh-keygen puts it.
        Assert.Contains("ready: tcp", await TryAsync(server, server.KnownHosts, user), StringComparison.Ordinal);

        var elsewhere = _folder["elsewhere"];
        File.Move(user + "-cert.pub", elsewhere);
        Assert.Contains("Permission denied (publickey).", await TryAsync(server, server.KnownHosts, user), StringComparison.Ordinal);
        Assert.Contains("ready: tcp", await TryAsync(server, server.KnownHosts, user, "-o", $"CertificateFile={elsewhere}"), StringComparison.Ordinal);
    }
}
