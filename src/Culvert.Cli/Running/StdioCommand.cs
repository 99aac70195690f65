using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Cli.Arguments;
using Culvert.Cli.Terminal;

namespace Culvert.Cli.Running;

/// <summary><c>-W</c>: standard input and output are one connection through SSH; all else goes to standard error.</summary>
internal static class StdioCommand
{
    /// <summary>Runs until both halves have ended.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="ConfigException">The log file can't be written.</exception>
    public static async Task<int> RunAsync(Invocation.Stdio wanted)
    {
        await using var stage = Stage.Open(wanted.Connection, wanted.LogFile, background: false);
        var services = stage.Services;
        try
        {
            var end = await StdioRun.RunAsync(wanted.Connection, wanted.To, StandardStreams.Open(), services, stage.Signals.Stop).ConfigureAwait(false);
            return end == RunEnd.Stopped ? ExitCode.Success : ExitCode.Failure;
        }
        catch (BrokerException e)
        {
            services.Reporter.Tell(e.Reason);
            return ExitCode.Failure;
        }
        catch (OperationCanceledException) when (stage.Signals.Stop.IsCancellationRequested)
        {
            return ExitCode.Failure; // stopped before anything was up
        }
    }
}
