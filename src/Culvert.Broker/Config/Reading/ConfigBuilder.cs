using Culvert.Ssh.Trust;

namespace Culvert.Broker.Config;

/// <summary>Collects settings in the order of their weight. As in OpenSSH the first value of a setting wins; forwards and key files add up. What is said
/// once for all tunnels is applied to each at the end.</summary>
/// <param name="machine">Where it happens.</param>
/// <remarks>Not thread-safe; for one reading.</remarks>
public sealed class ConfigBuilder(Machine machine)
{
    private const string CommandLine = "command-line";

    private readonly HashSet<string> _said = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<(string Keyword, string Value)> _implied = [];

    /// <summary>The settings that are Culvert's own, spelled as in documents; the forwards are not among them.</summary>
    public static IEnumerable<string> OwnSettings => Keywords.Own;

    /// <summary>What has been said so far.</summary>
    internal Draft Draft { get; private set; } = new();

    /// <summary>Where it happens.</summary>
    internal Machine Machine => machine;

    /// <summary>Another one that has taken the same so far.</summary>
    internal ConfigBuilder Copy()
    {
        var copy = new ConfigBuilder(machine) { Draft = Draft };
        copy._said.UnionWith(_said);
        copy._implied.AddRange(_implied);
        return copy;
    }

    /// <summary>Takes what an option says whose whole value is one word.</summary>
    /// <param name="keyword">A keyword of ssh_config or of ours, in any case.</param>
    /// <param name="value">Its value; blanks and quotes in it are its own.</param>
    /// <exception cref="ConfigException">Unknown, or a value that can't be meant.</exception>
    public void Set(string keyword, string value)
    {
        ArgumentNullException.ThrowIfNull(keyword);
        if (string.IsNullOrEmpty(value))
            throw new ConfigException("Missing argument.", $"{keyword} needs a value");
        Take(Directive.OfWord(keyword, value), Origin.Letter, isActive: true);
    }

    /// <summary>Takes a setting of a file that isn't ssh_config.</summary>
    /// <param name="keyword">A keyword of the table.</param>
    /// <param name="words">Its value, a word each.</param>
    /// <exception cref="ConfigException">A value that can't be meant.</exception>
    internal void SetWords(string keyword, IReadOnlyList<string> words) =>
        Take(new Directive("", 0, keyword.ToLowerInvariant(), string.Join(' ', words), words), Origin.UserFile, isActive: true);

    /// <summary>The same for the letters of which OpenSSH takes the last one, whatever was said before.</summary>
    /// <exception cref="ConfigException">A value that can't be meant.</exception>
    public void Override(string keyword, string value)
    {
        ArgumentNullException.ThrowIfNull(keyword);
        _said.Remove(keyword);
        Set(keyword, value);
    }

    /// <summary>The same for what an option implies as long as neither another one nor a file says otherwise.</summary>
    public void Imply(string keyword, string value) => _implied.Add((keyword, value));

    /// <summary>Takes a line of ssh_config from the command line (<c>-o</c>): <c>Key=Value</c>, <c>Key Value</c>, <c>Key = Value</c>.</summary>
    /// <exception cref="ConfigException">Unknown, or a value that can't be meant; the message says <c>command-line line 0</c>, as OpenSSH does.</exception>
    public void SetLine(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        var place = new Directive(CommandLine, 0, "", "", []);
        try
        {
            if (Directive.Read(CommandLine, 0, line) is not { } directive)
                return;
            if (directive.Keyword is "host" or "match" or "include")
                throw new ConfigException($"{directive.Keyword} directive not supported as a command-line option", "say the settings themselves, or put it into a file and name that with -F");
            if (directive.Keyword == "remotecommand" && !ValueSyntax.IsNone(directive.Rest))
                throw new ConfigException("RemoteCommand is not supported", "culvert opens no session; run the command with ssh");
            TakeOrTell(directive, Origin.Option, isActive: true);
        }
        catch (ConfigException e) when (!e.Message.StartsWith(CommandLine, StringComparison.Ordinal))
        {
            throw place.At(e);
        }
    }

    /// <summary>Takes how much is said, whatever else said it.</summary>
    public void SetVerbosity(Verbosity verbosity)
    {
        _said.Add("LogLevel");
        Draft = Draft with { Connection = Draft.Connection with { Verbosity = verbosity } };
    }

    /// <summary>All that could speak against what is implied has spoken.</summary>
    internal void SetImplied()
    {
        foreach (var (keyword, value) in _implied)
            Set(keyword, value);
    }

