using System.Runtime.Versioning;
using Culvert.Broker.Audit;
using Culvert.Broker.Config;
using Culvert.Broker.Control;
using Culvert.Broker.Runtime;
using Culvert.Broker.Service;
using Culvert.Cli.Arguments;

namespace Culvert.Cli.Running;

/// <summary>The broker as a Windows service: it has no terminal, so all that it would say there goes to a file.</summary>
[SupportedOSPlatform("windows")]
internal static class WindowsServiceRun
{
    /// <summary>The file, unless another was named: in the folder of the service's own account.</summary>
    private static string UsualLog => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "culvert", "broker.log");

    /// <summary>Runs for the service control manager, until that stops it.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="ConfigException">It wasn't the manager who started this process.</exception>
    public static async Task<int> ServeAsync(Invocation.Broker wanted)
    {
        try
        {
            return await WindowsService.RunAsync(service => RunAsync(wanted, service)).ConfigureAwait(false);
        }
        catch (BrokerException e)
        {
            throw new ConfigException(e.Reason.Text, e.Reason.Hint);
        }
    }

    private static async Task<int> RunAsync(Invocation.Broker wanted, ServiceManager manager)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(UsualLog)!);
        await using var errors = new FileStream(UsualLog, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        using var log = new AuditLog(wanted.LogFormat, wanted.LogFile, errors, TimeProvider.System);
        try
        {
            // A service is the machine's broker, whatever account it runs as.
            return await BrokerCommand.RunAsync(wanted with { Socket = wanted.Socket ?? ControlSocket.OfMachine }, log, manager).ConfigureAwait(false);
        }
        catch (ConfigException e)
        {
            foreach (var line in e.Lines)
                log.WriteLine(line);
            return ExitCode.Usage;
        }
    }
}
