using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Matrix;

/// <summary>
/// Real clients against real servers through real SSH servers, in every mode that the client has and both directions,
/// hashes compared. One class per FTP server, so that they run side by side.
/// </summary>
public abstract class MatrixTests(Settings settings, string ftpServer)
{
    // Many packets and many turns of window credit; the big file has a test of its own.
    private const int Length = 400_000;

    public static TheoryData<string, string> Cells => CellsOf(client => client.Modes);

    public static TheoryData<string, string> IPv6Cells => CellsOf(client => client.ModesOverIPv6);

    /// <summary>A thinner set: the clients that between them have all four modes, by each engine.</summary>
    public static TheoryData<string, string, string, string, string> ThinCells()
    {
        var cells = new TheoryData<string, string, string, string, string>();
        foreach (var (engine, (ssh, direction, active)) in Engines.With(new[]
        {
            (SshServer.OpenSsh, "-L", "forward"), (SshServer.OpenSsh, "-R", "convert"), (SshServer.Dropbear, "-L", "convert"),
            (SshServer.Dropbear, "-R", "convert"), (SshServer.Dropbear, "-L", "forward"),
        }))
        {
            foreach (var mode in Enum.GetNames<TransferMode>().Where(mode => Engines.Serves(engine, direction, active, mode is nameof(TransferMode.Port) or nameof(TransferMode.Eprt))))
            {
                cells.Add(engine, ssh, direction, active, mode);
            }
        }

        return cells;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public Task Client_carries_files_both_ways(string client, string mode) =>
        CarryAsync(new Setting(ftpServer, SshServer.OpenSsh, "-L", "convert", IPv6: false), client, mode);

    [Theory]
    [MemberData(nameof(IPv6Cells))]
    public Task Client_carries_files_both_ways_over_ipv6(string client, string mode) =>
        CarryAsync(new Setting(ftpServer, SshServer.OpenSsh, "-L", "convert", IPv6: true), client, mode);

    [Theory]
    [MemberData(nameof(ThinCells))]
    public Task Curl_carries_files_both_ways(string engine, string ssh, string direction, string active, string mode) =>
        CarryAsync(new Setting(ftpServer, ssh, direction, active, IPv6: false, engine), "curl", mode);

    private static TheoryData<string, string> CellsOf(Func<FtpClient, IReadOnlyList<TransferMode>> modes)
    {
        var cells = new TheoryData<string, string>();
        foreach (var client in FtpClient.All)
        {
            foreach (var mode in modes(client))
            {
                cells.Add(client.Name, mode.ToString());
            }
        }

        return cells;
    }

    private async Task CarryAsync(Setting setting, string clientName, string modeName)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var tunnelled = await settings.GetAsync(setting);
        await Exchange.BothWaysAsync(
            FtpClient.Named(clientName), tunnelled.Target, Enum.Parse<TransferMode>(modeName), tunnelled.Ftp, Length, cancellation);
    }
}

public sealed class VsftpdMatrixTests(Settings settings)
    : MatrixTests(settings, FtpServer.Vsftpd), IClassFixture<Settings>;

public sealed class ProFtpdMatrixTests(Settings settings)
    : MatrixTests(settings, FtpServer.ProFtpd), IClassFixture<Settings>;

public sealed class PureFtpdMatrixTests(Settings settings)
    : MatrixTests(settings, FtpServer.PureFtpd), IClassFixture<Settings>;

public sealed class PyFtpdlibMatrixTests(Settings settings)
    : MatrixTests(settings, FtpServer.PyFtpdlib), IClassFixture<Settings>;
