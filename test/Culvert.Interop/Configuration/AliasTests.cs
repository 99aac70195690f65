using System.Globalization;
using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Configuration;

/// <summary>What people have in their ssh_config reaches the connection: they type after culvert what they type after ssh.</summary>
public sealed class AliasTests
{
    private const string Passphrase = "a passphrase";
    private const int Length = 200_000;

    /// <summary>A day-one user: an alias, an encrypted key in an agent, hashed known_hosts under an alias of the key, the usual tangle of files. The same file serves ssh.</summary>
    [Fact]
    public async Task An_alias_with_an_agent_and_hashed_host_keys_carries_files()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, cancellation);
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        await using var agent = await AgentAsync(folder, ssh.Keys.PrivateKey(TestKeys.Client), cancellation);
        var config = folder.Write("config", $"""
            # shared by ssh and culvert
            IgnoreUnknown Culvert*
            Include {folder["keys"]}
            Host other
                Port 1
            Host files
                HostName {ssh.Address}
                Port {ssh.Port}
                User = {ssh.User}
                HostKeyAlias files-key
                CulvertLocalForward ftp/0 127.0.0.1:{ftp.Port}
                CulvertActive auto
            Match originalhost files exec "test %p = {ssh.Port}"
                UserKnownHostsFile {folder["nothing"]} "{folder["hashed hosts"]}"
            Host *
                GlobalKnownHostsFile none
                StrictHostKeyChecking yes
                BatchMode yes
            """);
        folder.Write("keys", $"IdentityFile {folder["nokey"]}\nIdentityFile {folder["encrypted"]}\nIdentityAgent {folder["agent"]}\nIdentitiesOnly yes\n");
        await HashedHostsAsync(folder, "hashed hosts", "files-key", ssh, cancellation);

        var session = await Command.RunAsync(new CommandLine(Peers.Require("ssh"), "-F", config, "files", "echo", "in"), cancellation);
        Assert.Contains("in", session.OrThrow().Output, StringComparison.Ordinal);

        await using var culvert = await CulvertProcess.StartAsync(["-F", config, "files"], 1, cancellation);
        await Exchange.BothWaysAsync(new Curl(), FtpTarget.Through(ftp, culvert.Port), TransferMode.Pasv, ftp, Length, cancellation);
        Assert.Contains("ready: ftp localhost", culvert.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_is_known_by_another_name_is_not_known()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        await HashedHostsAsync(folder, "hosts", "another-key", ssh, cancellation);
        var config = folder.Write("config", Host("files", ssh, folder["hosts"]) + "LocalForward 8 localhost:9\n");
        var result = await CulvertProcess.RunAsync(cancellation, "-F", config, "files");
        Assert.Equal(255, result.ExitCode);
        Assert.Contains("Host key verification failed.", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forwards_of_a_file_are_best_effort_and_typed_ones_strict()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, cancellation);
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        await HashedHostsAsync(folder, "hosts", "files-key", ssh, cancellation);
        var taken = ftp.Port.ToString(CultureInfo.InvariantCulture);
        var config = folder.Write("config", Host("files", ssh, folder["hosts"]) + $"LocalForward 127.0.0.1:{taken} localhost:9\nLocalForward /nowhere/socket localhost:9\n");
        await using (var culvert = await CulvertProcess.StartAsync(["-F", config, "-L", $"ftp/0:127.0.0.1:{taken}", "files"], 1, cancellation))
        {
            Assert.Contains($"bind [127.0.0.1]:{taken}: Address already in use", culvert.Output, StringComparison.Ordinal);
            Assert.Contains("LocalForward /nowhere/socket [localhost]:9 is not supported", culvert.Output, StringComparison.Ordinal);
            await Exchange.DownloadAsync(new Curl(), FtpTarget.Through(ftp, culvert.Port), TransferMode.Epsv, ftp, Length, cancellation);
        }
        var strict = await CulvertProcess.RunAsync(cancellation, "-F", config, "-o", "ExitOnForwardFailure=yes", "files");
        Assert.Equal(255, strict.ExitCode);
        var nothing = await CulvertProcess.RunAsync(cancellation, "-F", config, "files");
        Assert.Equal(255, nothing.ExitCode);
        Assert.Contains("No forwarding could be set up.", nothing.Output, StringComparison.Ordinal);
        var cleared = await CulvertProcess.RunAsync(cancellation, "-F", config, "-o", "ClearAllForwardings=yes", "files");
        Assert.Equal(2, cleared.ExitCode);
    }

    [Fact]
    public async Task Jump_hosts_of_any_depth_lead_to_the_server()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, cancellation);
        await using var gate = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        await using var inner = await SshServer.StartAsync(SshServer.OpenSsh, cancellation, new SshServerOptions { Configuration = ["LogLevel DEBUG1"] });
        await HashedHostsAsync(folder, "hosts", "files-key", gate, cancellation);
        var config = folder.Write("config", Host("gate", gate, folder["hosts"]) + Host("middle", gate, folder["hosts"]) + Host("inner", inner, folder["hosts"]) + "ProxyJump gate\n");
        string[] tunnel = ["-L", $"ftp/0:127.0.0.1:{ftp.Port}"];
        foreach (var words in (IReadOnlyList<string>[])[["inner"], ["-J", "gate,middle", "inner"], ["-J", "middle", "inner"]])
        {
            await using var culvert = await CulvertProcess.StartAsync(["-F", config, .. tunnel, .. words], 1, cancellation);
            await Exchange.DownloadAsync(new Curl(), FtpTarget.Through(ftp, culvert.Port), TransferMode.Pasv, ftp, Length, cancellation);
        }
        // The way dies with its first hop, and the reason is that one's.
        await using var cut = await CulvertProcess.StartAsync(["-F", config, .. tunnel, "inner"], 1, cancellation);
        gate.KillAll();
        Assert.Equal(255, await cut.WaitForExitAsync(cancellation));
        Assert.Contains("Connection to inner closed by remote host.", cut.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_hop_has_its_own_host_key_and_its_own_rules()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        await using var gate = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        await using var closed = await SshServer.StartAsync(SshServer.OpenSsh, cancellation, new SshServerOptions { Configuration = ["AllowTcpForwarding no"] });
        await using var inner = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        await HashedHostsAsync(folder, "hosts", "files-key", gate, cancellation);
        folder.Write("none", "");
        var config = folder.Write("config", Host("gate", gate, folder["hosts"]) + Host("unknown", gate, folder["none"]) + Host("closed", closed, folder["hosts"])
            + Host("inner", inner, folder["hosts"]) + Host("stranger", inner, folder["none"]) + "Host ring\nHostName 127.0.0.1\nProxyJump ring2\nHost ring2\nProxyJump ring\n");
        foreach (var (jump, host, exitCode, text) in ((string, string, int, string)[])
        [
            ("unknown", "inner", 255, "Host key verification failed."),
            ("gate", "stranger", 255, "Host key verification failed."),
            ("closed", "inner", 255, "administratively prohibited"),
            ("gate,unknown", "inner", 255, "Host key verification failed."),
            ("ring", "inner", 2, "leads in a ring"),
        ])
        {
            var result = await CulvertProcess.RunAsync(cancellation, "-F", config, "-J", jump, "-L", "0:localhost:9", host);
            Assert.True(result.ExitCode == exitCode && result.Output.Contains(text, StringComparison.Ordinal), result.ToString());
        }
    }

    private static string Host(string name, SshServer server, string knownHosts) => string.Create(CultureInfo.InvariantCulture, $"""
        Host {name}
            HostName {server.Address}
            Port {server.Port}
            User {server.User}
            HostKeyAlias files-key
            UserKnownHostsFile {knownHosts}
            GlobalKnownHostsFile none
            IdentityFile {server.Keys.PrivateKey(TestKeys.Client)}
            IdentityAgent none
            StrictHostKeyChecking yes
            BatchMode yes

        """);

    private static async Task HashedHostsAsync(TemporaryFolder folder, string file, string name, SshServer server, CancellationToken cancellation)
    {
        var path = folder.Write(file, string.Concat(TestKeys.HostKeys.Select(key => $"{name} {server.Keys.PublicKey(key)}\n")));
        (await Command.RunAsync(new CommandLine(Peers.Require("ssh-keygen"), "-H", "-f", path), cancellation)).OrThrow();
        Assert.StartsWith("|1|", await File.ReadAllTextAsync(path, cancellation), StringComparison.Ordinal);
    }

    // The key lies encrypted on the disk; only the agent, to which its passphrase was told, can use it.
    private static async Task<ChildProcess> AgentAsync(TemporaryFolder folder, string key, CancellationToken cancellation)
    {
        var path = folder["encrypted"];
        File.Copy(key, path);
        File.Copy(key + ".pub", path + ".pub");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (await Command.RunAsync(new CommandLine(Peers.Require("ssh-keygen"), "-p", "-q", "-P", "", "-N", Passphrase, "-f", path), cancellation)).OrThrow();
        var askpass = folder.Write("askpass", $"#!/bin/sh\necho '{Passphrase}'\n");
        File.SetUnixFileMode(askpass, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var agent = ChildProcess.Start(new CommandLine(Peers.Require("ssh-agent"), "-D", "-a", folder["agent"]));
        try
        {
            var add = new CommandLine(Peers.Require("ssh-add"), path)
            {
                Environment = new Dictionary<string, string> { ["SSH_AUTH_SOCK"] = folder["agent"], ["SSH_ASKPASS"] = askpass, ["SSH_ASKPASS_REQUIRE"] = "force" },
            };
            await agent.WaitForAsync(new System.Text.RegularExpressions.Regex("SSH_AUTH_SOCK="), cancellation); // it listens before it says so
            (await Command.RunAsync(add, cancellation)).OrThrow();
            return agent;
        }
        catch
        {
            await agent.DisposeAsync();
            throw;
        }
    }
}
