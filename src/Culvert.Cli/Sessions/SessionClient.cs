using System.Globalization;
using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Cli.Terminal;
using Culvert.Net;
using Culvert.Ssh;

namespace Culvert.Cli.Sessions;

/// <summary>A session in front of a person or in a script: opens it, joins it to the standard descriptors, and says how it ended.</summary>
/// <param name="connection">Carries it.</param>
/// <param name="config">What is wanted.</param>
/// <param name="console">The standard descriptors.</param>
/// <param name="escapes">What escapes do beyond the session.</param>
/// <param name="tell">Tells a person.</param>
/// <param name="time">The clock.</param>
internal sealed class SessionClient(
    SshConnection connection, SessionConfig config, ISessionConsole console, EscapeCommands escapes, Action<Message> tell, TimeProvider time)
{
    /// <summary>How long a program may take to end after it was sent a signal because this program shall end.</summary>
    private static readonly TimeSpan SignalGrace = TimeSpan.FromSeconds(1);

    private static readonly Dictionary<string, int> SignalNumbers = new(StringComparer.Ordinal)
    {
        ["HUP"] = 1, ["INT"] = 2, ["QUIT"] = 3, ["ILL"] = 4, ["ABRT"] = 6, ["FPE"] = 8, ["KILL"] = 9, ["SEGV"] = 11, ["PIPE"] = 13, ["ALRM"] = 14, ["TERM"] = 15,
    };

    private readonly TaskCompletionSource _disconnect = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Runs it to its end.</summary>
    /// <param name="signal">Which signal said that this program shall end, without <c>SIG</c>.</param>
    /// <param name="stop">This program shall end: the session's program is told by that signal, and then has a short time.</param>
    /// <returns>The exit code: the program's, 128 and the signal's number when one ended it, or <see cref="ExitCode.SessionFailure"/>.</returns>
    public async Task<int> RunAsync(Func<string> signal, CancellationToken stop)
    {
        var wantsTerminal = config.Terminal == TerminalWish.Always || (config is { Command: null, NoInput: false } && console.IsTerminal);
        SshSession session;
        try
        {
            session = await connection.OpenSessionAsync(wantsTerminal ? Priority.Interactive : Priority.Bulk, stop).ConfigureAwait(false);
        }
        catch (NetworkException e)
        {
            tell(Message.Error($"session request failed: {e.Failure.Text}", "the server allows no session: -S opens tunnels without one"));
            return ExitCode.SessionFailure;
        }
        await using (session.ConfigureAwait(false))
        {
            var isTerminal = await PrepareAsync(session, wantsTerminal, stop).ConfigureAwait(false);
            if (!await StartAsync(session, stop).ConfigureAwait(false))
                return ExitCode.SessionFailure;
            if (isTerminal && !config.NoInput)
                console.EnterRaw();
            try
            {
                return await CarryAsync(session, isTerminal, signal, stop).ConfigureAwait(false);
            }
            finally
            {
                console.LeaveRaw();
            }
        }
    }

    private async Task<bool> PrepareAsync(SshSession session, bool wantsTerminal, CancellationToken stop)
    {
        foreach (var (name, value) in config.Environment)
            session.SetEnvironment(name, value);
        if (!wantsTerminal)
            return false;
        var granted = await session.RequestTerminalAsync(new PseudoTerminal(console.TerminalType, console.Size, console.Modes), stop).ConfigureAwait(false);
        if (!granted)
            tell(Message.Warning("PTY allocation request failed"));
        return granted;
    }

    private async Task<bool> StartAsync(SshSession session, CancellationToken stop)
    {
        var (what, starting) = config switch
        {
            { Command: null } => ("shell", session.StartShellAsync(stop)),
            { IsSubsystem: true, Command: { } name } => ("subsystem", session.StartSubsystemAsync(name, stop)),
            { Command: { } command } => ("exec", session.StartCommandAsync(command, stop)),
        };
        var started = await starting.ConfigureAwait(false);
        if (!started && !session.Ended.IsCompleted)
            tell(Message.Error($"{what} request failed", what == "subsystem" ? $"the server has no subsystem {Printable.Line(config.Command!)}" : "the server runs nothing for this user"));
        return started;
    }

    private async Task<int> CarryAsync(SshSession session, bool isTerminal, Func<string> signal, CancellationToken stop)
    {
        using var over = new CancellationTokenSource();
        void Resize() => session.Resize(console.Size);
        if (isTerminal)
            console.Resized += Resize;
        var input = InputAsync(session, isTerminal, over.Token);
        var finishing = FinishAsync(session, over.Token);
        var givingUp = GiveUpAsync(session, signal, stop, over.Token);
        try
        {
            await Task.WhenAny(finishing, givingUp).ConfigureAwait(false);
            await over.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(input, finishing, givingUp).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // What still waited for input or output was given up.
        }
        finally
        {
            console.Resized -= Resize;
        }
        return _disconnect.Task.IsCompleted || !session.Ended.IsCompleted ? ExitCode.SessionFailure : Code(await session.Ended.ConfigureAwait(false));
    }

    private async Task FinishAsync(SshSession session, CancellationToken over)
    {
        await Task.WhenAll(OutputAsync(session, over), ErrorsAsync(session, over)).ConfigureAwait(false);
        await session.Ended.WaitAsync(over).ConfigureAwait(false);
    }

    // Ends when a person wants to, or some time after this program was told to end.
    private async Task GiveUpAsync(SshSession session, Func<string> signal, CancellationToken stop, CancellationToken over)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (stop.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), stopped))
        await using (over.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), stopped))
            await Task.WhenAny(stopped.Task, _disconnect.Task).ConfigureAwait(false);
        if (over.IsCancellationRequested || _disconnect.Task.IsCompleted)
            return;
        session.SendSignal(signal());
        await session.Streams.EndAsync(over).ConfigureAwait(false);
        await Task.Delay(SignalGrace, time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private Task InputAsync(SshSession session, bool isTerminal, CancellationToken over)
    {
        if (config.NoInput)
            return session.Streams.EndAsync(over).AsTask();
        var input = new SessionInput(console, session.Streams);
        return isTerminal && console.IsTerminal && config.EscapeCharacter is { } escape
            ? input.RunAsync(new EscapeReader(escape), ActAsync, over)
            : input.RunAsync(over);
    }

    private Task ActAsync(EscapeAction action, CancellationToken over)
    {
        switch (action)
        {
            case EscapeAction.Disconnect:
                _disconnect.TrySetResult();
                return Task.CompletedTask;
            case EscapeAction.Suspend:
                console.Suspend();
                return Task.CompletedTask;
            default:
                return escapes.RunAsync(action, over);
        }
    }

    private async Task OutputAsync(SshSession session, CancellationToken over)
    {
        var isTaken = true;
        while (await session.Streams.ReadAsync(over).ConfigureAwait(false) is { End: ReadEnd.None } read)
        {
            if (isTaken && !await console.WriteAsync(StandardOutput.Output, read.Bytes, over).ConfigureAwait(false))
            {
                // As a pipe without a reader: the program hears of it, and what it still says is dropped.
                isTaken = false;
                session.RefuseOutput();
            }
            session.Streams.Release(read.Bytes.Length);
        }
    }

    private async Task ErrorsAsync(SshSession session, CancellationToken over)
    {
        var buffer = new byte[32 * 1024];
        while (await session.ReadErrorsAsync(buffer, over).ConfigureAwait(false) is { End: ReadEnd.None } read)
            await console.WriteAsync(StandardOutput.Error, read.Bytes, over).ConfigureAwait(false);
    }

    private int Code(SessionEnd end)
    {
        // What doesn't fit into a byte must not become a success.
        if (end.Status is { } status)
            return status is >= 0 and <= byte.MaxValue ? status : byte.MaxValue;
        if (end.Signal is { } signal)
        {
            tell(Message.Error(string.Create(CultureInfo.InvariantCulture, $"the remote program was ended by signal {signal}{(end.CoreDumped ? " (core dumped)" : "")}{(end.Text.Length > 0 ? ": " + end.Text : "")}"), null));
            return SignalNumbers.TryGetValue(signal, out var number) ? 128 + number : ExitCode.SessionFailure;
        }
        if (end.Lost is null)
            tell(Message.Error("the server closed the session without an exit status", null));
        return ExitCode.SessionFailure;
    }
}
