using System.Security.Cryptography;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Forwards;

/// <summary><c>-W</c> and ProxyCommand, each with OpenSSH at the other end.</summary>
public sealed class StdioTests
{
    public static TheoryData<string> EveryEngine => [.. Engines.All];

    [Theory]
    [MemberData(nameof(EveryEngine))]
    public async Task Standard_input_and_output_are_the_connection_and_each_half_ends_by_itself(string engine)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var web = WebServer.Start();
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        var result = await Command.RunAsync(
            CulvertProcess.Command([.. CulvertProcess.Login(ssh), "--engine", engine, "-W", $"localhost:{web.Port}", ssh.Address]), cancellation, "GET / HTTP/1.0\r\n\r\n");
        Assert.EndsWith(web.Page, result.OrThrow().Output, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.0 200 OK", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(EveryEngine))]
    public async Task A_destination_that_cannot_be_had_is_told_as_ssh_tells_it(string engine)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        var result = await CulvertProcess.RunAsync(cancellation, [.. CulvertProcess.Login(ssh), "--engine", engine, "-W", $"localhost:{FreePort.Next()}", ssh.Address]);
        Assert.Equal(255, result.ExitCode);
        Assert.Contains("open failed: connect failed: Connection refused", result.Output, StringComparison.Ordinal);
        Assert.Contains("stdio forwarding failed", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ssh_takes_it_for_its_proxy_command()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var jump = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        await using var target = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        var proxy = new CommandLine(CulvertProcess.Program, [.. CulvertProcess.Login(jump), "-W", "%h:%p", jump.Address]);
        var result = await Command.RunAsync(
            new CommandLine(Peers.Require("ssh"),
                [.. CulvertProcess.Login(target), "-o", "ProxyCommand=" + Line(proxy), target.Address, "head -c 3000000 /dev/zero"]), cancellation);
        Assert.Equal(SHA256.HashData(new byte[3_000_000]), SHA256.HashData(System.Text.Encoding.Latin1.GetBytes(result.OrThrow().Output)));
    }

    [Theory]
    [InlineData("ssh")]
    [InlineData("culvert")]
    public async Task A_proxy_command_carries_the_connection_and_ends_with_it(string program)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var web = WebServer.Start();
        await using var jump = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        await using var target = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        var path = program == "ssh" ? Peers.Require("ssh") : CulvertProcess.Program;
        var proxy = Line(new CommandLine(path, [.. CulvertProcess.Login(jump), "-W", "%h:%p", jump.Address]));
        await using var culvert = await CulvertProcess.StartAsync(target, cancellation, "-o", "ProxyCommand=" + proxy, "-L", $"0:localhost:{web.Port}");
        Assert.Equal(web.Page, (await CurlAsync(culvert.Port, cancellation)).OrThrow().Output);
        var children = ProcessTable.DescendantsOf(culvert.Id);
        Assert.NotEmpty(children);
        culvert.Terminate();
        Assert.Equal(0, await culvert.WaitForExitAsync(cancellation));
        // Each has been ended; one whose parent the system is may be awaited later.
        foreach (var child in children)
        {
            while (ProcessTable.CommandLineOf(child.Id).Contains("-W", StringComparison.Ordinal))
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellation);
        }
    }

    [Fact]
    public async Task A_proxy_command_that_says_nothing_is_told_as_what_ssh_would_say()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var result = await CulvertProcess.RunAsync(cancellation, "-F", "none", "-o", "BatchMode=yes", "-o", "ProxyCommand=echo to stderr >&2", "-L", "0:localhost:1", "nowhere.invalid");
        Assert.Equal(255, result.ExitCode);
        Assert.Contains("to stderr", result.Output, StringComparison.Ordinal);
        Assert.Contains("kex_exchange_identification: Connection closed", result.Output, StringComparison.Ordinal);
    }

    private static Task<CommandResult> CurlAsync(int port, CancellationToken cancellation) =>
        Command.RunAsync(new CommandLine(Peers.Require("curl"), "--silent", "--show-error", "--max-time", "60", $"http://127.0.0.1:{port}/"), cancellation);

    private static string Line(CommandLine command) => string.Join(' ', ((IEnumerable<string>)[command.Program, .. command.Arguments]).Select(word => $"'{word}'"));
}
