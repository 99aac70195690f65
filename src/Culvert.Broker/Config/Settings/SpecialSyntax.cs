using System.Globalization;

namespace Culvert.Broker.Config;

/// <summary>Values that only one keyword has. Most of them mean nothing here: they're checked as OpenSSH checks them, and printed as it prints them.</summary>
internal static class SpecialSyntax
{
    private static readonly string[] Facilities =
        ["DAEMON", "USER", "AUTH", "AUTHPRIV", "LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3", "LOCAL4", "LOCAL5", "LOCAL6", "LOCAL7"];

    // Names of IP's type of service, and their numbers (RFC 2474, RFC 1349); the first of a number is printed.
    private static readonly (string Name, int Value)[] Services =
    [
        ("none", int.MaxValue), ("af11", 0x28), ("af12", 0x30), ("af13", 0x38), ("af21", 0x48), ("af22", 0x50), ("af23", 0x58), ("af31", 0x68), ("af32", 0x70),
        ("af33", 0x78), ("af41", 0x88), ("af42", 0x90), ("af43", 0x98), ("cs0", 0), ("cs1", 0x20), ("cs2", 0x40), ("cs3", 0x60), ("cs4", 0x80), ("cs5", 0xa0),
        ("cs6", 0xc0), ("cs7", 0xe0), ("ef", 0xb8), ("le", 0x04), ("lowdelay", 0x10), ("throughput", 0x08), ("reliability", 0x04),
    ];

    /// <summary>How much is said.</summary>
    public static ValueSyntax<Verbosity> LogLevel { get; } = new(
        a => a.Next() is var text && Levels.Read(text) is { } level ? level : throw new ConfigException($"unsupported log level '{text ?? "<NONE>"}'", "say QUIET, FATAL, ERROR, INFO, VERBOSE, DEBUG, DEBUG2 or DEBUG3"),
        level => [Levels.Name(level)]);

    /// <summary>The agent's socket: a path, <c>none</c>, SSH_AUTH_SOCK, or a variable that names it.</summary>
    public static ValueSyntax<string?> AgentSocket { get; } = new(a => Socket(a, a.Required()), text => text is null ? [] : [text]);

    /// <summary>yes, no, or a socket.</summary>
    public static ValueSyntax<string> ForwardAgent { get; } = Text(a => a.Required("missing argument.") is var text && Yes(text) is { } flag ? flag : Socket(a, text));

    /// <summary>md5, sha1, sha256 …</summary>
    public static ValueSyntax<string> FingerprintHash { get; } = Text(a => a.Required() is var text && text.ToUpperInvariant() is "MD5" or "SHA1" or "SHA256" or "SHA384" or "SHA512"
        ? text.ToUpperInvariant()
        : throw new ConfigException($"Invalid hash algorithm \"{text}\".", "say sha256"));

    /// <summary>Several places on one line.</summary>
    public static ValueSyntax<PermittedDestinations> Destinations { get; } = new(
        a => a.All() is { Count: > 0 } words ? PermittedDestinations.Read(words) : throw new ConfigException("missing permitremoteopen specification", "name host:port"),
        permitted => [permitted.ToString()]);

    /// <summary>Domains in which short names are sought.</summary>
    public static ValueSyntax<string> Domains { get; } = Text(a => string.Join(' ', ValueSyntax.Files.Read(a) ?? ["none"]).ToLowerInvariant());

    /// <summary>Patterns of variables' names, a line each.</summary>
    public static ValueSyntax<IReadOnlyList<string>> VariableNames { get; } = new(
        a => [.. a.All().Select(name => name.Contains('=', StringComparison.Ordinal) ? throw new ConfigException("Invalid environment name.", "SendEnv takes names only") : name)], names => names);

    /// <summary>Variables with values, a line each.</summary>
    public static ValueSyntax<IReadOnlyList<string>> Variables { get; } = new(
        a => [.. a.All().Select(pair => pair.Contains('=', StringComparison.Ordinal) ? pair : throw new ConfigException("Invalid SetEnv.", "write NAME=value"))], pairs => pairs);

    /// <summary>yes, no, ask, confirm with or without a time, or a time.</summary>
    public static ValueSyntax<string> AddKeysToAgent { get; } = Text(a =>
    {
        var word = a.Required("missing argument.");
        var time = a.Next();
        return word.ToUpperInvariant() switch
        {
            "CONFIRM" when time is not null => $"confirm {Seconds(time, "invalid time value.")}",
            "CONFIRM" => "confirm",
            "YES" or "TRUE" when time is null => "true",
            "NO" or "FALSE" when time is null => "false",
            "ASK" when time is null => "ask",
            _ when time is null => Seconds(word, "unsupported option"),
            _ => throw new ConfigException("unsupported option", "say yes, no, ask, confirm or a time"),
        };
    });

    /// <summary>Numbers of tunnel devices here and there.</summary>
    public static ValueSyntax<string> TunnelDevice { get; } = Text(a =>
    {
        var text = a.Required();
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? $"{Device(text)}:any" : $"{Device(text[..colon])}:{Device(text[(colon + 1)..])}";

        static string Device(string end) => end.Equals("any", StringComparison.OrdinalIgnoreCase) ? "any"
            : Integers.Read(end, 0, int.MaxValue - 3, out var number) is null ? number.ToString(CultureInfo.InvariantCulture)
            : throw new ConfigException("Bad tun device.", "say numbers, or any");
    });

