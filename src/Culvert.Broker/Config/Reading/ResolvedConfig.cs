using System.Buffers;
using System.Net;

namespace Culvert.Broker.Config;

/// <summary>A configuration with all that files and defaults add to it.</summary>
public sealed class ResolvedConfig
{
    /// <summary>Longer ways are rings: files that lead from one server to another and back.</summary>
    private const int MostHops = 16;

    private static readonly SearchValues<char> DigitsAndDot = SearchValues.Create("0123456789.");

    private readonly Draft _draft;
    private readonly Machine _machine;
    private readonly ConfigSource _source;

    private ResolvedConfig(Draft draft, Machine machine, ConfigSource source) => (_draft, _machine, _source) = (draft, machine, source);

    /// <summary>Reads the files for a server, settles its name, and writes shorthand in full.</summary>
    /// <exception cref="ConfigException">A file, or a value in one, can't be meant.</exception>
    public static ResolvedConfig Read(ConfigBuilder builder, HostSpec server, ConfigSource source)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(source);
        builder.SetServer(server);
        var first = new ConfigFiles(builder, server.Host, isFinal: false);
        first.Read(source);

        var named = builder.Draft.Connection.HostName is { } name ? Tokens.HostName(name, server.Host) : server.Host;
        var canonicalizes = builder.Draft.Connection.OtherLines("CanonicalizeHostname") is [not "false"];
        var readsAgain = first.WantsFinal || canonicalizes;
        builder.SetHostName(Settled(named, builder.Draft.Connection.AddressFamily));
        if (readsAgain)
            new ConfigFiles(builder, server.Host, isFinal: true).Read(source);
        builder.SetImplied();
        return new ResolvedConfig(Complete(builder), builder.Machine, source);
    }

    /// <summary>The values in effect in the form of <c>ssh -G</c>, a line each; our own settings come last.</summary>
    public IEnumerable<string> Lines() =>
        Keywords.Table.SelectMany(keyword => keyword.Print(_draft).Select(value => $"{keyword.Label} {value}")).Prepend($"host {_draft.Connection.Host}");

    /// <summary>The record, with forwards turned into tunnels.</summary>
    /// <exception cref="ConfigException">A name that can't be a host or a user, or a way that doesn't end.</exception>
    public ConnectionConfig ForUse() => ForUse(0);

    private ConnectionConfig ForUse(int hops)
    {
        var connection = _draft.Connection;
        // Names may end up in a shell's hands one day; they are checked where they are used, whoever said them.
        foreach (var host in (ReadOnlySpan<string?>)[connection.Host, connection.HostName, connection.BindAddress, .. connection.ProxyJump?.Hops.Select(hop => hop.Host) ?? []])
        {
            if (host is not null && !Names.IsHost(host))
                throw new ConfigException("hostname contains invalid characters", $"'{host}' can't be a host");
        }
        if (connection.HostKeyAlias is { } alias && !Names.IsHostKey(alias))
            throw new ConfigException("hostname contains invalid characters", $"HostKeyAlias '{alias}' can't be a host, nor [host]:port");
        if (connection.User is { } user && !Names.IsUser(user))
            throw new ConfigException("remote username contains invalid characters", $"'{user}' can't be a user name");
        return connection with
        {
            Via = connection.ProxyJump is { } chain ? Hop(chain, hops + 1) : null,
            RekeyBytes = connection.RekeyBytes is 0 ? null : connection.RekeyBytes,
            RekeyTime = connection.RekeyTime == TimeSpan.Zero ? null : connection.RekeyTime,
            // What was typed must come up; what stands in a file is best effort (unless ExitOnForwardFailure was said).
            Tunnels = [.. _draft.Forwards.Where(forward => forward.Spec.Tunnel is not null).Select(forward => _draft.Tunnel with
            {
                Spec = forward.Spec.Tunnel!,
                IsBestEffort = forward.Origin is Origin.UserFile or Origin.SystemFile && !_draft.SaidExitOnForwardFailure,
            })],
            OtherForwards = [.. _draft.Forwards.Where(forward => forward.Spec.Tunnel is null).Select(forward => forward.Spec)],
            IdentityFiles = [.. _draft.IdentityFiles.Select(file => file.Path)],
            CertificateFiles = [.. _draft.CertificateFiles.Select(file => file.Path)],
        };
    }

    // As ssh does it: each server on the way has the settings that files have for it, and the ones before it lie on its own way.
    private ConnectionConfig Hop(JumpChain chain, int hops)
    {
        if (hops > MostHops)
            throw new ConfigException($"ProxyJump {chain} leads in a ring", "say ProxyJump none for the server that is reached directly");
        var builder = new ConfigBuilder(_machine);
        if (chain.Hops.Count > 1)
            builder.SetJump(chain.WithoutLast());
        return Read(builder, chain.Hops[^1], _source).ForUse(hops) with { Tunnels = [], OtherForwards = [] };
    }

    // A name is written in lower case, an address as the system writes it, unless only letters' case differs. What OpenSSH takes for an address holds a
    // colon or a percent sign, or digits and dots alone.
    private static string Settled(string host, AddressFamilyChoice family)
    {
        if (!host.AsSpan().ContainsAny(':', '%') && host.AsSpan().ContainsAnyExcept(DigitsAndDot))
            return host.ToLowerInvariant();
        if (host.AsSpan().ContainsAny('%', '[') || !IPAddress.TryParse(host, out var address))
            return host;
        var written = family switch
        {
            AddressFamilyChoice.Inet when address.IsIPv4MappedToIPv6 => address.MapToIPv4().ToString(),
            AddressFamilyChoice.Inet when address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetwork => host,
            AddressFamilyChoice.Inet6 when address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetworkV6 => host,
            _ => address.ToString(),
        };
        return written.Equals(host, StringComparison.OrdinalIgnoreCase) ? host : written;
    }

    private static Draft Complete(ConfigBuilder builder)
    {
        var draft = builder.Draft with { SaidExitOnForwardFailure = builder.Has("ExitOnForwardFailure") };
        var machine = builder.Machine;
        var connection = draft.Connection;
        connection = connection with
        {
            User = connection.User ?? machine.UserName,
            HostKeyAlias = connection.HostKeyAlias?.ToLowerInvariant(),
        };
        if (connection.ConnectionAttempts == 0)
            throw new ConfigException(["Invalid number of ConnectionAttempts"], "say a number from 1 up");
        if (connection.ProxyJump?.Hops[^1] is { } last && last.Host == connection.ConnectHost && (last.Port ?? 22) == connection.Port && (last.User ?? connection.User) == connection.User)
            throw new ConfigException([$"jumphost loop via {last.Host}"], "a server can't be reached through itself; ProxyJump none stops that");

        var tokens = Tokens.Of(connection, machine);
        var learns = connection.UpdateHostKeys ?? (connection.OtherLines("VerifyHostKeyDNS") is [] or ["false"] && connection.UserKnownHostsFiles is null or ["~/.ssh/known_hosts"]
            ? UpdateHostKeys.Yes
            : UpdateHostKeys.No);
        return draft with
        {
            Forwards = draft.ClearAllForwardings ? [] : draft.Forwards.ConvertAll(forward => (forward.Spec.WithPaths(tokens), forward.Origin)),
            Connection = connection with
            {
                UpdateHostKeys = learns == UpdateHostKeys.Yes ? UpdateHostKeys.Yes : UpdateHostKeys.No, // without a session nobody is asked
                IdentityAgent = connection.IdentityAgent is { } agent ? tokens.Path(agent) : null,
                UserKnownHostsFiles = [.. (connection.UserKnownHostsFiles ?? ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"]).Select(file => ValueSyntax.IsNone(file) ? file : tokens.Path(file))],
                Others = connection.Others
                    .SetItems(Expanded(connection, "ControlPath", tokens.Path))
                    .SetItems(Expanded(connection, "RemoteCommand", tokens.Percent))
                    .SetItems(draft.ClearAllForwardings ? [KeyValuePair.Create<string, IReadOnlyList<string>>("Tunnel", ["false"])] : [])
                    .SetItem("SessionType", ["none"]).SetItem("RequestTTY", ["false"]),
            },
        };
    }

    private static IEnumerable<KeyValuePair<string, IReadOnlyList<string>>> Expanded(ConnectionConfig connection, string keyword, Func<string, string> expand) =>
        connection.OtherLines(keyword) is [var value] ? [KeyValuePair.Create<string, IReadOnlyList<string>>(keyword, [expand(value)])] : [];
}
