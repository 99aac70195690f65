using System.Globalization;
using System.Net.Sockets;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Trust;

/// <summary>Somebody who uses ssh every day types what they would type after <c>ssh</c>: an encrypted Ed25519 key that lies in an agent, a hashed known_hosts, and a jump host.</summary>
public sealed class DayOneTests : IDisposable
{
    private const string Passphrase = "a passphrase of their own";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A home with what such a user has in ~/.ssh, and the line of authorized_keys for it.</summary>
    private async Task<string> MakeHomeAsync(SshServer jump, SshServer server)
    {
        var ssh = _folder.MakeFolder(".ssh");
        var key = Path.Combine(ssh, "id_ed25519");
        var keygen = Peers.Require("ssh-keygen");
        (await Command.RunAsync(new CommandLine(keygen, "-q", "-t", "ed25519", "-N", Passphrase, "-C", "me", "-f", key), Cancelled)).OrThrow();
        foreach (var each in (SshServer[])[jump, server])
            await File.AppendAllTextAsync(each.AuthorizedKeys, await File.ReadAllTextAsync(key + ".pub", Cancelled), Cancelled);
        var known = Path.Combine(ssh, "known_hosts");
        await File.WriteAllTextAsync(known, string.Concat(((SshServer[])[jump, server]).Select(each => $"[127.0.0.1]:{each.Port} {each.Keys.PublicKey(TestKeys.HostEd25519)}\n")), Cancelled);
        (await Command.RunAsync(new CommandLine(keygen, "-q", "-H", "-f", known), Cancelled)).OrThrow();
        File.Delete(known + ".old");
        Assert.DoesNotContain("127.0.0.1", await File.ReadAllTextAsync(known, Cancelled), StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(ssh, "config"), $"""
            Host bastion
                HostName 127.0.0.1
                Port {jump.Port}
            Host files
                HostName 127.0.0.1
                Port {server.Port}
                ProxyJump bastion
            Host *
                User {server.User}
                HashKnownHosts yes
                ForwardAgent yes
                ControlMaster auto
                SendEnv LANG
                AddKeysToAgent yes
            """, Cancelled);
        return key;
    }

    private CommandLine Typed(string socket, params IReadOnlyList<string> words) => new(CulvertProcess.Program, words)
    {
        Environment = new Dictionary<string, string> { ["HOME"] = _folder.FullName, ["SSH_AUTH_SOCK"] = socket, ["NO_COLOR"] = "1", ["DISPLAY"] = "" },
    };

    /// <summary>At a terminal, by somebody, or something, that answers the moment a question shows: nothing typed is lost, and no passphrase shows.</summary>
    [Theory]
    [InlineData("yes")]
    [InlineData("fingerprint")]
    public async Task Questions_are_answered_at_the_terminal(string answer)
    {
        await using var jump = await SshServer.StartAsync(SshServer.OpenSsh, Cancelled);
        await using var server = await SshServer.StartAsync(SshServer.OpenSsh, Cancelled);
        await MakeHomeAsync(jump, server);
        // The jump host is a new one.
        var known = Path.Combine(_folder.FullName, ".ssh", "known_hosts");
        (await Command.RunAsync(new CommandLine(Peers.Require("ssh-keygen"), "-q", "-R", $"[127.0.0.1]:{Text(jump.Port)}", "-f", known), Cancelled)).OrThrow();
        var shown = await Command.RunAsync(new CommandLine(Peers.Require("ssh-keygen"), "-l", "-f", _folder.Write("host.pub", jump.Keys.PublicKey(TestKeys.HostEd25519))), Cancelled);
        var sure = answer == "fingerprint" ? shown.Output.Split(' ')[1] : answer;

        var typed = Typed("", "-L", $"0:127.0.0.1:{Text(server.Port)}", "files");
        string[] script = ["(yes/no/[fingerprint])? ", "perhaps", "'no' or the fingerprint: ", sure, "passphrase for key", "a wrong one", "passphrase for key", Passphrase, "passphrase for key", Passphrase];
        var result = await Command.RunAsync(
            typed with { Program = Peers.Require("python3"), Arguments = ["-B", Path.Combine(AppContext.BaseDirectory, "Trust", "typist.py"), "ready: ", .. script, "--", typed.Program, .. typed.Arguments] }, Cancelled);
        Assert.Contains("ready: tcp", result.Output, StringComparison.Ordinal);
        Assert.Equal(0, result.ExitCode);
        Assert.DoesNotContain(Passphrase, result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("a wrong one", result.Output, StringComparison.Ordinal);
        Assert.Contains(sure, result.Output, StringComparison.Ordinal);
        Assert.All(await File.ReadAllLinesAsync(known, Cancelled), line => Assert.StartsWith("|1|", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_typed_after_ssh_works_after_culvert(bool withAgent)
    {
        await using var jump = await SshServer.StartAsync(SshServer.OpenSsh, Cancelled);
        await using var server = await SshServer.StartAsync(SshServer.OpenSsh, Cancelled);
        var key = await MakeHomeAsync(jump, server);
        var askpass = _folder.Write("askpass", $"#!/bin/sh\necho \"$1\" >> {_folder["asked"]}\necho '{Passphrase}'\n");
        File.SetUnixFileMode(askpass, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var asking = new Dictionary<string, string> { ["SSH_ASKPASS"] = askpass, ["SSH_ASKPASS_REQUIRE"] = "force" };

        await using var agent = withAgent ? ChildProcess.Start(new CommandLine(Peers.Require("ssh-agent"), "-D", "-a", _folder["agent"])) : null;
        if (agent is not null)
        {
            await agent.WaitForAsync(new("SSH_AUTH_SOCK="), Cancelled);
            (await Command.RunAsync(new CommandLine(Peers.Require("ssh-add"), "-q", key) { Environment = new Dictionary<string, string>(asking) { ["SSH_AUTH_SOCK"] = _folder["agent"] } }, Cancelled)).OrThrow();
            File.Delete(_folder["asked"]);
        }
        var typed = Typed(withAgent ? _folder["agent"] : "", "-L", $"0:127.0.0.1:{Text(server.Port)}", "files");
        if (!withAgent)
            typed = typed with { Environment = new Dictionary<string, string>(typed.Environment.Concat(asking)) };
        await using var culvert = await CulvertProcess.StartAsync(NetworkHost.Here, typed, Cancelled);

        using var through = new TcpClient();
        await through.ConnectAsync("127.0.0.1", culvert.Port, Cancelled);
        using var reader = new StreamReader(through.GetStream());
        Assert.StartsWith("SSH-2.0-OpenSSH", await reader.ReadLineAsync(Cancelled), StringComparison.Ordinal);
        // Each hop opens the key for itself; with the agent nobody is asked.
        Assert.Equal(withAgent ? 0 : 2, File.Exists(_folder["asked"]) ? (await File.ReadAllLinesAsync(_folder["asked"], Cancelled)).Length : 0);
        if (!withAgent)
            Assert.All(await File.ReadAllLinesAsync(_folder["asked"], Cancelled), question => Assert.Equal($"Enter passphrase for key '{key}': ", question));
        Assert.DoesNotContain("warning", culvert.Output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("127.0.0.1", await File.ReadAllTextAsync(Path.Combine(_folder.FullName, ".ssh", "known_hosts"), Cancelled), StringComparison.Ordinal);
    }
}
