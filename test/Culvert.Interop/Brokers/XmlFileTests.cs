using System.Globalization;
using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Brokers;

/// <summary>ssh-broker-config.xml as its users use it.</summary>
public sealed class XmlFileTests
{
    private const int Length = 300_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_running_broker_opens_a_profile_for_whoever_names_it_and_listens_for_static_tunnels_at_once()
    {
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancel);
        using var home = new UserHome(ssh);
        var (port, other) = (FreePort.Next(), FreePort.Next());
        var statics = string.Create(CultureInfo.InvariantCulture, $"<static-tunnels><tunnel type=\"ftp\" listen-port=\"{other}\" dst-host=\"127.0.0.1\" dst-port=\"{ftp.Port}\" profile=\"id1\"/></static-tunnels>");
        await File.WriteAllTextAsync(home.Configuration, $"<secsh-broker version=\"1.0\">{UserHome.Example(ssh, ftp, port)}{statics}</secsh-broker>", Cancel);
        await using var broker = ChildProcess.Start(home.Command(CulvertProcess.Program, "broker"));
        while (!ProcessTable.ListeningPortsOf(broker.Id).Contains(other))
        {
            Assert.False(broker.HasExited, broker.Output);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancel);
        }

        // The static tunnel connects when somebody comes.
        Assert.DoesNotContain(port, ProcessTable.ListeningPortsOf(broker.Id));
        await Exchange.BothWaysAsync(new Curl(), FtpTarget.Through(ftp, other), TransferMode.Epsv, ftp, Length, Cancel);

        // The broker does what the command asks for, and keeps it when the command has gone.
        var said = await Command.RunAsync(home.Command(CulvertProcess.Program, "id1"), Cancel);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"ready: ftp localhost {port} "), said.OrThrow().Output, StringComparison.Ordinal);
        await Exchange.BothWaysAsync(new Curl(), FtpTarget.Through(ftp, port), TransferMode.Port, ftp, Length, Cancel);

        // A file that can't be meant changes nothing, and every mistake is told.
        await File.WriteAllTextAsync(home.Configuration, "<secsh-broker>\n<a/>\n<b/>\n</secsh-broker>", Cancel);
        var reload = await Command.RunAsync(home.Command(CulvertProcess.Program, "ctl", "reload"), Cancel);
        Assert.Equal(1, reload.ExitCode);
        Assert.Contains($"{home.Configuration}:2:2: unknown element <a>", reload.Output, StringComparison.Ordinal);
        Assert.Contains($"{home.Configuration}:3:2: unknown element <b>", reload.Output, StringComparison.Ordinal);
        await Exchange.BothWaysAsync(new Curl(), FtpTarget.Through(ftp, port), TransferMode.Epsv, ftp, Length, Cancel);

        // Without the profile its port is gone.
        await File.WriteAllTextAsync(home.Configuration, "<secsh-broker/>", Cancel);
        (await Command.RunAsync(home.Command(CulvertProcess.Program, "ctl", "reload"), Cancel)).OrThrow();
        Assert.DoesNotContain(port, ProcessTable.ListeningPortsOf(broker.Id));
        Assert.DoesNotContain(other, ProcessTable.ListeningPortsOf(broker.Id));
    }

    [Fact]
    public async Task A_file_with_mistakes_stops_the_start_and_all_of_them_are_told()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("c.xml", "<secsh-broker>\n<a/>\n<profiles><profile id=\"p\" host=\"h\" port=\"x\"/></profiles>\n</secsh-broker>");
        string[] mistakes = [$"{file}:2:2: unknown element <a>", $"{file}:3:36: port is a number"];
        foreach (var words in (string[][])[["broker", "--config", file, "--socket", folder["s"]], ["config", "check", file], ["--config", file, "--profile", "p"]])
        {
            var result = await CulvertProcess.RunAsync(Cancel, words);
            Assert.Equal(words[0] == "config" ? 1 : 2, result.ExitCode);
            Assert.All(mistakes, mistake => Assert.Contains(mistake, result.Output, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_check_tells_what_has_no_effect_and_ends_with_zero()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("c.xml", "<secsh-broker><gui/><profiles><profile id=\"p\" host=\"h\" user=\"u\" port=\"2200\"/></profiles></secsh-broker>");
        var check = await CulvertProcess.RunAsync(Cancel, "config", "check", file);
        Assert.Equal(0, check.ExitCode);
        Assert.Contains($"{file}:1:16: <gui> is ignored", check.Output, StringComparison.Ordinal);
        var shown = (await CulvertProcess.RunAsync(Cancel, "config", "show", "--effective", "p", "--config", file)).OrThrow().Output;
        Assert.Contains("port 2200\n", shown, StringComparison.Ordinal);
        Assert.Contains("user u\n", shown, StringComparison.Ordinal);
        Assert.Equal(2, (await CulvertProcess.RunAsync(Cancel, "config", "show", "--effective", "nobody", "--config", file)).ExitCode);
    }

    [Fact]
    public async Task A_profile_that_leads_through_another_reaches_its_server()
    {
        await using var gateway = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var inner = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancel);
        using var home = new UserHome(inner);
        await File.AppendAllTextAsync(home[".ssh/known_hosts"], await File.ReadAllTextAsync(gateway.KnownHosts, Cancel), Cancel);
        var port = FreePort.Next();
        await File.WriteAllTextAsync(home.Configuration, string.Create(CultureInfo.InvariantCulture, $"""
            <profiles>
              <profile id="1" name="gw" host="{gateway.Address}" port="{gateway.Port}" user="{gateway.User}"/>
              <profile id="2" name="payroll" host="{inner.Address}" port="{inner.Port}" user="{inner.User}" gateway-profile="gw">
                <tunnels><local-tunnel type="ftp" listen-port="{port}" dst-host="127.0.0.1" dst-port="{ftp.Port}"/></tunnels>
              </profile>
            </profiles>
            """), Cancel);
        await using var culvert = await CulvertProcess.StartAsync(NetworkHost.Here, home.Command(CulvertProcess.Program, "payroll"), 1, Cancel);
        await Exchange.BothWaysAsync(new Curl(), FtpTarget.Through(ftp, port), TransferMode.Eprt, ftp, Length, Cancel);
    }
}
