using System.Text;
using Culvert.Broker.Config;
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
            using var output = Console.OpenStandardOutput();
            Say(output, [.. configuration.Notes, FormattableString.Invariant($"{file}: {configuration.ProfileIds.Count} profiles, no mistake")]);
            return ExitCode.Success;
        }
        catch (ConfigException e)
        {
            using var errors = StandardError.Open();
            Say(errors, e.Lines);
            return ExitCode.VerbFailed;
        }
    }

    private static void Say(Stream stream, IEnumerable<string> lines) => stream.Write(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => Printable.Line(line) + "\n"))));
}
