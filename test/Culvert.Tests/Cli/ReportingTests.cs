using System.Text;
using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Cli;
using Culvert.Cli.Logging;
using Culvert.Cli.Reporting;
using Culvert.Cli.Running;
using Culvert.Cli.Terminal;
using Culvert.Ftp;
using Culvert.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Cli;

public sealed class ReportingTests : IDisposable
{
    private static readonly OpenTunnel Tunnel = new(
        new TunnelConfig(TunnelSpec.Parse(TunnelKind.Local, "ftp/1234:files:21")), "server", [new Endpoint("127.0.0.1", 1234), new Endpoint("::1", 1234)]);

    private static readonly Peer Client = new(new Endpoint("127.0.0.1", 4242), AddressKnowledge.Observed, new UserId("1000"), null);

    private readonly MemoryStream _output = new();
    private readonly FakeTimeProvider _time = new();
    private long _bytes;

    private string Output
    {
        get
        {
            var text = Encoding.UTF8.GetString(_output.ToArray());
            _output.SetLength(0);
            return text;
        }
    }

    private LineReporter Lines(Verbosity verbosity = Verbosity.Info, bool live = false, bool ink = false) => new(new Screen(_output, live, () => 60), verbosity, new Ink(ink));

    private Transfer NewTransfer(string path = "name", DataMode asked = DataMode.Pasv, DataMode used = DataMode.Epsv, long? size = null) =>
        new(1, new(1, Client, new("ftp.example", 21), ""), new(1, "RETR", path, TransferDirection.Download, asked, used, size, new(null, null, "I", 0)), _time, () => _bytes);

    public void Dispose() => _output.Dispose();

    [Fact]
    public void Events_are_one_line_each()
    {
        var reporter = Lines();
        reporter.Opened(Tunnel);
        reporter.ClientConnected(Tunnel, Client);
        reporter.ClientRefused(Tunnel, Client, "no\nway");
        var transfer = NewTransfer();
        reporter.Started(transfer);
        _bytes = 1048576;
        _time.Advance(TimeSpan.FromMilliseconds(100));
        transfer.End(TransferResult.Complete, "226 ok", null);
        reporter.Ended(transfer);
        reporter.ClientGone(Tunnel, Client);
        Assert.Equal(
            """
            ready: ftp localhost 1234   (→ server → files:21)
            note: from server on to files the connection is not encrypted
            client connected: 127.0.0.1:4242 (user 1000) to ftp localhost 1234
            client refused: 127.0.0.1:4242 (user 1000) to ftp localhost 1234: no\nway
            transfer complete: RETR "name" 1048576 bytes in 0.1 s (PASV→EPSV)
            client gone: 127.0.0.1:4242 (user 1000) from ftp localhost 1234

            """,
            Output);
    }

    [Fact]
    public void A_transfer_that_failed_says_why()
    {
        var transfer = NewTransfer("a\"b", DataMode.Port, DataMode.Port);
        transfer.End(TransferResult.Failed, "426 cut", "the client went away");
        Lines().Ended(transfer);
        Assert.Equal("transfer failed: RETR \"a\\\"b\" 0 bytes in 0.0 s (PORT): the client went away [426 cut]\n", Output);
        var unverified = NewTransfer("x", DataMode.Pasv, DataMode.Pasv);
        unverified.End(TransferResult.Unverified, null, null);
        Lines().Ended(unverified);
        Assert.Equal("transfer unverified: RETR \"x\" 0 bytes in 0.0 s (PASV)\n", Output);
    }

    [Fact]
    public void Errors_have_a_hint_and_quiet_is_silent()
    {
        Lines().Tell(Message.Error("one\ntwo\x1b", "do this"));
        Assert.Equal("one\ntwo\\x1b\nhint: do this\n", Output);
        Lines(ink: true).Tell(Message.Error("bad", "do this"));
        Assert.Equal("\x1b[31mbad\x1b[0m\n\x1b[2mhint: do this\x1b[0m\n", Output);
        var quiet = Lines(Verbosity.Quiet);
        quiet.Tell(Message.Error("one", "hint"));
        quiet.Opened(Tunnel);
        Assert.Equal("", Output);
        var errors = Lines(Verbosity.Error);
        errors.Tell(Message.Warning("w"));
        errors.Tell(Message.Error("e", null));
        Assert.Equal("e\n", Output);
    }

