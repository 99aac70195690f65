using System.Globalization;
using System.Text.Json;
using Culvert.Broker.Config;
using Culvert.Broker.Control;
using Culvert.Cli.Arguments;

namespace Culvert.Cli.Control;

/// <summary>Tectia's verbs, and what each asks the broker for. Pure.</summary>
internal static class ControlVerbs
{
    private static readonly string[] ConnectionColumns = ["id", "profile", "user", "host", "port", "state", "exclusive", "since", "channels", "received", "sent", "cause"];
    private static readonly string[] ChannelColumns = ["id", "connection", "profile", "type", "destination", "received", "sent", "originator"];
    private static readonly string[] TunnelColumns = ["id", "profile", "kind", "type", "listen", "destination", "state", "clients", "cause"];
    private static readonly string[] ProfileColumns = ["id", "name", "user", "host", "port", "connected", "state", "connections", "tunnels", "cause"];

    /// <summary>All of them, in the order in which help shows them.</summary>
    public static IReadOnlyList<ControlVerb> Table { get; } =
    [
        new("start", "[broker options]", "start a broker in the background, unless one runs", null),
        new("stop", "", "end the broker", _ => [Post("stop")]),
        new("status", "[--pid] [--all]", "how things are; its process alone; with all connections and tunnels", Status),
        new("reload", "", "read the configuration again: all of it, or nothing", _ => [Post("reload")]),
        new("retry", "", "try now what waits to be tried, and what has failed", _ => [Post("retry")]),
        new("config-value", "[path]", "a value of the configuration in force", words => [Get("config?path=" + Uri.EscapeDataString(words.Arguments.FirstOrDefault() ?? ""))]),
        new("debug", "[--clear] [level]", "show or set how much is logged; back to the usual", Debug),
        new("list-connections", "[-c|--show-channels] [--disconnected]", "connections; those alone that aren't up", ListConnections),
        new("connection-status", "[-c|--show-channels] [--write-hostkey=FILE] ID ...", "one connection, by number or profile", ConnectionStatus),
        new("close-connection", "ID ...", "close it, and the tunnels that opened with it", words => [.. Each(words).Select(id => Delete("connections/" + id))]),
        new("connect", "PROFILE", "connect a profile, and open its tunnels", null),
        new("disconnect", "PROFILE ...", "close all of a profile's connections", words => [.. Each(words).Select(id => Post($"profiles/{id}/disconnect"))]),
        new("list-channels", "", "what is open through connections", _ => [Get("channels", ChannelColumns)]),
        new("close-channel", "ID ...", "cut one; its client sees that", words => [.. Each(words).Select(id => Delete("channels/" + id))]),
        new("list-clients", "[-c|--show-connections] [--all]", "who is in the tunnels", ListClients),
        new("disconnect-client", "ID ...", "cut a client off, and what it has running", words => [.. Each(words).Select(id => Delete("clients/" + id))]),
        new("list-transfers", "", "transfers that run", _ => [Get("transfers", "id", "profile", "verb", "path", "direction", "bytes", "expected", "started")]),
        new("list-tunnel-listeners", "", "tunnels, and where they listen", _ => [Get("tunnels", TunnelColumns)]),
        new("open-tunnel-listener", "[--type|--tunnel-type ftp|tcp|socks] [--local] [--remote] [--allow-relay] [address:]port PROFILE|[user@]server[#port] [dst-host dst-port]", "open a tunnel until it's closed, or the broker ends", OpenTunnel),
        new("close-tunnel-listener", "ID|[address]:port ...", "close its port at once, its sessions within their grace", words => [.. Each(words).Select(id => Delete("tunnels/" + id))]),
        new("list-profiles", "[-v|--verbose] [--groups] [NAME ...]", "profiles; with all that's known of each", ListProfiles),
        new("probe-key", "[--write-hostkey=FILE] host[#port]", "a server's host key, as it shows it", Probe),
        new("auth-handler", "", "put the broker's questions at this terminal until stopped", null),
        new("list-questions", "", "questions that wait", _ => [Get("questions", "id", "profile", "kind", "text", "until")]),
        new("add-key", "FILE ...", "read a private key, and hold it until the broker ends", null),
        new("list-keys", "", "keys that were added", _ => [Get("keys", "id", "type", "fingerprint", "path", "added")]),
        new("view-key", "ID ...", "one of them, by number, fingerprint or file", ViewKey),
        new("remove-key", "ID ...", "forget one", words => [.. Each(words).Select(id => Delete("keys/" + id))]),
    ];

    /// <summary>The requests of a verb; several when it names several things.</summary>
    /// <exception cref="ConfigException">There is no such verb, or it's used differently.</exception>
    public static IReadOnlyList<ControlRequestLine> Of(IReadOnlyList<string> words)
    {
        var verb = Find(words[0]);
        return verb.Requests is { } requests ? requests(VerbWords.Read(verb, words.Skip(1))) : throw new ConfigException($"{verb.Name} can't be watched", null);
    }

    /// <summary>What a verb does and takes, or all of them.</summary>
    /// <exception cref="ConfigException">There is no such verb.</exception>
    public static string Help(string? name) => string.Join('\n', (name is null ? Table : [Find(name)]).Select(verb => $"culvert ctl {verb.Form}\n        {verb.Says}"));

    private static ControlVerb Find(string name) => Table.FirstOrDefault(verb => verb.Name == name) ?? throw (AbsentVerbs.Why(name) is { } why
        ? new ConfigException($"ctl {name} isn't offered", why)
        : new ConfigException($"ctl has no verb '{name}'", "culvert ctl --help lists the verbs"));

