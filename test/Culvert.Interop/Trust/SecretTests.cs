using System.Globalization;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Trust;

/// <summary>Passwords and passphrases stand in nothing that a run writes or shows: its output at -vvv, its command line, its environment.</summary>
public sealed class SecretTests : IDisposable
{
    private const string Passphrase = "passphrase-of-one-run";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private string Program(string name, string secret)
    {
        var path = _folder.Write(name, $"#!/bin/sh\ncat '{_folder.Write(name + ".secret", secret + "\n", secret: true)}'\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private static string[] Login(SshServer server) =>
    [
        "-vvv", "-F", "none", "-o", $"UserKnownHostsFile={server.KnownHosts}", "-o", "StrictHostKeyChecking=yes", "-l", server.User, "-p", server.Port.ToString(CultureInfo.InvariantCulture),
    ];

    private static async Task KeepsQuietAsync(string secret, CommandLine command)
    {
        await using var culvert = await CulvertProcess.StartAsync(NetworkHost.Here, command, Cancelled);
        foreach (var file in (string[])["cmdline", "environ", "comm"])
            Assert.DoesNotContain(secret, await File.ReadAllTextAsync($"/proc/{culvert.Id}/{file}", Cancelled), StringComparison.Ordinal);
        culvert.Terminate();
        await culvert.WaitForExitAsync(Cancelled);
        var said = culvert.Output;
        Assert.Contains("Authenticated to ", said, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("file")]
    [InlineData("program")]
    [InlineData("credential")]
    [InlineData("askpass")]
    public async Task A_password_is_shown_nowhere(string from)
    {
        await using var server = await SshServer.StartAsync(SshServer.OpenSsh, Cancelled, new() { AcceptsPasswords = true });
        var program = Program("password", SshServer.Password);
        string[] how = from switch
        {
            "file" => ["--password-file", program + ".secret"],
            "program" => ["--password-program", program],
            "credential" => ["--password-credential", "password.secret"],
            _ => [],
        };
        var command = CulvertProcess.Command([.. Login(server), "-o", "PreferredAuthentications=password", .. how, "-L", "0:127.0.0.1:9", server.Address]);
        await KeepsQuietAsync(SshServer.Password, command with
        {
            Environment = new Dictionary<string, string>(command.Environment)
            {
                ["CREDENTIALS_DIRECTORY"] = _folder.FullName,
                ["SSH_ASKPASS"] = program,
                ["SSH_ASKPASS_REQUIRE"] = from == "askpass" ? "force" : "never",
            },
        });
    }

    [Fact]
    public async Task A_passphrase_is_shown_nowhere()
    {
        await using var server = await SshServer.StartAsync(SshServer.OpenSsh, Cancelled);
        (await Command.RunAsync(new CommandLine(Peers.Require("ssh-keygen"), "-q", "-t", "ed25519", "-N", Passphrase, "-f", _folder["key"]), Cancelled)).OrThrow();
        await File.AppendAllTextAsync(server.AuthorizedKeys, await File.ReadAllTextAsync(_folder["key.pub"], Cancelled), Cancelled);
        var command = CulvertProcess.Command([.. Login(server), "-i", _folder["key"], "-L", "0:127.0.0.1:9", server.Address]);
        await KeepsQuietAsync(Passphrase, command with
        {
            Environment = new Dictionary<string, string>(command.Environment) { ["SSH_ASKPASS"] = Program("askpass", Passphrase), ["SSH_ASKPASS_REQUIRE"] = "force" },
        });
    }

    [Fact]
    public async Task A_refused_password_is_shown_nowhere_either()
    {
        await using var server = await SshServer.StartAsync(SshServer.OpenSsh, Cancelled, new() { AcceptsPasswords = true });
        var result = await CulvertProcess.RunAsync(Cancelled, [.. Login(server), "-o", "BatchMode=yes", "-o", "PreferredAuthentications=password", "--password-program", Program("wrong", "wrong-" + Passphrase), "-L", "0:127.0.0.1:9", server.Address]);
        Assert.Equal(255, result.ExitCode);
        Assert.Contains("Permission denied (", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Passphrase, result.Output, StringComparison.Ordinal);
    }
}
