using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Culvert.Interop.Clients;
using Culvert.Interop.Processes;
using Culvert.Interop.Proofs;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Brokers;

/// <summary>What the broker writes down of a day, held against what sshd and the FTP server wrote down of the same one.</summary>
public sealed partial class BrokerAuditTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_audit_of_a_day_agrees_line_by_line_with_the_servers_own_logs()
    {
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancel, new FtpServerOptions { Logs = true });
        ftp.Offer("file", 300_000);
        ftp.Offer("large", 30_000_000);
        var port = FreePort.Next();
        var impostor = ssh.WriteKnownHosts("impostor", TestKeys.OtherHost);
        await using var broker = await BrokerProcess.StartAsync(
            ssh,
            [
                ("one", string.Create(CultureInfo.InvariantCulture, $"CulvertLocalForward ftp/127.0.0.1:{port}:127.0.0.1:{ftp.Port}")),
                ("nobody", "User culvert-nobody"),
                ("impostor", $"UserKnownHostsFile {impostor}"),
            ],
            Cancel, null, "--log-format", "json");
        await broker.UntilAsync(status => Of(status, "up") == 1 && Of(status, "failed") == 2 && status.GetProperty("tunnelsListening").GetInt32() == 1, Cancel, "status");

        // The day: up, down, down again from a place within, a file that isn't there, a password that isn't right, one that's given up.
        using var folder = new TemporaryFolder();
        RandomFile.Write(folder["sent"], 123_456);
        (await CurlAsync(ftp, port, "--upload-file", folder["sent"], Url(ftp, port, "sent"))).OrThrow();
        (await CurlAsync(ftp, port, "--output", folder["got"], Url(ftp, port, "file"))).OrThrow();
        (await CurlAsync(ftp, port, "--continue-at", "100000", "--output", folder["rest"], Url(ftp, port, "file"))).OrThrow();
        await using (var client = await RawFtpClient.LoginAsync(FtpTarget.Through(ftp, port), Cancel))
        {
            using var door = await client.ArrangeAsync(TransferMode.Epsv, Cancel);
            using var data = await door.OpenAsync(Cancel);
            Assert.StartsWith("550", await client.AskAsync($"RETR /{FtpServer.PublicName}/missing", Cancel), StringComparison.Ordinal);
        }
        Assert.NotEqual(0, (await CurlAsync(ftp, port, "--user", $"{ftp.User}:wrong", "--output", folder["none"], Url(ftp, port, "file"))).ExitCode);
        await (await HeldDownload.StartAsync(ftp, port, "large", Cancel)).AbandonAsync();
        await UntilAsync(() => Transfer().Count(ftp.Output) == 4 && SessionClosed().Count(ftp.Output) == 6);
        // The server dies under one; then all goes on.
        await using (var cut = await HeldDownload.StartAsync(ftp, port, "large", Cancel))
        {
            ssh.KillSessions();
            Assert.True((await cut.EndAsync(Cancel)).WasReset);
        }
        broker.Signal(ProcessTable.SignalUser1);
        await broker.UntilAsync(connections => connections[0].GetProperty("reconnects").GetInt32() == 1, Cancel, "list-connections");
        (await CurlAsync(ftp, port, "--output", folder["got"], Url(ftp, port, "file"))).OrThrow();
        await broker.UntilAsync(status => status.GetProperty("clients").GetInt32() == 0, Cancel, "status");
        await UntilAsync(() => Transfer().Count(ftp.Output) == 6 && SessionClosed().Count(ftp.Output) == 8);
        // The signal made the two that had failed try again, which must be over.
        await UntilAsync(() => InvalidUser().Count(ssh.Output) == 2 && Failed().Count(broker.Output) == 4);
        (await broker.ControlAsync(Cancel, "stop")).OrThrow();
        Assert.Equal(0, await broker.WaitForExitAsync(Cancel));

        var audit = broker.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        List<JsonElement> Named(string name) => audit.FindAll(line => Text(line, "event") == name);

        // sshd: each login that it let in, each that it didn't, each client that went away from its key; SIGUSR1 made the failed ones try once more.
        Assert.Equal(Accepted().Matches(ssh.Output).Select(line => line.Groups["user"].Value), Named("link.up").Select(line => Text(line, "user")));
        Assert.Equal(InvalidUser().Matches(ssh.Output).Select(line => line.Groups["user"].Value), Named("link.failed").Where(line => Text(line, "profile") == "nobody").Select(line => Text(line, "user")));
        Assert.Equal((2, 2), (Named("hostkey.refused").Count, Named("link.failed").Count(line => Text(line, "profile") == "impostor")));
        Assert.All(Named("hostkey.refused"), line => Assert.Equal("impostor", Text(line, "profile")));
        Assert.Equal(ssh.KnownHosts.Length > 0, Named("hostkey.accepted").Count >= Named("link.up").Count);

        // The FTP server: each transfer in its order, with its verb, its file and what became of it; of whole ones the bytes too.
        var theirs = Transfer().Matches(ftp.Output).Select(line => (
            Verb: line.Groups["verb"].Value, Path: line.Groups["path"].Value[ftp.LoginFolder.Length..], IsWhole: line.Groups["whole"].Value == "1",
            Bytes: line.Groups["whole"].Value == "1" ? long.Parse(line.Groups["bytes"].ValueSpan, CultureInfo.InvariantCulture) : 0));
        var ours = Named("transfer.ended").Where(line => !Text(line, "reply").StartsWith("550", StringComparison.Ordinal)).Select(line => (
            Verb: Text(line, "verb"), Path: Text(line, "path"), IsWhole: Text(line, "result") == "complete",
            Bytes: Text(line, "result") == "complete" ? line.GetProperty("bytes").GetInt64() : 0));
        Assert.Equal(theirs, ours);
        Assert.Single(Named("transfer.ended"), line => Text(line, "path").EndsWith("/missing", StringComparison.Ordinal) && Text(line, "result") == "failed");
        Assert.Equal(100_000, Named("transfer.ended").Single(line => line.TryGetProperty("offset", out _)).GetProperty("offset").GetInt64());
        // Each client that it saw come and go.
        Assert.Equal((SessionOpened().Count(ftp.Output), SessionClosed().Count(ftp.Output)), (Named("client.connected").Count, Named("client.gone").Count));
        // And what nobody else can know has its line once.
        Assert.Equal((1, 1, 1, 1), (Named("broker.started").Count, Named("tunnel.opened").Count, Named("link.lost").Count, Named("broker.stopped").Count));
        Assert.DoesNotContain(ftp.Password, broker.Output, StringComparison.Ordinal);
    }

    private static string Text(JsonElement line, string field) => line.TryGetProperty(field, out var value) ? value.ToString() : "";

    private static int Of(JsonElement status, string state) => status.GetProperty("links").TryGetProperty(state, out var count) ? count.GetInt32() : 0;

    private static string Url(FtpServer ftp, int port, string name) => Curl.Url(FtpTarget.Through(ftp, port), $"{FtpServer.PublicName}/{name}");

    private static Task<CommandResult> CurlAsync(FtpServer ftp, int port, params IReadOnlyList<string> further) =>
        Command.RunAsync(new CommandLine(Peers.Require("curl"), [.. Curl.Arguments(FtpTarget.Through(ftp, port), TransferMode.Epsv), .. further]), Cancel);

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Cancel);
    }

    [GeneratedRegex(@"Accepted publickey for (?<user>\S+) from ")]
    private static partial Regex Accepted();

    [GeneratedRegex(@"^Invalid user (?<user>\S+) from ", RegexOptions.Multiline)]
    private static partial Regex InvalidUser();

    [GeneratedRegex("\"event\":\"link\\.failed\"")]
    private static partial Regex Failed();

    [GeneratedRegex(@"\] (?<verb>RETR|STOR) (?<path>\S+) completed=(?<whole>[01]) bytes=(?<bytes>\d+) ")]
    private static partial Regex Transfer();

    [GeneratedRegex(@"\] FTP session opened ")]
    private static partial Regex SessionOpened();

    [GeneratedRegex(@"\] FTP session closed ")]
    private static partial Regex SessionClosed();
}
