using System.Globalization;
using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Sessions;
using Xunit;

namespace Culvert.Interop.Leaks;

/// <summary>What SSH Tectia's manual says to type and to configure, under both names, in all four modes: the files arrive whole, and nothing goes beside SSH.</summary>
public sealed class SeedTests(OpenHosts hosts) : IClassFixture<OpenHosts>
{
    private const int Length = 700_000;

    public static TheoryData<string, bool> Ways => new() { { "culvert", false }, { "culvert", true }, { "sshg3", false }, { "sshg3", true } };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task The_manuals_command_line_and_its_file_carry_FTP_in_all_modes(string name, bool byFile)
    {
        hosts.Require();
        var cancellation = TestContext.Current.CancellationToken;
        using var names = await Sshg3.InstallAsync(cancellation);
        using var home = new UserHome(hosts.Ssh);
        var ftp = hosts.FtpServerOf(Hosts.Local);
        var port = FreePort.Next();
        await File.WriteAllTextAsync(home.Configuration, UserHome.Example(hosts.Ssh, ftp, port, ftp.Options.Host.Address), cancellation);
        var tunnel = string.Create(CultureInfo.InvariantCulture, $"ftp/{port}:{ftp.Options.Host.Address}:{ftp.Port}");
        var server = string.Create(CultureInfo.InvariantCulture, $"{hosts.Ssh.User}@{hosts.Ssh.Address}#{hosts.Ssh.Port}");
        string[] words = [.. name == "sshg3" ? (string[])["-S"] : [], .. byFile ? (string[])["id1"] : ["-L", tunnel, server]];
        var before = await hosts.ForeignPacketsAsync(cancellation);
        await using var culvert = await CulvertProcess.StartAsync(hosts.Near, home.Command(name == "sshg3" ? names.Program : CulvertProcess.Program, words), 1, cancellation);
        Assert.Equal(port, culvert.Port);
        foreach (var mode in Enum.GetValues<TransferMode>())
            await Exchange.BothWaysAsync(new Curl(), hosts.ClientOf(Hosts.Local, port), mode, ftp, Length, cancellation);
        Assert.Equal(before, await hosts.ForeignPacketsAsync(cancellation));
    }
}
