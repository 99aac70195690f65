using System.Text;
using Culvert.Broker.Config;
using Culvert.Broker.Service;
using Culvert.Cli.Terminal;

namespace Culvert.Cli.Running;

/// <summary><c>culvert config check FILE</c>: reads a file as a broker would, and tells all that is wrong with it and what in it has no effect.</summary>
internal static class ConfigCheckCommand
{
    /// <summary>Checks it.</summary>
    /// <returns>0: it can be used. 1: it can't.</returns>
    public static int Run(string file, Machine machine)
    {
        try
        {
            var configuration = XmlConfiguration.Read(machine, [file]);
            Check(file, configuration.ToBroker());
            using var output = Answers.Open();
            Say(output, [.. configuration.Notes, FormattableString.Invariant($"{file}: {configuration.ProfileIds.Count} {(configuration.ProfileIds.Count == 1 ? "profile" : "profiles")}, no mistake")]);
            return ExitCode.Success;
        }
        catch (ConfigException e)
        {
            using var errors = StandardError.Open();
            Say(errors, e.Lines);
            return ExitCode.VerbFailed;
        }
    }

    // What the parts of the file say together has no place in it.
    private static void Check(string file, BrokerConfig config)
    {
        try
        {
            BrokerHost.Check(config);
        }
        catch (ConfigException e)
        {
            throw new ConfigException([.. e.Lines.Select(line => $"{file}: {line}")]);
        }
    }

    private static void Say(Stream stream, IEnumerable<string> lines) => stream.Write(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => Printable.Line(line) + "\n"))));
}
