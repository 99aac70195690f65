using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Cli.Reporting;
using Culvert.Cli.Sessions;
using Culvert.Cli.Terminal;

namespace Culvert.Cli.Running;

/// <summary>A session with tunnels beside it: what <c>sshg3</c> is without <c>-S</c>. When the session is over, the tunnels' ports close, and what runs in them
/// has the usual few seconds.</summary>
internal static class SessionCommand
{
    /// <summary>Threads that wait in system calls: one for input, one for each output. The pool would take its time to make them.</summary>
    private const int WaitingThreads = 4;

    /// <summary>Runs until the session is over.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(TunnelRun run, ConnectionConfig config, ISessionConsole console, ConnectedClients clients, Screen screen, StopSignals signals)
    {
        if (run.Connection is not { } connection || config.Session is not { } wanted)
        {
            clients.Tell(Message.Error("this engine opens no sessions", "-S opens tunnels without one"));
            return ExitCode.SessionFailure;
        }
        ThreadPool.GetMinThreads(out var workers, out var completionPorts);
        ThreadPool.SetMinThreads(workers + WaitingThreads, completionPorts);
        using var over = new CancellationTokenSource();
        var serving = run.RunAsync(over.Token);
        try
        {
            var escapes = new EscapeCommands(wanted.EscapeCharacter ?? '~', connection, run, clients, screen);
            return await new SessionClient(connection, wanted, console, escapes, clients.Tell, TimeProvider.System).RunAsync(() => signals.First, signals.Stop).ConfigureAwait(false);
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await serving.ConfigureAwait(false);
        }
    }
}
