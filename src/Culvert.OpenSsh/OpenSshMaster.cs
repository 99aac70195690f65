using System.ComponentModel;
using System.Diagnostics;
using Culvert.Net;
using Culvert.Net.Unix;

namespace Culvert.OpenSsh;

/// <summary>A running <c>ssh</c> that shares its connection with us alone, through a socket in a folder that only we can enter. It asks its questions itself, on the
/// terminal or by its askpass. When this process dies, however it dies, it ends too.</summary>
public sealed class OpenSshMaster : IAsyncDisposable
{
    /// <summary>How often is looked whether the login is done: ssh makes its socket then, and says so in no other way.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // The pipe on our standard input ends when we do; a program without a terminal of its own wouldn't notice otherwise. Ctrl-C and a closed terminal concern us,
    // who still need the connection for ending in order. In the terminal's group ssh can ask its questions there.
    private const string Script = """
        exec 3<&0
        trap '' INT HUP
        "$@" </dev/null 3<&- & master=$!
        { cat <&3 >/dev/null; kill "$master"; } 2>/dev/null & watcher=$!
        wait "$master" 2>/dev/null; status=$?
        kill "$watcher" 2>/dev/null
        exit "$status"
        """;

    private readonly OpenSshOptions _options;
    private readonly DirectoryInfo _folder;
    private readonly Process _process;
    private MuxConnection? _control;
    private int _listeners;

    private OpenSshMaster(OpenSshOptions options, DirectoryInfo folder, Process process)
    {
        (_options, _folder, _process) = (options, folder, process);
        Closed = WatchAsync();
    }

    /// <summary>Why the connection ended; completes when it does, never faults.</summary>
    public Task<Failure> Closed { get; }

    /// <summary>Starts <c>ssh</c> and waits until it has logged in.</summary>
    /// <exception cref="NetworkException">It can't be started, or it ended: it has said why on standard error.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; nothing is left running.</exception>
    public static async Task<OpenSshMaster> StartAsync(OpenSshOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var folder = PrivateFolder();
        OpenSshMaster? master = null;
        try
        {
            Log.Starting(options.Logger, options.Program);
            master = new OpenSshMaster(options, folder, Start(options, ControlPath(folder)));
            await master.WaitForLoginAsync(cancellationToken).ConfigureAwait(false);
            return master;
        }
        catch
        {
            if (master is not null)
                await master.DisposeAsync().ConfigureAwait(false);
            else
                folder.Delete(recursive: true);
            throw;
        }
    }

