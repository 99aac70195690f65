using System.Text;
using Culvert.Broker.Config;
using Culvert.Cli.Terminal;

namespace Culvert.Cli;

/// <summary>Tells that a command line can't be meant.</summary>
internal static class UsageError
{
    /// <summary>Writes what is wrong and what to do, and gives the exit code.</summary>
    public static int Report(ConfigException error, Stream output, string program = "culvert")
    {
        // OpenSSH's own sentences stand alone, as scripts match them; the rest names who speaks.
        var isSentence = error.IsOfFile || char.IsUpper(error.Message[0]) || error.Message.StartsWith("command-line", StringComparison.Ordinal);
        var text = (isSentence ? "" : program + ": ") + string.Concat(error.Lines.Select(line => Printable.Line(line) + "\n"));
        if (error.Hint is not null)
            text += "hint: " + Printable.Line(error.Hint) + "\n";
        output.Write(Encoding.UTF8.GetBytes(text));
        return ExitCode.Usage;
    }
}
