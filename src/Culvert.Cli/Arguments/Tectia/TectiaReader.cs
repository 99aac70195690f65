using System.Globalization;
using Culvert.Broker.Config;
using Culvert.Ssh.Crypto;

namespace Culvert.Cli.Arguments;

/// <summary>Reads a command line of <c>sshg3</c>: its options become the same settings as everywhere.</summary>
internal static class TectiaReader
{
    private const string Shape = "the form is sshg3 -L ftp/1234:localhost:21 user@sshserver";

    /// <summary>What the words ask for.</summary>
    /// <exception cref="ConfigException">They, or a file, can't be meant: a usage error.</exception>
    public static Invocation Read(IReadOnlyList<string> words, Machine machine)
    {
        var split = TectiaWords.Split(words);
        var builder = new ConfigBuilder(machine);
        var wish = new Wish();
        foreach (var (name, value) in split.Options)
        {
            if (Answer(name, value) is { } answer)
                return answer;
            Take(name, value, builder, wish, machine);
        }
        if (split.Host is null)
            throw new ConfigException("no host given", Shape);
        return Complete(split, builder, wish, machine);
    }

    // Options whose answer is a text.
    private static Invocation? Answer(string name, string value) => (name, value) switch
    {
        ("-h", _) => new Invocation.Text(TectiaHelp.Page),
        ("-V", _) => new Invocation.Version(),
        ("-c", "help") => Names(AlgorithmPreferences.Default.Ciphers),
        ("-m", "help") => Names(AlgorithmPreferences.Default.Macs),
        ("-u", "help") => Names(AlgorithmPreferences.Default.KeyExchange),
        ("-j", "help") => Names(AlgorithmPreferences.Default.HostKey),
        ("--compressions", "help") => Names(["none", "zlib"]),
        _ => null,
    };

    private static Invocation.Text Names(IReadOnlyList<string> names) => new(string.Join('\n', names));

    private static void Take(string name, string value, ConfigBuilder builder, Wish wish, Machine machine)
    {
        switch (name)
        {
            case "-L": wish.Forwards.Local(value); break;
            case "-R": wish.Forwards.Remote(value); break;
            case "-g": wish.Forwards.Gateway(true); break;
            case "+g": wish.Forwards.Gateway(false); break;
            case "-S": wish.NoSession = true; break;
            case "+S": wish.NoSession = false; break;
            case "-f": wish.Background = true; break;
            case "--abort-on-failing-tunnel": wish.AbortOnFailingTunnel = true; break;
            case "-n": wish.NoInput = true; break;
            case "-t": wish.Terminal = TerminalWish.Always; break;
            case "-s": wish.Subsystem = value; break;
            case "-e": wish.Escape = Escape(value); break;
            case "-v": wish.Verbosity = wish.Verbosity < Verbosity.Debug1 ? Verbosity.Debug1 : (Verbosity)Math.Min((int)wish.Verbosity + 1, (int)Verbosity.Debug3); break;
            case "-D": wish.Verbosity = Level(value); break;
            case "-q": wish.Verbosity = Verbosity.Error; break;
            case "-z": wish.LogFile = value; break;
            case "-F": wish.ConfigFile = value; break;
            case "+w": wish.TryEmptyPassword = true; break;
            case "-o": Option(value, builder, wish); break;
            case "-P": Password(value, builder); break;
            case "--remote-environment": wish.Environment.Add(Variable(value, value => value)); break;
            case "--remote-environment-format": wish.Environment.Add(Variable(value, value => value.Replace("%U", machine.UserName, StringComparison.Ordinal))); break;
            case "-i":
                foreach (var key in IdentificationFile.Read(value, machine))
                    builder.Set("IdentityFile", key);
                break;
            default:
                var (keyword, setting) = Setting(name, value);
                builder.Set(keyword, setting);
                break;
        }
    }

