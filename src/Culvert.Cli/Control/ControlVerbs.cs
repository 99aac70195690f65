using System.Globalization;
using System.Text.Json;
using Culvert.Broker.Config;
using Culvert.Broker.Control;

namespace Culvert.Cli.Control;

/// <summary>A request that a verb stands for.</summary>
/// <param name="Method">How.</param>
/// <param name="Path">What for.</param>
/// <param name="Columns">The fields that are shown of each entry; none: the answer is no list.</param>
/// <param name="Body">What goes along; null: nothing.</param>
internal sealed record ControlRequestLine(HttpMethod Method, string Path, IReadOnlyList<string> Columns, byte[]? Body = null);

/// <summary>Tectia's verbs, and what each asks the broker for. Pure.</summary>
internal static class ControlVerbs
{
    /// <summary>The requests of a verb; several when it names several things.</summary>
    /// <exception cref="ConfigException">There is no such verb, or it's used differently.</exception>
    public static IReadOnlyList<ControlRequestLine> Of(IReadOnlyList<string> words)
    {
        var arguments = words.Skip(1).ToList();
        return words[0] switch
        {
            "status" => [Get("status")],
            "list-connections" => [Get("connections", "id", "profile", "user", "host", "port", "state", "since", "channels", "received", "sent", "cause")],
            "connection-status" => [.. Each("a connection's number or profile").Select(id => Get("connections/" + id))],
            "close-connection" => [.. Each("a connection's number or profile").Select(id => Delete("connections/" + id))],
            "list-channels" => [Get("channels", "id", "connection", "profile", "type", "destination", "received", "sent", "originator")],
            "close-channel" => [.. Each("a channel's number").Select(id => Delete("channels/" + id))],
            "list-tunnel-listeners" => [Get("tunnels", "id", "profile", "kind", "type", "listen", "destination", "state", "clients", "cause")],
            "close-tunnel-listener" => [.. Each("a tunnel's number or [address]:port").Select(id => Delete("tunnels/" + id))],
            "open-tunnel-listener" => [OpenTunnel(arguments)],
            "list-profiles" => [Get("profiles", "id", "name", "user", "host", "port", "connected", "state", "tunnels", "cause")],
            "list-clients" => [Get("clients", "id", "tunnel", "profile", "address", "uid", "since")],
            "list-transfers" => [Get("transfers", "id", "profile", "verb", "path", "direction", "bytes", "expected", "started")],
            "list-questions" => [Get("questions", "id", "profile", "kind", "text", "until")],
            "disconnect" => [.. Each("a profile").Select(id => Post($"profiles/{id}/disconnect"))],
            "config-value" => [Get("config?path=" + Uri.EscapeDataString(arguments.FirstOrDefault() ?? ""))],
            "probe-key" => [Probe(arguments)],
            "list-keys" => [Get("keys", "id", "type", "fingerprint", "path", "added")],
            "remove-key" => [.. Each("a key's number, fingerprint or file").Select(id => Delete("keys/" + id))],
            "debug" => [arguments is [var level] ? Post("debug", JsonSerializer.SerializeToUtf8Bytes(new DebugView(level), ControlJson.Default.DebugView)) : Get("debug")],
            "reload" => [Post("reload")],
            "retry" => [Post("retry")],
            "stop" => [Post("stop")],
            var verb => throw new ConfigException($"ctl has no verb '{verb}'", "culvert-ctl(1) lists the verbs"),
        };

        IEnumerable<string> Each(string what) => arguments.Count > 0
            ? arguments.Select(Uri.EscapeDataString)
            : throw new ConfigException($"{words[0]} needs {what}", "the list- verbs show what there is");
    }

    // Tectia writes addr#port; a port of its own, as ssh-keyscan's users expect, does too.
    private static ControlRequestLine Probe(List<string> arguments)
    {
        if (arguments is not [var server])
            throw new ConfigException("probe-key needs a server", "the form is probe-key host[#port]");
        var spec = HostSpec.Parse(server);
        return Post("probe-key", JsonSerializer.SerializeToUtf8Bytes(new ProbeView(spec.Host, spec.Port ?? 22), ControlJson.Default.ProbeView));
    }

    // open-tunnel-listener [--type ftp|tcp|socks] [--remote] [--allow-relay] [address:]port profile host port, as Tectia has it; or PROFILE SPEC as after -L.
    private static ControlRequestLine OpenTunnel(List<string> arguments)
    {
        const string form = "the form is open-tunnel-listener [--type ftp|tcp|socks] [--remote] [--allow-relay] [address:]port PROFILE [dst-host dst-port]";
        var (type, kind, relay, rest) = ("tcp", "local", false, new List<string>());
        for (var i = 0; i < arguments.Count; i++)
        {
            switch (arguments[i])
            {
                case "--type" or "--tunnel-type" when i + 1 < arguments.Count: type = arguments[++i].ToLower(CultureInfo.InvariantCulture); break;
                case "--remote": kind = "remote"; break;
                case "--local": break;
                case "--allow-relay": relay = true; break;
                case ['-', ..] option: throw new ConfigException($"open-tunnel-listener doesn't take '{option}'", form);
                default: rest.Add(arguments[i]); break;
            }
        }
        if (type is "socks" or "socks-proxy" && rest is [var door, var whose])
            return OpenTunnel(new OpenTunnelView(whose, kind, $"socks/{door}", relay));
        if (rest is not [var listen, var profile, var host, var port] || type is not ("ftp" or "tcp" or "local"))
            throw new ConfigException("open-tunnel-listener needs a port, a profile and a destination (socks has none)", form);
        var destination = host.Contains(':', StringComparison.Ordinal) && !host.StartsWith('[') ? $"[{host}]" : host;
        return OpenTunnel(new OpenTunnelView(profile, kind, $"{(type == "ftp" ? "ftp/" : "")}{listen}:{destination}:{port}", relay));
    }

    private static ControlRequestLine OpenTunnel(OpenTunnelView view) => Post("tunnels", JsonSerializer.SerializeToUtf8Bytes(view, ControlJson.Default.OpenTunnelView));

    private static ControlRequestLine Get(string path, params string[] columns) => new(HttpMethod.Get, "v1/" + path, columns);

    private static ControlRequestLine Post(string path, byte[]? body = null) => new(HttpMethod.Post, "v1/" + path, [], body);

    private static ControlRequestLine Delete(string path) => new(HttpMethod.Delete, "v1/" + path, []);
}
