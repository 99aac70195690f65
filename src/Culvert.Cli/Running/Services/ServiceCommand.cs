using Culvert.Broker.Config;
using Culvert.Cli.Arguments;

namespace Culvert.Cli.Running;

/// <summary><c>culvert service</c>: the broker as a service of the machine's own manager.</summary>
internal static class ServiceCommand
{
    /// <summary>Does what the verb says.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="ConfigException">It can't be done.</exception>
    public static Task<int> RunAsync(Invocation.Service wanted) =>
        OperatingSystem.IsWindows() ? WindowsServiceSetup.RunAsync(wanted) : SystemdUnit.RunAsync(wanted);

    /// <summary>Runs the broker for Windows' service control manager, which started this process.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="ConfigException">It didn't.</exception>
    public static Task<int> ServeAsync(Invocation.Broker wanted) => OperatingSystem.IsWindows()
        ? WindowsServiceRun.ServeAsync(wanted)
        : throw new ConfigException("service run is for Windows", "culvert broker runs one in the foreground; culvert service install writes a unit file");
}
