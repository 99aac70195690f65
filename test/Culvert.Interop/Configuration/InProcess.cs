using Culvert.Broker.Config;
using Culvert.Cli.Arguments;

namespace Culvert.Interop.Configuration;

/// <summary>What <c>culvert -G</c> does, without starting a program.</summary>
internal static class InProcess
{
    /// <summary>The lines.</summary>
    /// <exception cref="ConfigException">They can't be meant.</exception>
    public static IEnumerable<string> Print(IReadOnlyList<string> words, Machine machine) =>
        CommandLineReader.Read(["-G", .. words], machine) is Invocation.Print(var lines) ? lines : throw new InvalidOperationException("-G prints");
}