    /// <summary>Which names may be aliases of which.</summary>
    public static ValueSyntax<string> AliasRules { get; } = Text(a => string.Join(' ', (ValueSyntax.Files.Read(a) ?? ["none"]).Select(rule => rule switch
    {
        "*" => "*:*",
        _ when ValueSyntax.IsNone(rule) => "none",
        _ when rule.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon && colon < rule.Length - 1 => rule.ToLowerInvariant(),
        _ => throw new ConfigException($"Invalid permitted CNAME \"{rule.ToLowerInvariant()}\"", "write names:targets"),
    })));

    /// <summary>yes, no or a time.</summary>
    public static ValueSyntax<string> ControlPersist { get; } = Text(a => a.Required("Missing ControlPersist argument.") is var text && Yes(text) is { } flag
        ? flag
        : Seconds(text, "Bad ControlPersist argument.") is "0" ? "yes" : Seconds(text, ""));

    /// <summary>One character, ^ and a letter, or none.</summary>
    public static ValueSyntax<string> EscapeCharacter { get; } = Text(a => a.Required() switch
    {
        "none" => "none",
        [var only] => only.ToString(),
        ['^', >= '@' and < '\x7f' and var letter] => "\\^" + (char)((letter & 31) + '@'),
        _ => throw new ConfigException("Bad escape character.", "say one character, ^ and a letter, or none"),
    });

    /// <summary>One or two kinds of service.</summary>
    public static ValueSyntax<string> QualityOfService { get; } = Text(a =>
    {
        var interactive = Service(a.Next());
        return a.Left == 0 ? $"{interactive} {interactive}" : $"{interactive} {Service(a.Next())}";
    });

    /// <summary>An octal mask.</summary>
    public static ValueSyntax<string> Mask { get; } = Text(a =>
    {
        var text = a.Required("Missing StreamLocalBindMask argument.");
        return text.All(c => c is >= '0' and <= '7') && text.Length <= 10 && Convert.ToInt64(text, 8) is <= 511 and var mask
            ? "0" + (mask == 0 ? "" : Convert.ToString(mask, 8))
            : throw new ConfigException("Bad mask.", "say an octal number up to 0777");
    });

    /// <summary>A facility of syslog.</summary>
    public static ValueSyntax<string> Facility { get; } = Text(a => a.Next() is var text && Facilities.Contains(text?.ToUpperInvariant())
        ? text!.ToUpperInvariant()
        : throw new ConfigException($"unsupported log facility '{text}'", "say USER, DAEMON, AUTH or LOCAL0 to LOCAL7"));

    private static ValueSyntax<string> Text(Func<Arguments, string> read) => new(read, text => [text]);

    private static string? Yes(string text) => text.ToUpperInvariant() switch { "YES" or "TRUE" => "yes", "NO" or "FALSE" => "no", _ => null };

    private static string Seconds(string text, string complaint) =>
        Integers.Time(text) is { } time ? ValueSyntax.Seconds(time) : throw new ConfigException(complaint, "say a time such as 90s or 5m");

    private static string Service(string? text)
    {
        var named = Array.FindIndex(Services, service => service.Name.Equals(text, StringComparison.OrdinalIgnoreCase));
        var isHex = text?.StartsWith("0x", StringComparison.OrdinalIgnoreCase) == true;
        var number = named >= 0 ? Services[named].Value
            : int.TryParse(isHex ? text.AsSpan(2) : text, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var said) && said is >= 0 and <= 255 ? said
            : throw new ConfigException($"Bad IPQoS value: {text}", "ssh_config(5) lists the names");
        var name = Array.Find(Services, service => service.Value == number).Name;
        return name ?? string.Create(CultureInfo.InvariantCulture, $"0x{number:x2}");
    }

    private static string Socket(Arguments arguments, string text)
    {
        try
        {
            _ = Tokens.Variables(text, arguments.Machine);
        }
        catch (ConfigException e)
        {
            throw new ConfigException($"Invalid environment expansion {text}.", $"{e.Message}: {e.Hint}");
        }
        return text is ['$', not '{', ..] or "$" && !(text.Length > 1 && text[1..].All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            ? throw new ConfigException($"Invalid environment name {text}.", "a variable's name has letters, digits and _")
            : text;
    }

    private static class Levels
    {
        private static readonly (string Name, Verbosity Value)[] All =
        [
            ("QUIET", Verbosity.Quiet), ("FATAL", Verbosity.Fatal), ("ERROR", Verbosity.Error), ("INFO", Verbosity.Info), ("VERBOSE", Verbosity.Verbose),
            ("DEBUG", Verbosity.Debug1), ("DEBUG1", Verbosity.Debug1), ("DEBUG2", Verbosity.Debug2), ("DEBUG3", Verbosity.Debug3),
            ("SILENT", Verbosity.Quiet), // Debian's
        ];

        public static Verbosity? Read(string? text) =>
            Array.FindIndex(All, level => level.Name.Equals(text, StringComparison.OrdinalIgnoreCase)) is >= 0 and var at ? All[at].Value : null;

        public static string Name(Verbosity verbosity) => Array.Find(All, level => level.Value == verbosity).Name;
    }
}