    [Fact]
    public void On_a_terminal_tunnels_with_clients_and_transfers_are_live_and_the_last_line_of_a_transfer_stays()
    {
        var screen = new Screen(_output, live: true, () => 60);
        var reporter = new LiveReporter(screen, new LineReporter(screen, Verbosity.Info, new Ink(false)), _time);
        reporter.Draw();
        Assert.Equal("", Output);
        reporter.ClientConnected(Tunnel, Client);
        reporter.ClientConnected(Tunnel, Client);
        var transfer = NewTransfer(size: 2048);
        reporter.Started(transfer);
        _bytes = 1024;
        _time.Advance(TimeSpan.FromSeconds(1));
        reporter.Draw();
        var shown = Output;
        Assert.StartsWith("ftp localhost 1234: 2 clients\n↓ name", shown, StringComparison.Ordinal);
        Assert.Contains(" 50%    1.0KB    1.0KB/s 00:01 ETA", shown, StringComparison.Ordinal);
        _bytes = 2048;
        _time.Advance(TimeSpan.FromSeconds(1));
        transfer.End(TransferResult.Complete, "226 ok", null);
        reporter.Ended(transfer);
        Assert.Contains("\r\x1b[1A\x1b[J↓ name                   100%    2.0KB    1.0KB/s     00:02\nftp localhost 1234: 2 clients", Output, StringComparison.Ordinal);
        reporter.ClientGone(Tunnel, Client);
        reporter.ClientGone(Tunnel, Client);
        reporter.Draw();
        Assert.Equal("\r\x1b[J", Output);
        reporter.Draw();
        Assert.Equal("", Output);
    }

    [Fact]
    public async Task The_live_lines_go_when_the_run_ends()
    {
        var screen = new Screen(_output, live: true, () => 60);
        var reporter = new LiveReporter(screen, Lines(), _time);
        reporter.ClientConnected(Tunnel, Client);
        _ = Output;
        using var stop = new CancellationTokenSource();
        var running = reporter.RunAsync(stop.Token);
        reporter.Draw();
        Assert.Equal("ftp localhost 1234: 1 client", Output);
        await stop.CancelAsync();
        await running;
        Assert.Equal("\r\x1b[J", Output);
    }

    [Theory]
    [InlineData(Verbosity.Quiet, "")]
    [InlineData(Verbosity.Error, "error\n")]
    [InlineData(Verbosity.Info, "Warning: warning\nerror\n")]
    [InlineData(Verbosity.Verbose, "information\nWarning: warning\nerror\n")]
    [InlineData(Verbosity.Debug1, "debug1: debug\ninformation\nWarning: warning\nerror\n")]
    [InlineData(Verbosity.Debug3, "debug2: trace\\x1b\ndebug1: debug\ninformation\nWarning: warning\nerror\n")]
    public void The_log_speaks_as_OpenSSH_does(Verbosity verbosity, string expected)
    {
        using var logger = new OpenSshLogger(new Screen(_output, false, () => 80), verbosity);
        var log = logger.CreateLogger("any");
        log.LogTrace("trace\x1b");
        log.LogDebug("debug");
        log.LogInformation("information");
        log.LogWarning("warning");
        log.LogError("error");
        Assert.Equal(expected, Output);
    }

    [Theory]
    [InlineData("Bad local forwarding specification 'x'", "Bad local forwarding specification 'x'\nhint: do\n")]
    [InlineData("command-line line 0: missing argument.", "command-line line 0: missing argument.\nhint: do\n")]
    [InlineData("no host given", "culvert: no host given\nhint: do\n")]
    [InlineData("unknown option -- \x1b", "culvert: unknown option -- \\x1b\nhint: do\n")]
    public void Usage_errors_end_with_2(string message, string expected)
    {
        Assert.Equal(2, UsageError.Report(new ConfigException(message, "do"), _output));
        Assert.Equal(expected, Output);
    }

    [Fact]
    public void The_second_signal_ends_at_once()
    {
        var ended = 0;
        using var signals = new StopSignals(() => ended++);
        signals.Count();
        Assert.True(signals.Stop.IsCancellationRequested);
        Assert.Equal(0, ended);
        signals.Count();
        Assert.Equal(1, ended);
    }
}
