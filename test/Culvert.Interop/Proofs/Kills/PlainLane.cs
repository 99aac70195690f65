using System.Net.Sockets;
using Culvert.Interop.Clients;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;

namespace Culvert.Interop.Proofs.Kills;

/// <summary>The control: ssh itself in Culvert's place. It rewrites nothing, so the data port is one number on both of its sides, on two loopback addresses.</summary>
internal sealed class PlainLane : IAsyncDisposable
{
    private const int Length = 16 << 20;
    private const string NearAddress = "127.0.0.2";
    private const string SourceName = "source";

    private readonly int _dataPort;
    private readonly FtpServer _ftp;
    private readonly SshServer _ssh;
    private readonly byte[] _content;
    private (ChildProcess Process, int Port)? _tunnel;

    private PlainLane(int dataPort, FtpServer ftp, SshServer ssh)
    {
        (_dataPort, _ftp, _ssh) = (dataPort, ftp, ssh);
        _content = File.ReadAllBytes(ftp.Offer(SourceName, Length));
    }

    public static async Task<PlainLane> StartAsync(CancellationToken cancellation)
    {
        var dataPort = FreePort.Next();
        var ftp = await FtpServer.StartAsync(FtpServer.Vsftpd, cancellation, new FtpServerOptions { PassivePort = dataPort });
        try
        {
            return new PlainLane(dataPort, ftp, await SshServer.StartAsync(SshServer.OpenSsh, cancellation));
        }
        catch
        {
            await ftp.DisposeAsync();
            throw;
        }
    }

    /// <summary>The same kill, judged in the same way. The mode is EPSV whatever the kill says, and so is the witness the raw client: others leave this tunnel.</summary>
    public async Task<KillReport> RunAsync(Kill kill, CancellationToken cancellation)
    {
        var (tunnel, port) = await TunnelAsync(cancellation);
        await using var client = await RawFtpClient.LoginAsync(FtpTarget.Through(_ftp, port, NearAddress), cancellation);
        var stopAt = Math.Clamp((long)(kill.Point * Length), 1, Length - 1);
        var copy = _ftp.PathOf(kill.FileName);
        var outcome = kill.Upload
            ? await RawTransfer.UploadAsync(client, TransferMode.Epsv, kill.FileName, _content, stopAt, InterruptAsync, cancellation)
            : await RawTransfer.DownloadAsync(client, TransferMode.Epsv, SourceName, _content, stopAt, InterruptAsync, cancellation);
        var whole = KillLane.CallsItWhole(kill, outcome);
        var same = kill.Upload
            ? KillLane.SizeOf(copy) == Length && (await File.ReadAllBytesAsync(copy, cancellation)).AsSpan().SequenceEqual(_content)
            : outcome.Same;
        File.Delete(copy);
        if (kill.Victim is not (Victim.Client or Victim.FtpServer))
        {
            await tunnel.WaitForExitAsync(cancellation);
        }

        return new KillReport(kill, "ssh -L", true, whole, null, same, outcome.ToString());

        Task InterruptAsync(Socket own)
        {
            switch (kill.Victim)
            {
                case Victim.Client: own.Close(0); break;
                case Victim.FtpServer: _ftp.KillSessions(); break;
                case Victim.SshSession: _ssh.KillSessions(); break;
                default: tunnel.Kill(); break;
            }

            return Task.CompletedTask;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_tunnel is { } tunnel)
        {
            await tunnel.Process.DisposeAsync();
        }

        await _ssh.DisposeAsync();
        await _ftp.DisposeAsync();
    }

    private async Task<(ChildProcess Process, int Port)> TunnelAsync(CancellationToken cancellation)
    {
        if (_tunnel is { Process.HasExited: false } standing)
        {
            return standing;
        }

        if (_tunnel is { } ended)
        {
            await ended.Process.DisposeAsync();
        }

        var port = FreePort.Next();
        var process = ChildProcess.Start(OpenSshClient.Tunnel(_ssh, "-L", $"{NearAddress}:{port}:127.0.0.1:{_ftp.Port}")
            .With("-L", $"{NearAddress}:{_dataPort}:127.0.0.1:{_dataPort}"));
        _tunnel = (process, port);
        await OpenSshClient.WaitUntilUpAsync(process, "-L", port, cancellation);
        return (process, port);
    }
}