    /// <summary>A connection over which messages of RFC 4254 travel to and from the server, as in SSH's own packets but in the clear:
    /// <c>uint32 length, byte 0, payload</c>. Its loss is the master's.</summary>
    /// <exception cref="NetworkException">The master is gone, or too old (before OpenSSH 7.4).</exception>
    public async Task<Duplex> OpenProxyAsync(CancellationToken cancellationToken)
    {
        var connection = await MuxConnection.OpenAsync(ControlPath(_folder), cancellationToken).ConfigureAwait(false);
        try
        {
            return await connection.BecomeProxyAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Opens a port on the server.</summary>
    /// <exception cref="NetworkException">The server refused, or the master is gone.</exception>
    internal async ValueTask<IListener> ListenAsync(Endpoint at, ListenOptions options, CancellationToken cancellationToken)
    {
        // Each has a socket of its own: to ssh, two forwards to one place from port 0 are the same forward.
        var path = Path.Combine(_folder.FullName, FormattableString.Invariant($"r{Interlocked.Increment(ref _listeners)}"));
        var local = await new UnixNetwork().ListenAsync(UnixNetwork.At(path), options, cancellationToken).ConfigureAwait(false);
        try
        {
            var reply = await _control!.AskAsync(request => MuxMessages.Forward(MuxMessages.OpenForward, request, at, path), CancellationToken.None).ConfigureAwait(false);
            return reply.Type is MuxMessages.Ok or MuxMessages.RemotePort
                ? new MasterListener(this, local, at, reply.Type == MuxMessages.RemotePort ? reply.Port : at.Port, path)
                : throw new NetworkException(new Failure(FailureKind.Prohibited, reply.Reason));
        }
        catch
        {
            await CloseAsync(local).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Closes a port on the server; nothing to do when the master is gone.</summary>
    internal async Task CancelAsync(Endpoint asked, string path)
    {
        try
        {
            await _control!.AskAsync(request => MuxMessages.Forward(MuxMessages.CloseForward, request, asked, path), CancellationToken.None).ConfigureAwait(false);
        }
        catch (NetworkException)
        {
            // With it went its ports.
        }
    }

    /// <summary>Closes a socket in the master's folder, which may have gone with the master.</summary>
    internal static async ValueTask CloseAsync(IListener local)
    {
        try
        {
            await local.DisposeAsync().ConfigureAwait(false);
        }
        catch (DirectoryNotFoundException)
        {
            // It's closed; only its name couldn't be removed once more.
        }
    }

    /// <summary>Whether it still runs and answers.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    internal async Task<bool> IsAliveAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Who gives up leaves; the question stays, so that its answer isn't taken for the next one's.
            var asking = _control!.AskAsync(request => MuxMessages.Ask(MuxMessages.AliveCheck, request), CancellationToken.None);
            return (await asking.WaitAsync(cancellationToken).ConfigureAwait(false)).Type == MuxMessages.Alive;
        }
        catch (NetworkException)
        {
            return false;
        }
    }

    /// <summary>Ends the connection and the program.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close(); // ends it: see the script
        try
        {
            await Closed.WaitAsync(Patience, _options.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Kill();
        }
        await Closed.ConfigureAwait(false);
        if (_control is not null)
            await _control.DisposeAsync().ConfigureAwait(false);
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has just ended.
        }
    }

    private async Task WaitForLoginAsync(CancellationToken cancellationToken)
    {
        var path = ControlPath(_folder);
        while (true)
        {
            if (Closed.IsCompleted)
                throw new NetworkException(await Closed.ConfigureAwait(false));
            if (File.Exists(path))
            {
                try
                {
                    _control = await MuxConnection.OpenAsync(path, cancellationToken).ConfigureAwait(false);
                    Log.Connected(_options.Logger, path);
                    return;
                }
                catch (NetworkException e) when (e.Failure.Kind == FailureKind.Refused)
                {
                    // Made, but nobody listens yet.
                }
            }
            await Task.WhenAny(Closed, Task.Delay(LookEvery, _options.Time, cancellationToken)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task<Failure> WatchAsync()
    {
        await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        Log.Ended(_options.Logger, _process.ExitCode);
        return new Failure(FailureKind.NetworkLost, FormattableString.Invariant($"{_options.Program} ended with status {_process.ExitCode}"));
    }

    private static Process Start(OpenSshOptions options, string controlPath)
    {
        // No session, no terminal for it, nothing that files may say of sharing and forwards: the first value of a setting counts.
        string[] ours =
        [
            "-N", "-T", "-n", "-o", "ControlMaster=yes", "-o", $"ControlPath={controlPath.Replace("%", "%%", StringComparison.Ordinal)}", "-o", "ControlPersist=no",
            "-o", "ClearAllForwardings=yes", "-o", "ForwardAgent=no", "-o", "ForwardX11=no", "-o", "PermitLocalCommand=no", "-o", "RequestTTY=no",
        ];
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, RedirectStandardInput = true };
        foreach (var word in (IEnumerable<string>)["-c", Script, "sh", options.Program, .. ours, .. options.Arguments])
            start.ArgumentList.Add(word);
        try
        {
            return Process.Start(start) ?? throw new InvalidOperationException("no process was started");
        }
        catch (Win32Exception e)
        {
            throw new NetworkException(new Failure(FailureKind.Shortage, $"{options.Program} could not be started: {e.Message}"), e);
        }
    }

    private static string ControlPath(DirectoryInfo folder) => Path.Combine(folder.FullName, "c");

    // mkdtemp makes it for us alone. While ssh makes its socket, the name is 17 bytes longer.
    private static DirectoryInfo PrivateFolder()
    {
        const int room = 24;
        var folder = Directory.CreateTempSubdirectory("culvert-");
        if (folder.FullName.Length + room <= UnixNetwork.LongestPath)
            return folder;
        folder.Delete();
        throw new NetworkException(new Failure(FailureKind.Unreachable, $"{folder.FullName} is too long for a socket; set TMPDIR to a shorter one"));
    }
}
