using Culvert.Broker.Config;

namespace Culvert.Cli.Arguments;

/// <summary>Reads the command lines of Tectia's <c>ssh-broker-g3</c> and <c>ssh-broker-ctl</c> in terms of <c>culvert broker</c> and <c>culvert ctl</c>. Pure.</summary>
internal static class TectiaBrokerReader
{
    private const string Shape = "the form is ssh-broker-g3 [-a ADDRESS] [-f FILE] [-l LOG] [-D LEVEL] [--pid-file FILE] [--exit | --reconfig]";

    /// <summary><c>ssh-broker-g3</c>: starts a broker in the background, stops the one that runs, or has it read its configuration anew.</summary>
    /// <exception cref="ConfigException">It can't be meant.</exception>
    public static Invocation Broker(IReadOnlyList<string> words)
    {
        var (verb, options) = ("start", new List<string>());
        string? socket = null;
        foreach (var (name, value) in Pairs(words))
        {
            switch (name)
            {
                case "-h" or "--help": return new Invocation.Text(Shape);
                case "-V" or "--version": return new Invocation.Version();
                case "--exit": verb = "stop"; break;
                case "--reconfig": verb = "reload"; break;
                case "-a" or "--broker-address": socket = value; break;
                case "-f" or "--config-file": options.AddRange(["--config", value]); break;
                case "-l" or "--debug-log-file": options.AddRange(["--log-file", value]); break;
                case "--pid-file": options.AddRange(["--pid-file", value]); break;
                case "-D" or "--debug": options.AddRange(Enumerable.Repeat("-v", Math.Max(0, TectiaReader.Level(value) - Verbosity.Info))); break;
                default: throw new ConfigException($"ssh-broker-g3 doesn't take '{name}'", Shape);
            }
        }
        return new Invocation.Control(verb == "start" ? [verb, .. options] : [verb]) { Socket = socket };
    }

    /// <summary><c>ssh-broker-ctl</c>: our verbs have Tectia's names. What it says of character sets and of its own talk is accepted without a meaning.</summary>
    /// <exception cref="ConfigException">It can't be meant.</exception>
    public static Invocation Control(IReadOnlyList<string> words)
    {
        var kept = new List<string>();
        for (var i = 0; i < words.Count; i++)
        {
            switch (words[i])
            {
                case "-V" or "--version": return new Invocation.Version();
                case "-v" or "--verbose": break;
                case "-D" or "--debug" or "-e" or "--charset" or "--time-format": i++; break;
                case var word when word.StartsWith("--charset=", StringComparison.Ordinal) || word.StartsWith("--time-format=", StringComparison.Ordinal): break;
                case var word: kept.Add(word); break;
            }
        }
        return BrokerReader.Control(kept);
    }

    // Long options take "=" or the next word.
    private static IEnumerable<(string Name, string Value)> Pairs(IReadOnlyList<string> words)
    {
        for (var i = 0; i < words.Count; i++)
        {
            if (words[i] is "-h" or "--help" or "-V" or "--version" or "--exit" or "--reconfig")
                yield return (words[i], "");
            else if (words[i].StartsWith("--", StringComparison.Ordinal) && words[i].IndexOf('=', StringComparison.Ordinal) is var equals and > 0)
                yield return (words[i][..equals], words[i][(equals + 1)..]);
            else
                yield return (words[i], ++i < words.Count ? words[i] : throw new ConfigException($"{words[i - 1]} needs a value", Shape));
        }
    }
}
