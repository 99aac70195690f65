using System.Globalization;
using System.Security.Cryptography;
using Culvert.Interop.Clients;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Sessions;

/// <summary>sshg3 as its users call it, with real servers.</summary>
public sealed class Sshg3Tests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Servers => [SshServer.OpenSsh, SshServer.Dropbear];

    [Theory, MemberData(nameof(Servers))]
    public async Task The_exit_code_is_the_commands(string name)
    {
        await using var server = await SshServer.StartAsync(name, Cancellation);
        using var sshg3 = await Sshg3.InstallAsync(Cancellation);
        foreach (var (command, code) in ((string, int)[])[("exit 0", 0), ("exit 7", 7), ("no-such-command-here", 127), ("kill -TERM $$", 143)])
            Assert.Equal(code, (await Command.RunAsync(sshg3.Command(server, server.Address, command), Cancellation)).ExitCode);
    }

    [Fact]
    public async Task What_fails_in_sshg3_is_1_and_says_why()
    {
        await using var server = await SshServer.StartAsync(SshServer.OpenSsh, Cancellation);
        using var sshg3 = await Sshg3.InstallAsync(Cancellation);
        var unknown = await Command.RunAsync(sshg3.Command(server, "-o", "UserKnownHostsFile=/dev/null", server.Address, "true").With("-o", "UserKnownHostsFile=/dev/null"), Cancellation);
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("Host key verification failed", unknown.Output, StringComparison.Ordinal);
        var refused = await Command.RunAsync(sshg3.Command(server, "-s", "no-such-subsystem", server.Address), Cancellation);
        Assert.Equal((1, true), (refused.ExitCode, refused.Output.Contains("subsystem request failed", StringComparison.Ordinal)));
        var password = await Command.RunAsync(sshg3.Command(server, "-P", "hunter2", server.Address), Cancellation);
        Assert.Equal((1, false), (password.ExitCode, password.Output.Contains("hunter2", StringComparison.Ordinal)));
        var taken = FreePort.Next();
        var failing = await Command.RunAsync(sshg3.Command(server, "--abort-on-failing-tunnel", "-L", $"{taken}:a:1", "-L", $"{taken}:b:1", server.Address, "echo here"), Cancellation);
        Assert.Equal((1, false), (failing.ExitCode, failing.Output.Contains("here\n", StringComparison.Ordinal)));
        var going = await Command.RunAsync(sshg3.Command(server, "-L", $"{taken}:a:1", "-L", $"{taken}:b:1", server.Address, "echo here"), Cancellation);
        Assert.Equal((0, true), (going.ExitCode, going.Output.Contains("here", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(SshServer.OpenSsh, "-C")]
    [InlineData(SshServer.OpenSsh, "+C")]
    [InlineData(SshServer.Dropbear, "-C")]
    [InlineData(SshServer.Dropbear, "+C")]
    public async Task All_bytes_go_in_and_come_out(string name, string compression)
    {
        await using var server = await SshServer.StartAsync(name, Cancellation);
        using var sshg3 = await Sshg3.InstallAsync(Cancellation);
        using var folder = new TemporaryFolder();
        var (sent, received) = (Path.Combine(folder.FullName, "sent"), Path.Combine(folder.FullName, "received"));
        await File.WriteAllBytesAsync(sent, RandomNumberGenerator.GetBytes(20_000_000), Cancellation);
        // A shell joins the descriptors: text must not come in between.
        var line = string.Join(' ', sshg3.Command(server, compression, server.Address, "cat").Arguments.Prepend(sshg3.Program).Select(word => $"'{word}'"));
        (await Command.RunAsync(new CommandLine("/bin/sh", "-c", $"{line} <'{sent}' >'{received}'"), Cancellation)).OrThrow();
        Assert.Equal(await HashAsync(sent), await HashAsync(received));
    }

    [Fact]
    public async Task Output_and_errors_are_apart_and_nobody_waits_for_input()
    {
        await using var server = await SshServer.StartAsync(SshServer.OpenSsh, Cancellation);
        using var sshg3 = await Sshg3.InstallAsync(Cancellation);
        using var folder = new TemporaryFolder();
        var errors = Path.Combine(folder.FullName, "errors");
        var line = string.Join(' ', sshg3.Command(server, "-n", server.Address, "cat; echo out; echo err >&2").Arguments.Prepend(sshg3.Program).Select(word => $"'{word}'"));
        // Its input stays open.
        await using var running = ChildProcess.Start(new CommandLine("/bin/sh", "-c", $"{line} 2>'{errors}'"));
        Assert.Equal(0, await running.WaitForExitAsync(Cancellation));
        Assert.Equal("out", running.Output);
        Assert.Equal("err\n", await File.ReadAllTextAsync(errors, Cancellation));
    }

    [Fact]
    public async Task A_reader_that_goes_away_ends_the_program()
    {
        await using var server = await SshServer.StartAsync(SshServer.OpenSsh, Cancellation);
        using var sshg3 = await Sshg3.InstallAsync(Cancellation);
        var line = string.Join(' ', sshg3.Command(server, server.Address, "yes").Arguments.Prepend(sshg3.Program).Select(word => $"'{word}'"));
        var result = await Command.RunAsync(new CommandLine("/bin/bash", "-c", $"{line} 2>/dev/null | head -n 1; exit ${{PIPESTATUS[0]}}"), Cancellation);
        Assert.Equal((141, "y"), (result.ExitCode, result.Output));
    }

    [Theory]
    [InlineData("shell", "terminal raw|size followed|interrupted|exit 5|terminal restored")]
    [InlineData("escapes", "all heard|exit 1|terminal restored")]
    [InlineData("suspend", "terminal restored|goes on|exit 0|terminal restored")]
    [InlineData("terminate", "exit 1|terminal restored")]
    [InlineData("stuck", "exit 1|terminal restored")]
    public async Task A_person_at_a_terminal(string scenario, string expected)
    {
        await using var server = await SshServer.StartAsync(SshServer.OpenSsh, Cancellation);
        using var sshg3 = await Sshg3.InstallAsync(Cancellation);
        var command = sshg3.Command(server, "-L", "ftp/0:localhost:21", server.Address)
            .Behind(Peers.Require("python3"), Path.Combine(AppContext.BaseDirectory, "Sessions", "terminal.py"), scenario);
        var result = (await Command.RunAsync(command, Cancellation)).OrThrow();
        Assert.Equal(expected.Split('|'), result.Output.Split('\n'));
    }

    [Fact]
    public async Task The_line_of_the_manual_carries_FTP_beside_a_session()
    {
        await using var server = await SshServer.StartAsync(SshServer.OpenSsh, Cancellation);
        using var sshg3 = await Sshg3.InstallAsync(Cancellation);
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancellation);
        await using var running = ChildProcess.Start(sshg3.Command(server, "-L", $"ftp/0:localhost:{ftp.Port}", $"{server.User}@{server.Address}", "cat"));
        var ready = await running.WaitForAsync(CulvertProcess.ReadyLine, Cancellation);
        var port = int.Parse(ready.Groups["port"].ValueSpan, CultureInfo.InvariantCulture);
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(Path.Combine(ftp.PublicFolder, "file"), RandomNumberGenerator.GetBytes(1_000_000), Cancellation);
        (await new PythonFtplib().DownloadAsync(FtpTarget.Through(ftp, port, ftp.Options.ListenAddress), TransferMode.Pasv, "file", folder["file"], Cancellation)).OrThrow();
        Assert.Equal(await HashAsync(Path.Combine(ftp.PublicFolder, "file")), await HashAsync(folder["file"]));
        running.Input.Close();
        Assert.Equal(0, await running.WaitForExitAsync(Cancellation));
    }

    [Fact]
    public async Task In_the_background_tunnels_stay_and_a_pid_file_names_them()
    {
        await using var server = await SshServer.StartAsync(SshServer.OpenSsh, Cancellation);
        using var sshg3 = await Sshg3.InstallAsync(Cancellation);
        using var folder = new TemporaryFolder();
        var (pid, port) = (Path.Combine(folder.FullName, "pid"), FreePort.Next());
        (await Command.RunAsync(sshg3.Command(server, "-f", "-o", $"PidFile={pid}", "-L", $"{port}:localhost:{server.Port}", server.Address), Cancellation)).OrThrow();
        using var tcp = new System.Net.Sockets.TcpClient();
        await tcp.ConnectAsync("127.0.0.1", port, Cancellation);
        var banner = new byte[4];
        await tcp.GetStream().ReadExactlyAsync(banner, Cancellation);
        Assert.Equal("SSH-"u8.ToArray(), banner);
        using var background = System.Diagnostics.Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(pid, Cancellation), CultureInfo.InvariantCulture));
        background.Kill();
        await background.WaitForExitAsync(Cancellation);
    }

    private static async Task<string> HashAsync(string file)
    {
        await using var stream = File.OpenRead(file);
        return Convert.ToHexString(await SHA256.HashDataAsync(stream, Cancellation));
    }
}
