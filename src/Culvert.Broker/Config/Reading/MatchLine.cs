using System.Net;
using System.Net.Sockets;

namespace Culvert.Broker.Config;

/// <summary>The criteria of a Match line (ssh_config(5)), and what they are compared with.</summary>
/// <param name="machine">Knows the local user, and runs what <c>exec</c> names.</param>
internal sealed class MatchLine(Machine machine)
{
    private const string Manual = "the criteria are all, final, canonical, host, originalhost, user, localuser, localnetwork, tagged, exec, command, sessiontype and version";

    /// <summary>What <c>version</c> is compared with: lines for a version of OpenSSH aren't meant for us.</summary>
    private const string Version = "Culvert";

    /// <summary>Where the connection goes, as far as it is known.</summary>
    public required string Host { get; init; }

    /// <summary>The host as it was typed.</summary>
    public required string TypedHost { get; init; }

    /// <summary>The server's port.</summary>
    public required int Port { get; init; }

    /// <summary>The user there.</summary>
    public required string RemoteUser { get; init; }

    /// <summary>The name of the host's key.</summary>
    public required string KeyAlias { get; init; }

    /// <summary>What <c>Tag</c> or <c>-P</c> said; null: nothing.</summary>
    public string? Tag { get; init; }

    /// <summary>Whether this is the second reading.</summary>
    public bool IsFinal { get; init; }

    /// <summary>Told when a line asks for a second reading.</summary>
    public Action FinalWanted { get; init; } = () => { };

    /// <summary>Whether all criteria are met.</summary>
    /// <param name="directive">The line.</param>
    /// <param name="mayRun">Whether <c>exec</c> may run; no command is started for lines that don't count anyway.</param>
    /// <exception cref="ConfigException">The line can't be meant.</exception>
    public bool IsMet(Directive directive, bool mayRun)
    {
        string? rest = directive.Rest;
        var (met, count) = (true, 0);
        while (Directive.NextToken(ref rest) is { Length: > 0 } word && word[0] != '#')
        {
            var negated = word[0] == '!';
            var criterion = negated ? word[1..] : word;
            var name = criterion.ToUpperInvariant();
            if (name == "ALL")
            {
                if (count > 1 || (Directive.NextToken(ref rest) is { Length: > 0 } more && more[0] != '#'))
                    throw Mistake(directive, directive.At(new ConfigException($"'{word}' cannot be combined with other Match attributes")).Message);
                return met && !negated;
            }
            count++;
            if (name is "FINAL" or "CANONICAL")
            {
                if (name == "FINAL")
                    FinalWanted();
                met &= IsFinal != negated;
                continue;
            }
            if (Directive.NextToken(ref rest) is not { Length: > 0 } value || value[0] == '#')
                throw Mistake(directive, $"Missing Match criteria for {criterion}");
            // Each is looked at, even when an earlier one failed; commands are run only while it matters.
            bool? holds = name switch
            {
                "HOST" => Patterns.MatchesListOfNames(Host, value),
                "ORIGINALHOST" => Patterns.MatchesListOfNames(TypedHost, value),
                "USER" => Patterns.MatchesList(RemoteUser, value),
                "LOCALUSER" => Patterns.MatchesList(machine.UserName, value),
                "TAGGED" => Patterns.MatchesList(Tag ?? "", value),
                "LOCALNETWORK" => IsInNetworks(directive, value),
                // No session, and no command.
                "SESSIONTYPE" => Patterns.MatchesList("none", value),
                "COMMAND" => Patterns.MatchesList("", value),
                "VERSION" => Patterns.MatchesList(Version, value),
                "EXEC" => Command(value) is var command && met && mayRun && machine.Run(command) == 0,
                _ => throw Mistake(directive, $"Unsupported Match attribute {criterion}"),
            };
            met &= holds != negated;
        }
        return count > 0 ? met : throw Mistake(directive, "One or more attributes required for Match");
    }

    /// <summary>Whether one of this machine's addresses is in one of the networks.</summary>
    private bool IsInNetworks(Directive directive, string list)
    {
        var networks = list.Split(',').Select(text => Network(text) ?? throw Mistake(directive, $"Invalid network entry \"{text}\"")).ToArray();
        return machine.Addresses().Any(address => networks.Any(network => network.Contains(address)));
    }

    // An address with bits behind the mask is a slip of the pen, as in OpenSSH.
    private static IPNetwork? Network(string text) =>
        !IPAddress.TryParse(text.Split('/')[0], out var address) ? null
        : !text.Contains('/', StringComparison.Ordinal) ? new(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)
        : IPNetwork.TryParse(text, out var network) && network.BaseAddress.Equals(address) ? network : null;

    private string Command(string text) => new Tokens(machine)
    {
        Host = Host,
        TypedHost = TypedHost,
        Port = Port,
        RemoteUser = RemoteUser,
        KeyAlias = KeyAlias,
    }.Percent(text);

    private static ConfigException Mistake(Directive directive, string text) =>
        new([text, directive.At(new ConfigException("Bad Match condition")).Message], Manual);
}
