using System.CommandLine;
using System.CommandLine.Parsing;
using Culvert.Broker.Config;
using Culvert.Net;

namespace Culvert.Cli.Arguments;

/// <summary>Reads a command line, and the configuration files that belong to it. Pure but for what it is told of the machine.</summary>
internal static class CommandLineReader
{
    private static readonly string[] Verbs = ["help", "broker", "ctl", "connect", "service", "config", "demo", "install-names"];

    /// <summary>What the words ask for.</summary>
    /// <param name="words">The command line, without the program's name.</param>
    /// <param name="machine">Where it was typed.</param>
    /// <exception cref="ConfigException">They, or a file, can't be meant: a usage error.</exception>
    public static Invocation Read(IReadOnlyList<string> words, Machine machine)
    {
        // Only the very first word can be a verb; a host of that name is reached by --host or after --.
        switch (words.Count > 0 ? words[0] : "")
        {
            case "help":
                return new Invocation.Help();
            case "broker":
                return BrokerReader.Broker([.. words.Skip(1)], machine);
            case "ctl":
                return BrokerReader.Control([.. words.Skip(1)]);
            case "connect":
                return BrokerReader.Control(words);
            case "service":
                return BrokerReader.Service([.. words.Skip(1)], machine);
            case "config":
                return ReadConfig([.. words.Skip(1)], machine);
            case "demo":
                return ReadDemo([.. words.Skip(1)]);
            case "install-names":
                return words is [_, { Length: > 0 } folder] && folder[0] != '-'
                    ? new Invocation.InstallNames(folder)
                    : throw new ConfigException("install-names takes a folder", "the form is culvert install-names DIR; it makes links there by the names of SSH Tectia's programs");
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
        return Understand(Occurrences(parsed), parsed.GetValue(syntax.Words)!, machine);
    }

    /// <summary>The word that may be a profile which a running broker alone knows: nothing else was said, and it can't be a host with its user, port or path.</summary>
    /// <param name="words">The command line, without the program's name.</param>
    /// <returns>Null: there is none.</returns>
    public static string? MayBeBrokersProfile(IReadOnlyList<string> words) => words switch
    {
        ["--profile", { Length: > 0 } profile] => profile,
        [{ Length: > 0 } word] when word[0] != '-' && !Verbs.Contains(word) && !word.AsSpan().ContainsAny("@#:/") => word,
        _ => null,
    };

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

    private static Invocation Understand(IEnumerable<(string Name, string Value)> options, string[] words, Machine machine)
    {
        var builder = new ConfigBuilder(machine);
        var (background, prints, jumps, isPlain) = (false, false, 0, true);
        Verbosity? verbosity = null;
        var debugs = false;
        string? logFile = null, forcedHost = null, profile = null, configFile = null, brokerFile = null;
        Endpoint? stdio = null;
        foreach (var (name, value) in options)
        {
            isPlain &= name == "--profile";
            if (Syntax.Settings.TryGetValue(name, out var keyword))
            {
                if (name == "-J" && jumps++ > 0)
                    throw new ConfigException("Only a single -J option is permitted (use commas to separate multiple jump hops)", "-J first,second");
                Set(builder, keyword, value, name);
                continue;
            }
            if (Syntax.Flags.TryGetValue(name, out var flag))
            {
                Set(builder, flag.Keyword, flag.Value, name);
                continue;
            }
            switch (name)
            {
                case "-h" or "--help": return new Invocation.Help();
                case "-V" or "--version": return new Invocation.Version();
                case "-o": builder.SetLine(value); break;
                case "-v":
                    verbosity = debugs && verbosity is { } before ? (Verbosity)Math.Min((int)before + 1, (int)Verbosity.Debug3) : Verbosity.Debug1;
                    debugs = true;
                    break;
                case "-q": verbosity = Verbosity.Quiet; break;
                case "-f": background = true; break;
                case "-G": prints = true; break;
                case "-E": logFile = value; break;
                case "-F": configFile = value; break;
                case "-Q": return new Invocation.Print(AlgorithmQuery.Answer(value));
                case "-W": stdio = ReadStdio(stdio, value); break;
                case "--host": forcedHost ??= value; break;
                case "--profile": profile ??= value; break;
                case "--config": brokerFile ??= value; break;
            }
        }
        if ((profile ?? forcedHost) is { } forced)
            words = [forced, .. words];
        if (words.Length == 0)
            throw new ConfigException("no host given", "the form is culvert -L ftp/1234:localhost:21 user@sshserver");
        if (words.Length > 1)
            throw new ConfigException($"unexpected word '{words[1]}' after the host", "culvert runs no remote command; put options before the host and commands to ssh");
        if (stdio is not null)
        {
            // As ssh -W has it: nothing else is forwarded, unless somebody says so.
            builder.Imply("ClearAllForwardings", "yes");
            builder.Imply("ExitOnForwardFailure", "yes");
        }
        if (verbosity is { } said)
            builder.SetVerbosity(said);
        if (forcedHost is null && new Profiles(machine, brokerFile).Find(words[0], mustBe: profile is not null) is { } found)
        {
            return prints ? found.Print(builder) : Wanted(found.Connection(builder), stdio, background, logFile) switch
            {
                Invocation.Tunnels tunnels => tunnels with { Notes = found.Notes, Profile = isPlain && !found.IsExclusive ? found.Id : null },
                var other => other,
            };
        }
        var resolved = ResolvedConfig.Read(builder, HostSpec.Parse(words[0]), ConfigSource.Of(configFile));
        if (prints)
            return new Invocation.Print([.. resolved.Lines()]);
        return Wanted(resolved.ForUse(), stdio, background, logFile);
    }

    private static Invocation Wanted(ConnectionConfig connection, Endpoint? stdio, bool background, string? logFile)
    {
        if (stdio is { } to)
        {
            return connection.Tunnels.Count > 0 ? throw new ConfigException("-W takes no other forward", "start culvert a second time for the ports, or leave out ClearAllForwardings=no")
                : background ? throw new ConfigException("-W can't go to the background", "leave out -f: standard input and output are the connection")
                : new Invocation.Stdio(connection, to, logFile);
        }
        if (connection.Tunnels.Count == 0)
            throw new ConfigException("no forward given", "add one, for example -L ftp/1234:localhost:21 (an FTP client then connects to localhost, port 1234)");
        return new Invocation.Tunnels(connection, background, logFile);
    }

    private static Invocation ReadConfig(string[] words, Machine machine) => words switch
    {
        ["check", { Length: > 0 } file] => new Invocation.ConfigCheck(file),
        ["show", "--effective", { Length: > 0 } profile] => new Profiles(machine, null).Find(profile, mustBe: true)!.Print(new ConfigBuilder(machine)),
        ["show", "--effective", { Length: > 0 } profile, "-f" or "--config", { Length: > 0 } file] => new Profiles(machine, file).Find(profile, mustBe: true)!.Print(new ConfigBuilder(machine)),
        ["-h" or "--help"] => new Invocation.Help(),
        _ => throw new ConfigException("config knows check and show", "the forms are culvert config check FILE and culvert config show --effective PROFILE [--config FILE]; a host of that name is reached by --host config"),
    };

    private static Endpoint ReadStdio(Endpoint? before, string value) => before is null
        ? TunnelSpec.ParseStdio(value)
        : throw new ConfigException("stdio forward already specified", "-W can be said once: there is one standard input");

    private static void Set(ConfigBuilder builder, string keyword, string value, string name)
    {
        if (value.Length == 0)
            throw new ConfigException($"option requires an argument -- {name.TrimStart('-')}", "culvert --help shows what follows it");
        if (Syntax.LastCounts.Contains(name))
            builder.Override(keyword, value);
        else
            builder.Set(keyword, value);
    }
}
