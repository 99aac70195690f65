using System.Globalization;
using Culvert.Broker.Audit;
using Culvert.Broker.Config;
using Culvert.Cli.Control;

namespace Culvert.Cli.Arguments;

/// <summary>Reads what stands behind <c>broker</c>, <c>ctl</c>, <c>connect</c> and <c>service</c>. Pure.</summary>
internal static class BrokerReader
{
    private const string BrokerForm = "culvert broker --help shows the options";

    /// <summary><c>culvert broker …</c></summary>
    /// <exception cref="ConfigException">It can't be meant.</exception>
    public static Invocation Broker(IReadOnlyList<string> words, Machine machine)
    {
        var (hosts, lines) = (new List<string>(), new List<string>());
        string? sshConfig = null;
        Invocation.Broker broker = new(() => new BrokerConfig());
        for (var i = 0; i < words.Count; i++)
        {
            // A value stands behind the name, or behind =.
            var (word, glued) = words[i] is ['-', '-', ..] && words[i].Split('=', 2) is [var name, var behind] ? (name, behind) : (words[i], null);
            switch (word)
            {
                case "-h" or "--help": return new Invocation.Text(BrokerHelp.Page);
                case "-V" or "--version": return new Invocation.Version();
                case "-f" or "--config" or "--config-file": broker = broker with { ConfigFile = Value() }; break;
                case "--host": hosts.Add(Value()); break;
                case "-F": sshConfig = Value(); break;
                case "-o": lines.Add(Value()); break;
                case "-a" or "--socket" or "--broker-address": broker = broker with { Socket = Value() }; break;
                case "--pid-file": broker = broker with { ProcessIdFile = Value() }; break;
                case "-l" or "--log-file" or "--debug-log-file": broker = broker with { LogFile = Value() }; break;
                case "--metrics-port": broker = broker with { MetricsPort = Port(Value()) }; break;
                case "--otlp": broker = broker with { OtlpEndpoint = Value() }; break;
                case "--log-format": broker = broker with { LogFormat = Format(Value()) }; break;
                case ['-', 'v', 'v', ..] when word.AsSpan(1).TrimStart('v').IsEmpty: broker = broker with { Verbosity = (Verbosity)Math.Min((int)Verbosity.Debug1 + word.Length - 2, (int)Verbosity.Debug3) }; break;
                case "-v": broker = broker with { Verbosity = broker.Verbosity < Verbosity.Debug1 ? Verbosity.Debug1 : broker.Verbosity < Verbosity.Debug3 ? broker.Verbosity + 1 : Verbosity.Debug3 }; break;
                case "--require-all" when glued is null: broker = broker with { RequireAll = true }; break;
                case "--exit-on-loss" when glued is null: broker = broker with { ExitOnLoss = true }; break;
                default: throw new ConfigException($"broker doesn't take '{words[i]}'", BrokerForm);
            }

            string Value() => glued ?? (++i < words.Count ? words[i] : throw new ConfigException($"{word} needs a value", BrokerForm));
        }
        var source = ConfigSource.Of(sshConfig);
        var profiles = new Profiles(machine, broker.ConfigFile);
        return broker with { Load = Load, ForServer = server => OfHost(server, lines, machine, source) with { Id = server, ConnectOnStartup = false } };

        BrokerConfig Load()
        {
            var config = profiles.ToBroker();
            return config with { Profiles = [.. config.Profiles, .. hosts.Select(host => OfHost(host, lines, machine, source))] };
        }
    }

