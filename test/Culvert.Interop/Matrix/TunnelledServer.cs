using Culvert.Interop.Clients;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;

namespace Culvert.Interop.Matrix;

/// <summary>An FTP server, an SSH server and Culvert between them, on this machine.</summary>
internal sealed class TunnelledServer : IAsyncDisposable
{
    private SshServer? _ssh;
    private FtpServer? _ftp;
    private CulvertProcess? _culvert;

    private TunnelledServer()
    {
    }

    public SshServer Ssh => _ssh ?? throw new InvalidOperationException("not started");

    public FtpServer Ftp => _ftp ?? throw new InvalidOperationException("not started");

    public CulvertProcess Culvert => _culvert ?? throw new InvalidOperationException("not started");

    public FtpTarget Target => FtpTarget.Through(Ftp, Culvert.Port, Ftp.Options.ListenAddress);

    public static async Task<TunnelledServer> StartAsync(
        string ftpServer, CancellationToken cancellation, string sshServer = SshServer.OpenSsh, string direction = "-L",
        SshServerOptions? sshOptions = null, FtpServerOptions? ftpOptions = null, IReadOnlyDictionary<string, string>? environment = null,
        Func<FtpServer, IReadOnlyList<string>>? optionsFor = null, params IReadOnlyList<string> options)
    {
        var all = new TunnelledServer();
        try
        {
            all._ftp = await FtpServer.StartAsync(ftpServer, cancellation, ftpOptions);
            all._ssh = await SshServer.StartAsync(sshServer, cancellation, sshOptions);
            var address = all._ftp.Options.IsIPv6 ? $"[{all._ftp.Options.ListenAddress}]" : all._ftp.Options.ListenAddress;
            var command = CulvertProcess.Command(
                [.. CulvertProcess.Login(all._ssh), .. options, .. optionsFor?.Invoke(all._ftp) ?? [], direction, $"ftp/{FreePort.ForTunnel(direction)}:{address}:{all._ftp.Port}", all._ssh.Address]);
            command = command with { Environment = command.Environment.Concat(environment ?? new Dictionary<string, string>()).ToDictionary() };
            all._culvert = await CulvertProcess.StartAsync(NetworkHost.Here, command, cancellation);
            return all;
        }
        catch
        {
            await all.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_culvert is not null)
        {
            await _culvert.DisposeAsync();
        }

        if (_ssh is not null)
        {
            await _ssh.DisposeAsync();
        }

        if (_ftp is not null)
        {
            await _ftp.DisposeAsync();
        }
    }
}