    // Options that are settings under another name.
    private static (string Keyword, string Value) Setting(string name, string value) => name switch
    {
        "-B" => ("BatchMode", "yes"),
        "-C" => ("Compression", "no"),
        "+C" => ("Compression", "yes"),
        "--compressions" => ("Compression", value.Split(',').Contains("zlib", StringComparer.OrdinalIgnoreCase) ? "yes" : "no"),
        "-c" => ("Ciphers", TectiaAlgorithms.InStandardNames(value)),
        "-m" => ("MACs", TectiaAlgorithms.InStandardNames(value)),
        "-u" => ("KexAlgorithms", TectiaAlgorithms.InStandardNames(value)),
        "-j" => ("HostKeyAlgorithms", TectiaAlgorithms.InStandardNames(value)),
        "-K" => ("IdentityFile", value),
        "-l" => ("User", value),
        "-p" => ("Port", value),
        "-4" => ("AddressFamily", "inet"),
        "-6" => ("AddressFamily", "inet6"),
        "--kip" => ("PreferredAuthentications", "keyboard-interactive,password"),
        "--aa" => ("PreferredAuthentications", value.ToLowerInvariant()),
        "--keep-alive" => ("ServerAliveInterval", Seconds(name, value, 0)),
        "--tcp-connect-timeout" => ("ConnectTimeout", Seconds(name, value, 1)),
        "--hostkey-policy" => ("StrictHostKeyChecking", value.ToUpperInvariant() switch
        {
            "ASK" => "ask",
            "STRICT" => "yes",
            "TOFU" => "accept-new",
            "ADVISORY" => "no",
            _ => throw new ConfigException($"Bad host key policy '{value}'", "say ask, strict, tofu or advisory"),
        }),
        _ => (OwnSettings[name], value),
    };

    private static readonly Dictionary<string, string> OwnSettings = ConfigBuilder.OwnSettings.ToDictionary(Syntax.OptionOf, StringComparer.Ordinal);

