using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Culvert.Interop.Processes;

/// <summary>
/// A running program: its output is kept line by line, it is ended by its process id, and nothing of it outlives
/// <see cref="DisposeAsync"/>. Thread-safe.
/// </summary>
internal sealed partial class ChildProcess : IAsyncDisposable
{
    private const int SignalKill = 9;
    private const int SignalTerminate = 15;
    private const int SignalInterrupt = 2;
    private const int SignalStop = 19;
    private const int SignalContinue = 18;

    /// <summary>How long a program may take to obey SIGTERM before the test kills it.</summary>
    private static readonly TimeSpan TermGrace = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly Task _reading;
    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(Process process, CommandLine command)
    {
        _process = process;
        Command = command;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    public CommandLine Command { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Everything said so far on both outputs, in the order of arrival.</summary>
    public string Output
    {
        get { lock (_gate) { return string.Join('\n', _lines); } }
    }

    /// <summary>The standard input, for programs that are driven by typed commands.</summary>
    public StreamWriter Input => _process.StandardInput;

    public static ChildProcess Start(CommandLine command)
    {
        var info = new ProcessStartInfo(command.Program, command.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // One byte is one character: names and banners are not always UTF-8.
            StandardOutputEncoding = Encoding.Latin1,
            StandardErrorEncoding = Encoding.Latin1,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            WorkingDirectory = command.WorkingDirectory ?? "",
        };
        // Clients speak English, and names are UTF-8 to them.
        info.Environment["LC_ALL"] = "C.UTF-8";
        // A .NET program that is killed would leave its diagnostic sockets in /tmp.
        info.Environment["DOTNET_EnableDiagnostics"] = "0";
        foreach (var (name, value) in command.Environment)
        {
            info.Environment[name] = value;
        }

        return new ChildProcess(Process.Start(info) ?? throw new InvalidOperationException($"could not start {command}"), command);
    }

    /// <summary>Waits for the program's own end and for the end of its output.</summary>
    public async Task<int> WaitForExitAsync(CancellationToken cancellation)
    {
        await _process.WaitForExitAsync(cancellation);
        await _reading.WaitAsync(cancellation);
        return _process.ExitCode;
    }

    /// <summary>The n-th match (from 1) of a pattern in the output so far or to come.</summary>
    /// <exception cref="InvalidOperationException">The program ended without saying it.</exception>
    public async Task<Match> WaitForAsync(Regex pattern, CancellationToken cancellation, int count = 1)
    {
        while (true)
        {
            // Before the lines are looked at: what it said last comes before its end.
            var isOver = _reading.IsCompleted;
            Task changed;
            string[] lines;
            lock (_gate)
            {
                changed = _changed.Task;
                lines = [.. _lines];
            }

            var found = lines.Select(line => pattern.Match(line)).Where(match => match.Success).Skip(count - 1).FirstOrDefault();
            if (found is not null)
            {
                return found;
            }

            if (isOver)
            {
                throw new InvalidOperationException($"{Command} ended without saying /{pattern}/. It said:\n{Output}");
            }

            try
            {
                await Task.WhenAny(changed, _reading).WaitAsync(cancellation);
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException($"{Command} has not said /{pattern}/. It said:\n{Output}", e);
            }
        }
    }

    public void Terminate() => Signal(SignalTerminate);

    public void Interrupt() => Signal(SignalInterrupt);

    public void Kill() => Signal(SignalKill);

    /// <summary>Stops the program's clock, so that it neither answers nor ends.</summary>
    public void Freeze() => Signal(SignalStop);

    public void Thaw() => Signal(SignalContinue);

    /// <summary>Kills the program and all that it started, at once.</summary>
    public void KillTree() => _process.Kill(entireProcessTree: true);

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_process.HasExited)
            {
                var children = ProcessTable.DescendantsOf(Id);
                Terminate();
                using var grace = new CancellationTokenSource(TermGrace);
                try
                {
                    await _process.WaitForExitAsync(grace.Token);
                }
                catch (OperationCanceledException)
                {
                    KillTree();
                }

                // A server's sessions are processes of their own that outlive their parent.
                foreach (var child in children)
                {
                    ProcessTable.Kill(child);
                }
            }

            using var patience = new CancellationTokenSource(TermGrace);
            await _reading.WaitAsync(patience.Token);
        }
        finally
        {
            _process.Dispose();
        }
    }

    private void Signal(int signal)
    {
        if (!_process.HasExited && NativeKill(Id, signal) != 0)
        {
            throw new InvalidOperationException($"signal {signal} to {Command}: errno {Marshal.GetLastPInvokeError()}");
        }
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            TaskCompletionSource changed;
            lock (_gate)
            {
                _lines.Add(line);
                (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }

            changed.SetResult();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int NativeKill(int pid, int signal);
}