    /// <summary>Takes the server as it was typed: its user and port count unless settings said otherwise, and before all files.</summary>
    internal void SetServer(HostSpec server)
    {
        var connection = Draft.Connection with { Host = server.Host };
        if (server.User is { } user && _said.Add("User"))
            connection = connection with { User = user };
        if (server.Port is { } port && _said.Add("Port"))
            connection = connection with { Port = port };
        Draft = Draft with { Connection = connection };
    }

    /// <summary>Takes the way to the server, whatever files say of it.</summary>
    internal void SetJump(JumpChain chain)
    {
        _said.Add("Proxy");
        Draft = Draft with { Connection = Draft.Connection with { ProxyJump = chain } };
    }

    /// <summary>From here on the host is settled: files can't change it.</summary>
    internal void SetHostName(string host)
    {
        // Canonicalization is settled with it.
        _said.UnionWith(["HostName", "CanonicalizeHostname", "CanonicalizeMaxDots", "CanonicalizeFallbackLocal"]);
        Draft = Draft with { Connection = Draft.Connection with { HostName = host } };
    }

    /// <summary>Takes the password itself; no setting that can be typed says it.</summary>
    internal void SetPassword(Secret password) => Draft = Draft with { Connection = Draft.Connection with { Password = password } };

    /// <summary>Takes a key of the server's; no setting that can be typed says it.</summary>
    internal void AddHostKey(PinnedHostKey key) => Draft = Draft with { Connection = Draft.Connection with { PinnedHostKeys = [.. Draft.Connection.PinnedHostKeys, key] } };

    /// <summary>Takes whether banners are shown; no setting that can be typed says it.</summary>
    internal void SetBanners(bool shown) => Draft = Draft with { Connection = Draft.Connection with { ShowsBanners = Draft.Connection.ShowsBanners ?? shown } };

    /// <summary>Whether something has said where the password comes from.</summary>
    internal bool HasPassword => Draft.Connection is { Password: not null } or { PasswordFile: not null } or { PasswordProgram: not null } or { PasswordCredential: not null };

    /// <summary>Whether the setting has been given a value.</summary>
    internal bool Has(string keyword) => _said.Contains(keyword);

    /// <summary>Takes a line, and says where it stands when it is wrong.</summary>
    /// <param name="directive">The line; not Host, Match or Include.</param>
    /// <param name="origin">Where it was said.</param>
    /// <param name="isActive">Whether it counts for this server. It is read all the same: a mistake stays a mistake.</param>
    /// <exception cref="ConfigException">A mistake, in complete sentences.</exception>
    internal void TakeOrTell(Directive directive, Origin origin, bool isActive)
    {
        if (Keywords.Find(directive.Keyword) is null)
        {
            if (IsIgnored(directive.Keyword))
                {
                // Whom it is for or not, a line has whole quotes.
                _ = directive.Words ?? throw directive.At(OpenQuotes());
                return;
            }
            List<string> lines = [$"{directive.File}: line {directive.Line}: Bad configuration option: {directive.Keyword}"];
            if (directive.Words is null)
                lines.Add($"{directive.File} line {directive.Line}: invalid quotes");
            throw new ConfigException(lines, "culvert(1) and ssh_config(5) list what can be said; IgnoreUnknown lets a file keep what is for others");
        }
        if (directive.Words is null)
            throw directive.At(OpenQuotes());
        try
        {
            Take(directive, origin, isActive);
        }
        catch (ConfigException e)
        {
            throw directive.At(e);
        }
    }

    private static ConfigException OpenQuotes() => new("invalid quotes", "close the quotation mark");

    private void Take(Directive directive, Origin origin, bool isActive)
    {
        var keyword = Keywords.Find(directive.Keyword) ?? throw new ConfigException($"Bad configuration option: {directive.Keyword}");
        var arguments = new Arguments(directive, origin, machine);
        var change = keyword.Read(arguments);
        if (isActive && (keyword.AddsUp || !(_said.Contains(keyword.Slot) || _said.Contains(keyword.Name))))
        {
            Draft = change(Draft);
            if (!arguments.IsForgotten)
                _said.Add(arguments.IsOfItsOwn ? keyword.Name : keyword.Slot);
        }
        if (arguments.Left > 0)
            throw new ConfigException($"keyword {directive.Keyword} extra arguments at end of line", "put a value with blanks into quotes");
    }

    // IgnoreUnknown is there so that one file can serve several programs. Our own names are meant for this one: a slip in them stays a mistake.
    private bool IsIgnored(string keyword) => Draft.IgnoreUnknown is { } list
        && !keyword.StartsWith(Keywords.Ours, StringComparison.OrdinalIgnoreCase) && Patterns.MatchesListOfNames(keyword, list);
}
