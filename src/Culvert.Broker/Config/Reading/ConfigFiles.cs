namespace Culvert.Broker.Config;

/// <summary>Which files are read.</summary>
public sealed record ConfigSource
{
    private ConfigSource(string? path, bool isNone) => (Path, IsNone) = (path, isNone);

    /// <summary>The user's <c>~/.ssh/config</c>, then the machine's <c>ssh_config</c>.</summary>
    public static ConfigSource Usual { get; } = new(null, false);

    /// <summary>No file.</summary>
    public static ConfigSource None { get; } = new(null, true);

    /// <summary>One file instead of the usual ones.</summary>
    public string? Path { get; }

    /// <summary>Whether no file is read.</summary>
    public bool IsNone { get; }

    /// <summary>What <c>-F</c> says; null when it wasn't said.</summary>
    public static ConfigSource Of(string? path) => path is null ? Usual : ValueSyntax.IsNone(path) ? None : new(path, false);
}

/// <summary>Reads OpenSSH's configuration files into a builder: which lines count is decided by Host and Match, and Include brings in other files.
/// All mistakes of a file are told before it is refused, in OpenSSH's words.</summary>
/// <param name="builder">Takes the lines.</param>
/// <param name="typedHost">The server as it was typed.</param>
/// <param name="isFinal">The second reading, when the host's name is settled.</param>
internal sealed class ConfigFiles(ConfigBuilder builder, string typedHost, bool isFinal)
{
    /// <summary>As in OpenSSH: files that include each other end somewhere.</summary>
    private const int DeepestInclude = 16;

    private readonly Machine _machine = builder.Machine;
    private readonly List<string> _told = [];

    /// <summary>Whether <c>Match final</c> asked for a second reading.</summary>
    public bool WantsFinal { get; private set; }

    // In the second reading Host and Match see the name that the first one has found.
    private string Host => isFinal ? builder.Draft.Connection.ConnectHost : typedHost;

    /// <summary>Reads the files.</summary>
    /// <exception cref="ConfigException">A file that can't be used: <see cref="ConfigException.IsOfFile"/>.</exception>
    public void Read(ConfigSource source)
    {
        if (source.IsNone)
            return;
        if (source.Path is { } path)
        {
            if (_machine.Read(path) is { Lines: null, Problem: var problem })
                throw new ConfigException([$"Can't open user config file {path}: {problem}"], "name a file that can be read, or none") { IsOfFile = true };
            Read(path, Origin.UserFile, mustBeSafe: false, isActive: true, depth: 0);
            return;
        }
        // A file that can't be read is none: so does OpenSSH.
        Read(_machine.Home.TrimEnd('/') + "/.ssh/config", Origin.UserFile, mustBeSafe: true, isActive: true, depth: 0);
        Read(_machine.SystemFolder + "/ssh_config", Origin.SystemFile, mustBeSafe: _machine.AnybodyMakesSystemFolders, isActive: true, depth: 0);
    }

    private ConfigText Read(string path, Origin origin, bool mustBeSafe, bool isActive, int depth)
    {
        if (depth > DeepestInclude)
            throw Refused("Too many recursive configuration includes", "a file includes itself");
        var text = _machine.Read(path);
        if (text.Lines is null)
            return text;
        if (mustBeSafe && !text.IsSafe)
            throw Refused($"Bad owner or permissions on {path}", "others may write what you connect to: " + (_machine.AnybodyMakesSystemFolders ? "let nobody else have the right to" : $"chmod 600 {path}, and own it"));

        var canMatch = isActive;
        var mistakes = 0;
        string? hint = null;
        for (var i = 0; i < text.Lines.Count; i++)
        {
            var place = new Directive(path, i + 1, "", "", []);
            try
            {
                if (Directive.Read(path, i + 1, text.Lines[i]) is { } directive)
                    isActive = Take(directive, origin, isActive, canMatch, depth);
            }
            catch (ConfigException e) when (!e.IsOfFile)
            {
                _told.AddRange(e.Message.Contains(path, StringComparison.Ordinal) ? e.Lines : place.At(e).Lines);
                hint = e.Hint;
                mistakes++;
            }
        }
        return mistakes == 0 ? text : throw Refused($"{path}: terminating, {mistakes} bad configuration options", mistakes == 1 ? hint : null);
    }

    // Whether the lines that follow count.
    private bool Take(Directive directive, Origin origin, bool isActive, bool canMatch, int depth)
    {
        switch (directive.Keyword)
        {
            case "host" when directive.Words is { } patterns:
                return MatchesHost(directive, patterns, canMatch);
            case "match" when directive.Words is not null:
                return MatchLine().IsMet(directive, mayRun: canMatch) && canMatch;
            case "include" when directive.Words is { } paths:
                foreach (var path in paths)
                    Include(directive, path, origin, isActive, depth);
                return isActive;
            case "host" or "match" or "include":
                throw directive.At(new ConfigException("invalid quotes", "close the quotation mark"));
            default:
                builder.TakeOrTell(directive, origin, isActive);
                return isActive;
        }
    }

    private bool MatchesHost(Directive directive, IReadOnlyList<string> patterns, bool canMatch)
    {
        var matches = false;
        foreach (var pattern in patterns)
        {
            if (pattern.Length == 0)
                throw directive.At(new ConfigException("keyword host empty argument", "take the empty quotes away"));
            if (!canMatch || (pattern[0] == '!' && Patterns.Matches(Host, pattern.AsSpan(1))))
                return false;
            matches |= pattern[0] != '!' && Patterns.Matches(Host, pattern);
        }
        return matches;
    }

    private MatchLine MatchLine()
    {
        var connection = builder.Draft.Connection;
        var host = isFinal || connection.HostName is null ? Host : Tokens.HostName(connection.HostName, typedHost);
        return new MatchLine(_machine)
        {
            Host = host,
            TypedHost = typedHost,
            Port = connection.Port,
            RemoteUser = connection.User ?? _machine.UserName,
            KeyAlias = connection.HostKeyAlias ?? host,
            Tag = builder.Draft.Tag,
            IsFinal = isFinal,
            FinalWanted = () => WantsFinal = true,
        };
    }

    private void Include(Directive directive, string path, Origin origin, bool isActive, int depth)
    {
        if (path.Length == 0)
            throw directive.At(new ConfigException("keyword include empty argument", "take the empty quotes away"));
        if (path[0] == '~' && origin == Origin.SystemFile)
            throw directive.At(new ConfigException($"bad include path {path}.", "the machine's file serves every user: write the path in full"));
        var pattern = path[0] is '/' or '~' || Path.IsPathFullyQualified(path) ? path : (origin == Origin.SystemFile ? _machine.SystemFolder : "~/.ssh") + "/" + path;
        foreach (var file in PathPattern.Find(pattern, _machine))
        {
            if (Read(file, origin, mustBeSafe: true, isActive, depth + 1) is { Lines: null, IsMissing: false, Problem: var problem })
                throw new ConfigException([$"Can't open user config file {file}: {problem}"], "let it be read, or don't include it");
        }
    }

    private ConfigException Refused(string last, string? hint) => new([.. _told, last], hint) { IsOfFile = true };
}
