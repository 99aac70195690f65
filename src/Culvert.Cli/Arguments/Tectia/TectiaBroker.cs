using System.Globalization;
using Culvert.Broker.Config;

namespace Culvert.Cli.Arguments;

/// <summary>The letters of Tectia's broker and of its control program, which are called by the names <c>ssh-broker-g3</c> and <c>ssh-broker-ctl</c>. Pure.</summary>
internal static class TectiaBroker
{
    /// <summary>The environment variable by which Tectia's programs find a broker. Under culvert's own name it's another one: a real one may run beside it.</summary>
    private const string Variable = "SSH_SECSH_BROKER";

    private const string DaemonForm = "the form is ssh-broker-g3 [-a ADDRESS] [-f FILE] [-D LEVEL] [-l LOGFILE] [--pid-file FILE] [--exit | --reconfig]; culvert-broker(8) has the rest";

    /// <summary><c>ssh-broker-g3 …</c>: a broker in the background; with <c>-D</c> in the foreground, since what it tells is what's wanted.</summary>
    /// <exception cref="ConfigException">It can't be meant.</exception>
    public static Invocation Daemon(IReadOnlyList<string> words, Machine machine)
    {
        var options = new List<string>();
        string? socket = Named(machine), verb = null;
        var debug = 0;
        for (var i = 0; i < words.Count; i++)
        {
            var (word, glued) = words[i] is ['-', '-', ..] && words[i].Split('=', 2) is [var name, var behind] ? (name, behind) : (words[i], null);
            switch (word)
            {
                case "-h" or "--help": return new Invocation.Text(DaemonForm);
                case "-V" or "--version": return new Invocation.Version();
                case "-a" or "--broker-address": socket = Value(); break;
                case "-f" or "--config-file": options.AddRange(["--config", Value()]); break;
                case "-l" or "--debug-log-file": options.AddRange(["--log-file", Value()]); break;
                case "-D" or "--debug": debug = Level(Value()); break;
                case "--pid-file": options.AddRange(["--pid-file", Value()]); break;
                case "--exit": verb = "stop"; break;
                case "--reconfig": verb = "reload"; break;
                case "--no-gui" or "--start-gui": break; // there is none
                default: options.Add(words[i]); break; // ours
            }

            string Value() => glued ?? (++i < words.Count ? words[i] : throw new ConfigException($"{word} needs a value", DaemonForm));
        }
        if (verb is not null)
            return new Invocation.Control([verb]) { Socket = socket };
        return debug > 0
            ? BrokerReader.Broker([.. socket is null ? (string[])[] : ["--socket", socket], .. options, .. Enumerable.Repeat("-v", debug)], machine)
            : new Invocation.Control(["start", .. options]) { Socket = socket };
    }

    /// <summary><c>ssh-broker-ctl …</c>: the verbs of <c>culvert ctl</c>; of Tectia's options that concern its output those that mean nothing here are taken and do nothing.</summary>
    /// <exception cref="ConfigException">It can't be meant.</exception>
    public static Invocation Control(IReadOnlyList<string> words, Machine machine)
    {
        var kept = new List<string>();
        for (var i = 0; i < words.Count; i++)
        {
            switch (words[i])
            {
                case "-V" or "--version": return new Invocation.Version();
                case "-D" or "--debug" or "-e" or "--charset" or "--time-format": i++; break;
                case ['-', '-', .. var name] when name.StartsWith("charset=", StringComparison.Ordinal) || name.StartsWith("time-format=", StringComparison.Ordinal) || name.StartsWith("debug=", StringComparison.Ordinal): break;
                case "-v" or "--verbose": break;
                case ['-', '-', .. var address] when address.StartsWith("broker-address=", StringComparison.Ordinal): kept.AddRange(["--socket", address["broker-address=".Length..]]); break;
                default: kept.Add(words[i]); break;
            }
        }
        var read = BrokerReader.Control(kept);
        return read is Invocation.Control control ? control with { Socket = control.Socket ?? Named(machine) } : read;
    }

    private static string? Named(Machine machine) => machine.Variable(Variable) is { Length: > 0 } named ? named : null;

    // Tectia counts from 1 to 99, for each module; the largest number counts here, for all.
    private static int Level(string text)
    {
        var most = text.Split([',', '='], StringSplitOptions.TrimEntries).Select(word => int.TryParse(word, CultureInfo.InvariantCulture, out var level) ? level : 0).Max();
        return most switch { <= 0 => 0, < 4 => 1, < 7 => 2, _ => 3 };
    }
}
