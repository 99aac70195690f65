using System.Net.Sockets;
using System.Text.RegularExpressions;
using Culvert.Interop.Clients;
using Culvert.Interop.Failures;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;

namespace Culvert.Interop.Proofs.Kills;

/// <summary>An FTP server, an SSH server and Culvert between them, which are killed and replaced: one transfer at a time.</summary>
internal sealed class KillLane : IAsyncDisposable
{
    /// <summary>More than windows and socket buffers hold between the ends, so that most of a file is still at its source when the kill lands.</summary>
    private const int Length = 16 << 20;

    /// <summary>curl is slowed down to this, so that there is time to kill.</summary>
    private const string CurlRate = "60M";

    private const string SourceName = "source";

    /// <summary>What doesn't end within this time hangs, and that fails the test.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(1);

    private readonly string _active;
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _content;
    private readonly FtpServer _ftp;
    private readonly SshServer _ssh;
    private readonly LinkProxy _link;
    private readonly string _knownHosts;
    private CulvertProcess? _culvert;

    private KillLane(string active, FtpServer ftp, SshServer ssh)
    {
        (_active, _ftp, _ssh) = (active, ftp, ssh);
        _content = File.ReadAllBytes(ftp.Offer(SourceName, Length));
        _link = new LinkProxy(ssh.Port);
        _knownHosts = ssh.WriteKnownHosts("known_hosts_of_the_link", _link.Port, TestKeys.HostKeys);
    }

    public string Name => $"{_ftp.GetType().Name}, --active {_active}";

    public static async Task<KillLane> StartAsync(string ftpServer, string active, CancellationToken cancellation)
    {
        var ftp = await FtpServer.StartAsync(ftpServer, cancellation);
        try
        {
            return new KillLane(active, ftp, await SshServer.StartAsync(SshServer.OpenSsh, cancellation));
        }
        catch
        {
            await ftp.DisposeAsync();
            throw;
        }
    }

