using System.CommandLine;
using System.CommandLine.Parsing;
using Culvert.Broker.Config;

namespace Culvert.Cli.Arguments;

/// <summary>Reads a command line. Pure: it looks at no file and no environment.</summary>
internal static class CommandLineReader
{
    /// <summary>What the words ask for.</summary>
    /// <exception cref="ConfigException">They can't be meant: a usage error.</exception>
    public static Invocation Read(IReadOnlyList<string> words)
    {
        // Only the very first word can be a verb; a host of that name is reached by --host or after --.
        switch (words.Count > 0 ? words[0] : "")
        {
            case "help":
                return new Invocation.Help();
            case "demo":
                return ReadDemo([.. words.Skip(1)]);
        }
        var syntax = Syntax.Create();
        var parsed = syntax.Command.Parse(Getopt.Canonical(words), new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        // System.CommandLine lets a word that begins with a dash pass as an argument; behind -- it is one.
        foreach (var token in parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash))
        {
            if (token is { Type: TokenType.Argument, Value: ['-', '-', ..] } && parsed.GetValue(syntax.Words)!.Contains(token.Value))
                throw new ConfigException($"unknown option {token.Value}", "culvert --help lists the options");
        }
        if (parsed.Errors.Count > 0)
            throw new ConfigException(parsed.Errors[0].Message.TrimEnd('.'), "culvert --help lists the options");
        return Understand(Occurrences(parsed), parsed.GetValue(syntax.Words)!);
    }

    private static Invocation ReadDemo(IReadOnlyList<string> words)
    {
        var once = new Option<bool>("--once") { Arity = ArgumentArity.Zero };
        var help = new Option<bool>("--help", "-h") { Arity = ArgumentArity.Zero };
        var parsed = new Command("\0") { once, help }.Parse(words, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
            throw new ConfigException($"demo doesn't take '{words.First(word => word is not ("--once" or "--help" or "-h"))}'", "the form is culvert demo [--once]; a host of that name is reached by culvert --host demo");
        return parsed.GetValue(help) ? new Invocation.Help() : new Invocation.Demo(parsed.GetValue(once));
    }

    // The options in the order in which they stand: of two values for one setting the first wins, whatever their spelling.
    private static IEnumerable<(string Name, string Value)> Occurrences(ParseResult parsed)
    {
        var tokens = parsed.Tokens;
        for (var i = 0; i < tokens.Count && tokens[i].Type != TokenType.DoubleDash; i++)
        {
            if (tokens[i].Type == TokenType.Option)
                yield return (tokens[i].Value, i + 1 < tokens.Count && tokens[i + 1].Type == TokenType.Argument ? tokens[i + 1].Value : "");
        }
    }

    private static Invocation Understand(IEnumerable<(string Name, string Value)> options, string[] words)
    {
        var builder = new ConfigBuilder();
        var (debug, quiet, background) = (0, false, false);
        string? logFile = null, forcedHost = null;
        foreach (var (name, value) in options)
        {
            if (Syntax.Settings.TryGetValue(name, out var keyword))
            {
                Set(builder, keyword, value, name);
                continue;
            }
            if (Syntax.Flags.TryGetValue(name, out var flag))
            {
                builder.Set(flag.Keyword, flag.Value);
                continue;
            }
            switch (name)
            {
                case "-h" or "--help": return new Invocation.Help();
                case "-V" or "--version": return new Invocation.Version();
                case "-o": SetOption(builder, value); break;
                case "-v": debug++; break;
                case "-q": quiet = true; break;
                case "-f": background = true; break;
                case "-E": logFile ??= value; break;
                case "--host": forcedHost ??= value; break;
                case "-F" when !value.Equals("none", StringComparison.OrdinalIgnoreCase):
                    throw new ConfigException($"Can't open user config file {value}: not supported", "configuration files aren't read yet; use -F none and say each setting with -o");
            }
        }
        if (forcedHost is not null)
            words = [forcedHost, .. words];
        if (words.Length == 0)
            throw new ConfigException("no host given", "the form is culvert -L ftp/1234:localhost:21 user@sshserver");
        if (words.Length > 1)
            throw new ConfigException($"unexpected word '{words[1]}' after the host", "culvert runs no remote command; put options before the host and commands to ssh");
        var connection = builder.Build(HostSpec.Parse(words[0]));
        if (connection.Tunnels.Count == 0)
            throw new ConfigException("no forward given", "add one, for example -L ftp/1234:localhost:21 (an FTP client then connects to localhost, port 1234)");
        return new Invocation.Tunnels(Louder(connection, debug, quiet), background, logFile);
    }

    private static ConnectionConfig Louder(ConnectionConfig connection, int debug, bool quiet) => connection with
    {
        Verbosity = debug switch
        {
            0 when quiet => Verbosity.Quiet,
            0 => connection.Verbosity,
            1 => Verbosity.Debug1,
            2 => Verbosity.Debug2,
            _ => Verbosity.Debug3,
        },
    };

    private static void Set(ConfigBuilder builder, string keyword, string value, string name)
    {
        if (value.Length == 0)
            throw new ConfigException($"option requires an argument -- {name.TrimStart('-')}", "culvert --help shows what follows it");
        builder.Set(keyword, value);
    }

    // -o Key=Value, -o "Key Value", -o "Key = Value": OpenSSH reads each as a line of its configuration file, and says so in its errors.
    private static void SetOption(ConfigBuilder builder, string text)
    {
        var line = text.Trim();
        var end = line.AsSpan().IndexOfAny(" \t=");
        var keyword = end < 0 ? line : line[..end];
        var value = end < 0 ? "" : line[end..].TrimStart();
        if (value.StartsWith('='))
            value = value[1..].TrimStart();
        try
        {
            builder.Set(keyword, Unquoted(value));
        }
        catch (ConfigException e)
        {
            var message = e.Message.StartsWith("Bad configuration option", StringComparison.Ordinal) ? "command-line: line 0: " + e.Message
                : e.Message.Contains("forwarding specification", StringComparison.Ordinal) ? e.Message
                : "command-line line 0: " + e.Message;
            throw new ConfigException(message, e.Hint);
        }
    }

    // A value wholly in quotation marks; inner ones are the setting's own affair.
    private static string Unquoted(string value) =>
        value.Length >= 2 && value[0] == '"' && value.IndexOf('"', 1) == value.Length - 1 ? value[1..^1] : value;
}
