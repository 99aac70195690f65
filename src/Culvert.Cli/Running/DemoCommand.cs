using Culvert.Broker.Config;
using Culvert.Cli.Arguments;
using Culvert.Cli.Logging;
using Culvert.Cli.Terminal;
using Culvert.Demo;

namespace Culvert.Cli.Running;

/// <summary><c>culvert demo</c>: runs the tour.</summary>
internal static class DemoCommand
{
    /// <summary>Runs it until it's over or stopped.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(Invocation.Demo demo)
    {
        using var signals = new StopSignals(() => Environment.Exit(ExitCode.Failure));
        await using var errors = StandardError.Open();
        using var log = new OpenSshLogger(new Screen(errors, live: false, StandardError.Columns), Verbosity.Error);
        var options = new DemoOptions
        {
            Once = demo.Once,
            Color = !Console.IsOutputRedirected && StandardError.MayColour,
            LoggerFactory = log,
        };
        return await Tour.RunAsync(options, Console.Out, signals.Stop).ConfigureAwait(false);
    }
}