    public async Task<KillReport> RunAsync(Kill kill, CancellationToken cancellation)
    {
        var culvert = await CulvertAsync(cancellation);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            var report = kill.Witness == Witness.Curl ? await CurlAsync(kill, culvert, limit.Token) : await RawAsync(kill, culvert, limit.Token);
            return report with { LogSays = await LogAsync(kill, culvert, limit.Token) };
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"hangs after {kill} ({Name})\n{culvert.Output}", e);
        }
        finally
        {
            CleanUp(kill);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_culvert is not null)
        {
            await _culvert.DisposeAsync();
        }

        await _link.DisposeAsync();
        await _ssh.DisposeAsync();
        await _ftp.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<CulvertProcess> CulvertAsync(CancellationToken cancellation)
    {
        if (_culvert is { HasExited: true } ended)
        {
            _culvert = null;
            await ended.DisposeAsync();
        }

        return _culvert ??= await CulvertProcess.StartAsync(NetworkHost.Here, CulvertProcess.Command([
            .. CulvertProcess.Login(_ssh, _link.Port, _knownHosts),
            "--active", _active, "-L", $"ftp/127.0.0.1:0:127.0.0.1:{_ftp.Port}", _ssh.Address]), cancellation);
    }

    private async Task<KillReport> CurlAsync(Kill kill, CulvertProcess culvert, CancellationToken cancellation)
    {
        var target = FtpTarget.Through(_ftp, culvert.Port);
        var remote = Curl.Url(target, $"{FtpServer.PublicName}/{kill.FileName}");
        if (!kill.Upload)
        {
            OfferSource(kill);
        }

        // Without the length of the file from SIZE, curl judges by the end of the data and by the reply.
        string[] transfer = kill.Upload
            ? ["--upload-file", _ftp.PathOf(SourceName), remote]
            : ["--ignore-content-length", "--no-buffer", "--output", _folder[kill.FileName], remote];
        await using var curl = ChildProcess.Start(new CommandLine(
            Peers.Require("curl"), [.. Curl.Arguments(target, kill.Mode), "--limit-rate", CurlRate, .. transfer]));
        var growing = kill.Upload ? _ftp.PathOf(kill.FileName) : _folder[kill.FileName];
        var wanted = Math.Max(1, (long)(kill.Point * Length));
        while (SizeOf(growing) < wanted && !curl.HasExited)
        {
            await Task.Delay(Glance, TimeProvider.System, cancellation);
        }

        var begun = SizeOf(growing) > 0 && !curl.HasExited;
        Strike(kill, culvert, curl.Kill);
        var landed = begun && SizeOf(growing) < Length;
        var exit = await curl.WaitForExitAsync(cancellation);
        bool? says = kill.Victim == Victim.Client ? null : exit == 0;
        return new KillReport(kill, Name, landed, says, null, await SameAsync(growing, cancellation), $"curl exit {exit}\n{curl.Output}");
    }

    private async Task<KillReport> RawAsync(Kill kill, CulvertProcess culvert, CancellationToken cancellation)
    {
        await using var client = await RawFtpClient.LoginAsync(FtpTarget.Through(_ftp, culvert.Port), cancellation);
        var stopAt = Math.Clamp((long)(kill.Point * Length), 1, Length - 1);
        var landed = false;
        if (!kill.Upload)
        {
            OfferSource(kill);
        }

        var outcome = kill.Upload
            ? await RawTransfer.UploadAsync(client, kill.Mode, kill.FileName, _content, stopAt, InterruptAsync, cancellation)
            : await RawTransfer.DownloadAsync(client, kill.Mode, kill.FileName, _content, stopAt, InterruptAsync, cancellation);
        var whole = CallsItWhole(kill, outcome);
        var same = kill.Upload ? await SameAsync(_ftp.PathOf(kill.FileName), cancellation) : outcome.Same;
        return new KillReport(kill, Name, landed, whole, null, same, outcome.ToString());

        async Task InterruptAsync(Socket own)
        {
            while (kill.Upload && SizeOf(_ftp.PathOf(kill.FileName)) == 0)
            {
                await Task.Delay(Glance, TimeProvider.System, cancellation);
            }

            Strike(kill, culvert, () => own.Close(0));
            landed = !kill.Upload || SizeOf(_ftp.PathOf(kill.FileName)) < Length;
        }
    }

    private void Strike(Kill kill, CulvertProcess culvert, Action client)
    {
        switch (kill.Victim)
        {
            case Victim.Client: client(); break;
            case Victim.SshSession: _ssh.KillSessions(); break;
            case Victim.FtpServer: _ftp.KillSessions(); break;
            case Victim.Link: _link.Cut(kill.Orderly); break;
            case Victim.Culvert: culvert.Kill(); break;
        }
    }

    /// <summary>What Culvert reported of the transfer, when it could still speak.</summary>
    private static async Task<string?> LogAsync(Kill kill, CulvertProcess culvert, CancellationToken cancellation)
    {
        var line = new Regex($"^transfer (complete|unverified|failed): \\w+ \"({FtpServer.PublicName}/)?{kill.FileName}\"", RegexOptions.Multiline);
        if (kill.Victim is Victim.Client or Victim.FtpServer or Victim.Nobody)
        {
            return (await culvert.WaitForAsync(line, cancellation)).Groups[1].Value;
        }

        await culvert.WaitForExitAsync(cancellation);
        return line.Match(culvert.Output) is { Success: true } found ? found.Groups[1].Value : null;
    }

    private async Task<bool> SameAsync(string copy, CancellationToken cancellation) =>
        SizeOf(copy) == Length && (await File.ReadAllBytesAsync(copy, cancellation)).AsSpan().SequenceEqual(_content);

    private void OfferSource(Kill kill)
    {
        var link = _ftp.PathOf(kill.FileName);
        if (!File.Exists(link))
        {
            File.CreateSymbolicLink(link, SourceName);
        }
    }

    private void CleanUp(Kill kill)
    {
        File.Delete(_ftp.PathOf(kill.FileName));
        File.Delete(_folder[kill.FileName]);
    }

    /// <summary>The most trusting client there could be: the end of the data is the end of the file, and a 2xx is success; unless it has broken off a download itself.</summary>
    internal static bool CallsItWhole(Kill kill, RawOutcome outcome) =>
        (!kill.Upload && outcome.End == DataEnd.Clean) || (outcome.HasSuccessReply && (kill.Upload || kill.Victim != Victim.Client));

    internal static long SizeOf(string path)
    {
        try
        {
            return new FileInfo(path).Length;
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }
}