    // sshg3 takes a few settings of older clients here; those of ssh_config and ours are taken, too.
    private static void Option(string value, ConfigBuilder builder, Wish wish)
    {
        var words = value.Split(['=', ' ', '\t'], 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (words is not [var keyword, var setting])
            throw new ConfigException($"Bad option '{value}'", "the form is -o Keyword=value");
        switch (keyword.ToUpperInvariant())
        {
            case "PIDFILE":
                wish.ProcessIdFile = setting;
                break;
            case "ALLOWEDAUTHENTICATIONS":
                builder.Set("PreferredAuthentications", setting.ToLowerInvariant());
                break;
            case "FORWARDX11" when setting.Equals("yes", StringComparison.OrdinalIgnoreCase):
                throw new ConfigException($"option -o {value} is not supported", TectiaOptions.Find("+x")!.Note);
            case "FORWARDAGENT" when setting.Equals("yes", StringComparison.OrdinalIgnoreCase):
                throw new ConfigException($"option -o {value} is not supported", TectiaOptions.Find("+a")!.Note);
            default:
                builder.SetLine(value);
                break;
        }
    }

    // What stands on a command line can be read by every user of the machine.
    private static void Password(string value, ConfigBuilder builder)
    {
        const string FileScheme = "file://", ProgramScheme = "extprog://";
        if (value.StartsWith(FileScheme, StringComparison.OrdinalIgnoreCase))
            builder.Set("CulvertPasswordFile", value[FileScheme.Length..]);
        else if (value.StartsWith(ProgramScheme, StringComparison.OrdinalIgnoreCase))
            builder.Set("CulvertPasswordProgram", value[ProgramScheme.Length..]);
        else
            throw new ConfigException("a password on the command line can be read by every user of this machine", "write it into a file that you alone may read and say -P file://FILE (a port is -p)");
    }

    private static Invocation.Tunnels Complete(TectiaWords split, ConfigBuilder builder, Wish wish, Machine machine)
    {
        wish.Forwards.AddTo(builder);
        builder.Set("ExitOnForwardFailure", wish.AbortOnFailingTunnel ? "yes" : "no");
        builder.SetVerbosity(wish.Verbosity);
        var profile = new Profiles(machine, null).Find(split.Host!, mustBe: false);
        var connection = profile?.Connection(builder) ?? ResolvedConfig.Read(builder, HostSpec.Parse(split.Host!), ConfigSource.Of(wish.ConfigFile)).ForUse();
        var command = wish.Subsystem ?? (split.Command.Count > 0 ? string.Join(' ', split.Command) : null);
        if (wish.Subsystem is not null && split.Command.Count > 0)
            throw new ConfigException($"unexpected word '{split.Command[0]}' after the host", "-s names a subsystem, which takes no command");
        if (wish.NoSession && command is not null)
            throw new ConfigException("a command needs a session", "leave -S out, or the command");
        // In the background a shell would have nobody to talk to.
        var hasSession = !wish.NoSession && !(wish.Background && command is null);
        if (!hasSession && connection.Tunnels.Count == 0 && connection.OtherForwards.Count == 0)
            throw new ConfigException("no tunnel given", $"without a session there is nothing to do; {Shape}");
        var session = new SessionConfig
        {
            Command = command,
            IsSubsystem = wish.Subsystem is not null,
            Terminal = wish.Terminal,
            Environment = profile?.SessionVariables(wish.Environment) ?? wish.Environment,
            EscapeCharacter = wish.Escape,
            NoInput = wish.NoInput || wish.Background,
        };
        return new Invocation.Tunnels(connection with { Session = hasSession ? session : null, TryEmptyPassword = wish.TryEmptyPassword }, wish.Background, wish.LogFile)
        {
            FailureCode = ExitCode.SessionFailure,
            ProcessIdFile = wish.ProcessIdFile,
            Notes = profile?.Notes ?? [],
            Profile = profile is { IsExclusive: false } && split.Options.All(option => option.Name == "-S") && !hasSession ? profile.Id : null,
        };
    }

    private static char? Escape(string value) => value switch
    {
        _ when value.Equals("none", StringComparison.OrdinalIgnoreCase) => null,
        [var one] when char.IsAscii(one) => one,
        ['^', >= '@' and <= '_' and var letter] => (char)(letter - '@'),
        ['^', >= 'a' and <= 'z' and var letter] => (char)(letter - 'a' + 1),
        _ => throw new ConfigException($"Bad escape character '{value}'", "say one character, ^ and a letter, or none"),
    };

    private static Verbosity Level(string value) => TectiaLevel.Find(value) ?? throw new ConfigException($"Bad debug level '{value}'", "say a number from 0 to 99");

    private static string Seconds(string name, string value, int least) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds >= least
            ? value
            : throw new ConfigException($"Bad value '{value}' for {name}", $"say a number of seconds from {least} up");

    private static KeyValuePair<string, string> Variable(string text, Func<string, string> expand)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 ? new(text[..equals], expand(text[(equals + 1)..])) : throw new ConfigException($"Bad variable '{text}'", "the form is NAME=VALUE");
    }

    /// <summary>What isn't a setting of the connection.</summary>
    private sealed class Wish
    {
        public TectiaForwards Forwards { get; } = new();
        public List<KeyValuePair<string, string>> Environment { get; } = [];
        public bool NoSession { get; set; }
        public bool Background { get; set; }
        public bool AbortOnFailingTunnel { get; set; }
        public bool NoInput { get; set; }
        public bool TryEmptyPassword { get; set; }
        public TerminalWish Terminal { get; set; }
        public string? Subsystem { get; set; }
        public char? Escape { get; set; } = '~';
        public Verbosity Verbosity { get; set; } = Verbosity.Info;
        public string? LogFile { get; set; }
        public string? ConfigFile { get; set; }
        public string? ProcessIdFile { get; set; }
    }
}