    private static IReadOnlyList<ControlRequestLine> Status(VerbWords words) =>
    [
        Get("status") with { Only = words.Has("--pid") ? "pid" : null },
        .. words.Has("--all") ? (ControlRequestLine[])[Get("connections", ConnectionColumns), Get("tunnels", TunnelColumns)] : [],
    ];

    // Tectia's levels are numbers; ours have names.
    private static IReadOnlyList<ControlRequestLine> Debug(VerbWords words)
    {
        var level = words switch
        {
            { Arguments: [] } => words.Has("--clear") ? nameof(Verbosity.Info) : null,
            { Arguments: [var one] } => TectiaLevel.Find(one) is { } number ? number.ToString() : one,
            _ => throw new ConfigException("debug takes one level", words.Form),
        };
        return [level is null ? Get("debug") : Post("debug", JsonSerializer.SerializeToUtf8Bytes(new DebugView(level), ControlJson.Default.DebugView))];
    }

    private static IReadOnlyList<ControlRequestLine> ListConnections(VerbWords words) =>
    [
        Get("connections", ConnectionColumns) with { Keep = words.Has("--disconnected") ? connection => Text(connection, "state") != "up" : null },
        .. words.Has("--show-channels") ? (ControlRequestLine[])[Get("channels", ChannelColumns)] : [],
    ];

    private static IReadOnlyList<ControlRequestLine> ConnectionStatus(VerbWords words) => [.. Each(words).SelectMany((id, i) => (IEnumerable<ControlRequestLine>)
    [
        Get("connections/" + id) with { HostKeyFile = words.Value("--write-hostkey") },
        .. words.Has("--show-channels")
            ? (ControlRequestLine[])[Get("channels", ChannelColumns) with { Keep = channel => channel.GetProperty("connection").GetRawText() == words.Arguments[i] || Text(channel, "profile") == words.Arguments[i] }]
            : [],
    ])];

    private static IReadOnlyList<ControlRequestLine> ListClients(VerbWords words) =>
    [
        Get("clients", "id", "tunnel", "profile", "address", "uid", "since"),
        .. words.Has("--show-connections") ? (ControlRequestLine[])[Get("connections", ConnectionColumns)] : [],
    ];

    private static IReadOnlyList<ControlRequestLine> ListProfiles(VerbWords words) =>
    [
        Get("profiles", words.Has("--verbose") ? [] : ProfileColumns) with
        {
            Keep = words.Arguments.Count > 0 ? profile => words.Arguments.Contains(Text(profile, "id")!) || words.Arguments.Contains(Text(profile, "name") ?? "") : null,
        },
    ];

    private static IReadOnlyList<ControlRequestLine> ViewKey(VerbWords words)
    {
        Each(words);
        return [.. words.Arguments.Select(id => Get("keys") with
        {
            Keep = key => key.GetProperty("id").GetRawText() == id || Text(key, "fingerprint") == id || Text(key, "path") == Path.GetFullPath(id),
            Lacks = keys => keys.GetArrayLength() == 0 ? $"there is no key {id}" : null,
        })];
    }

    // Tectia writes addr#port; a port of its own, as ssh-keyscan's users expect, does too.
    private static IReadOnlyList<ControlRequestLine> Probe(VerbWords words)
    {
        if (words.Arguments is not [var server])
            throw new ConfigException("probe-key needs a server", words.Form);
        var spec = HostSpec.Parse(server);
        return [Post("probe-key", JsonSerializer.SerializeToUtf8Bytes(new ProbeView(spec.Host, spec.Port ?? 22), ControlJson.Default.ProbeView)) with { HostKeyFile = words.Value("--write-hostkey") }];
    }

    private static IReadOnlyList<ControlRequestLine> OpenTunnel(VerbWords words)
    {
        var (type, kind, relay) = ((words.Value("--tunnel-type") ?? "tcp").ToLower(CultureInfo.InvariantCulture), words.Has("--remote") ? "remote" : "local", words.Has("--allow-relay"));
        if (type is "socks" or "socks-proxy" && words.Arguments is [var door, var whose])
            return [OpenTunnel(new OpenTunnelView(whose, kind, $"socks/{door}", relay))];
        if (words.Arguments is not [var listen, var profile, var host, var port] || type is not ("ftp" or "tcp" or "local"))
            throw new ConfigException("open-tunnel-listener needs a port, a profile or a server, and a destination (socks has none)", words.Form);
        var destination = host.Contains(':', StringComparison.Ordinal) && !host.StartsWith('[') ? $"[{host}]" : host;
        return [OpenTunnel(new OpenTunnelView(profile, kind, $"{(type == "ftp" ? "ftp/" : "")}{listen}:{destination}:{port}", relay))];
    }

    private static ControlRequestLine OpenTunnel(OpenTunnelView view) => Post("tunnels", JsonSerializer.SerializeToUtf8Bytes(view, ControlJson.Default.OpenTunnelView));

    private static IEnumerable<string> Each(VerbWords words) => words.Arguments.Count > 0
        ? words.Arguments.Select(Uri.EscapeDataString)
        : throw new ConfigException($"{words.Verb.Name} needs to be told which", $"{words.Form}; the list- verbs show what there is");

    private static string? Text(JsonElement thing, string field) => thing.GetProperty(field).GetString();

    private static ControlRequestLine Get(string path, params string[] columns) => new(HttpMethod.Get, "v1/" + path, columns);

    private static ControlRequestLine Post(string path, byte[]? body = null) => new(HttpMethod.Post, "v1/" + path, []) { Body = body };

    private static ControlRequestLine Delete(string path) => new(HttpMethod.Delete, "v1/" + path, []);
}