    /// <summary><c>culvert ctl …</c>: options may stand before and behind the verb.</summary>
    /// <exception cref="ConfigException">It can't be meant.</exception>
    public static Invocation Control(IReadOnlyList<string> words)
    {
        var (control, verb) = (new Invocation.Control([]), new List<string>());
        for (var i = 0; i < words.Count; i++)
        {
            switch (words[i])
            {
                // What follows is for the broker that's started.
                case "start" when verb.Count == 0 && words.ElementAtOrDefault(i + 1) is not ("-h" or "--help"): return control with { Words = [.. words.Skip(i)] };
                case "-h" or "--help": return new Invocation.Text(ControlVerbs.Help(verb.FirstOrDefault()));
                case ['-', '-', .. var option] when option.StartsWith("socket=", StringComparison.Ordinal) || option.StartsWith("broker-address=", StringComparison.Ordinal): control = control with { Socket = option[(option.IndexOf('=', StringComparison.Ordinal) + 1)..] }; break;
                case "-V" or "--version" when verb.Count == 0: return new Invocation.Version();
                case "-a" or "--socket" or "--broker-address": control = control with { Socket = ++i < words.Count ? words[i] : throw new ConfigException("--socket needs a value", "name the broker's control socket") }; break;
                case "--json": control = control with { Json = true }; break;
                case "-s" or "--short": control = control with { Short = true }; break;
                case "-w" or "--wide": control = control with { Wide = true }; break;
                case "-q" or "--quiet": control = control with { Quiet = true }; break;
                case "--watch": control = control with { Watch = true }; break;
                default: verb.Add(words[i]); break;
            }
        }
        return verb.Count > 0 || control.Watch ? control with { Words = verb.Count > 0 ? verb : ["list-tunnel-listeners"] } : throw new ConfigException("ctl needs a verb", "culvert ctl --help lists the verbs");
    }

    /// <summary><c>culvert service install …</c>: behind <c>--</c> stands what the broker is started with. <c>service run</c> is what Windows' service control manager says.</summary>
    /// <exception cref="ConfigException">It can't be meant.</exception>
    public static Invocation Service(string[] words, Machine machine)
    {
        const string form = "the form is culvert service install|uninstall [--system] [--print] [-- broker options]; on Windows there are start, stop and status too";
        if (words is ["-h" or "--help", ..])
            return new Invocation.Help();
        if (words is ["run", .. var own])
            return Broker(own, machine) is Invocation.Broker broker ? broker with { IsWindowsService = true } : new Invocation.Help();
        if (words is not [var word, .. var rest] || !Enum.TryParse<ServiceVerb>(word, ignoreCase: true, out var verb) || word.Any(c => !char.IsAsciiLetterLower(c)))
            throw new ConfigException("service knows install and uninstall", form);
        var options = rest.TakeWhile(word => word != "--").ToList();
        if (options.Find(option => option is not ("--system" or "--user" or "--print")) is { } unknown)
            throw new ConfigException($"service {word} doesn't take '{unknown}'", form);
        if (verb != ServiceVerb.Install && (rest.Length > options.Count || options.Contains("--print")))
            throw new ConfigException($"service {word} takes no --print and no broker options", form);
        return new Invocation.Service(verb, options.Contains("--system"), options.Contains("--print"), [.. rest.Skip(options.Count + 1)]);
    }

    // A host of ssh_config as a profile that connects at the start: who has that file needs no other.
    private static ProfileConfig OfHost(string host, List<string> lines, Machine machine, ConfigSource source)
    {
        var builder = new ConfigBuilder(machine);
        foreach (var line in lines)
            builder.SetLine(line);
        var server = HostSpec.Parse(host);
        return new ProfileConfig(server.Host, ResolvedConfig.Read(builder, server, source).ForUse()) { ConnectOnStartup = true };
    }

    private static int Port(string word) => int.TryParse(word, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535
        ? port
        : throw new ConfigException($"'{word}' isn't a port from 1 to 65535", BrokerForm);

    private static AuditFormat Format(string word) => word switch
    {
        "text" => AuditFormat.Text,
        "json" => AuditFormat.Json,
        "journal" => AuditFormat.Journal,
        _ => throw new ConfigException($"a log is text, json or journal, not '{word}'", BrokerForm),
    };
}
