using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Broker.Service;
using Culvert.Cli.Arguments;
using Culvert.Cli.Terminal;

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
    public static async Task<int> ServeAsync(Invocation.Broker wanted)
    {
        if (!OperatingSystem.IsWindows())
            throw new ConfigException("service run is for Windows", "culvert broker runs one in the foreground; culvert service install writes a unit file");
        try
        {
            return await WindowsService.RunAsync(service => WindowsServiceRun.RunAsync(wanted, service)).ConfigureAwait(false);
        }
        catch (BrokerException e)
        {
            throw new ConfigException(e.Reason.Text, e.Reason.Hint);
        }
    }
}
