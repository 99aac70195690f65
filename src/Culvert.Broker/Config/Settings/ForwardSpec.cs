using System.Globalization;

namespace Culvert.Broker.Config;

/// <summary>Which way a forward of ssh_config leads.</summary>
public enum ForwardKind
{
    /// <summary>LocalForward.</summary>
    Local,
    /// <summary>RemoteForward.</summary>
    Remote,
    /// <summary>DynamicForward: each client says where to, in SOCKS.</summary>
    Dynamic,
}

/// <summary>A forward as ssh_config can say it. Those that culvert offers have a <see cref="Tunnel"/>; the others (Unix sockets) are kept for
/// <c>-G</c> and for the message that says so.</summary>
/// <param name="Kind">Which way.</param>
/// <param name="Listen">Where it listens, as <c>-G</c> prints it.</param>
/// <param name="Connect">Where it connects to, likewise; empty for SOCKS.</param>
/// <param name="Tunnel">The same as a tunnel; null when culvert doesn't offer it.</param>
public sealed record ForwardSpec(ForwardKind Kind, string Listen, string Connect, TunnelSpec? Tunnel)
{
    private const string Socks = "socks";
    private const string Bad = "Bad forwarding specification.";
    private const string Shape = "the form is LocalForward [address:]port host:hostport";

    /// <summary>As <c>-G</c> prints it, without the keyword.</summary>
    public override string ToString() => Connect.Length == 0 ? Listen : $"{Listen} {Connect}";

    /// <summary>The same with tokens in the names of Unix sockets written in full.</summary>
    internal ForwardSpec WithPaths(Tokens tokens) => Tunnel is not null ? this : this with { Listen = Full(Listen, tokens), Connect = Full(Connect, tokens) };

    /// <summary>A tunnel that was said in our own form.</summary>
    internal static ForwardSpec Of(TunnelSpec tunnel)
    {
        if (tunnel.Type == TunnelType.Socks)
            return OfSocks(tunnel);
        var type = tunnel.Type == TunnelType.Ftp ? "ftp/" : "";
        return new(tunnel.Kind == TunnelKind.Local ? ForwardKind.Local : ForwardKind.Remote,
            type + At(tunnel.ListenHost, tunnel.ListenPort), At(tunnel.DestinationHost, tunnel.DestinationPort), tunnel);
    }

    /// <summary>Reads what follows LocalForward, RemoteForward or DynamicForward.</summary>
    internal static ForwardSpec Read(ForwardKind kind, Arguments arguments)
    {
        var listen = arguments.Required();
        var connect = kind == ForwardKind.Dynamic ? null : arguments.Next();
        if (string.IsNullOrEmpty(connect) && kind == ForwardKind.Local)
            throw new ConfigException("Missing target argument.", Shape);
        // ftp/1234 is a Unix socket in a folder to OpenSSH, which nobody means; here it's what it looks like.
        if (connect is not null && kind != ForwardKind.Dynamic && IsOurs(listen))
            return Of(TunnelSpec.Parse(kind == ForwardKind.Local ? TunnelKind.Local : TunnelKind.Remote, $"{listen}:{connect}"));
        var text = Expanded(string.IsNullOrEmpty(connect) ? listen : $"{listen}:{connect}", arguments.Machine);
        return Parse(kind, text, isSocks: string.IsNullOrEmpty(connect), arguments.Machine) ?? throw new ConfigException(Bad, Shape);
    }

    private static string Expanded(string text, Machine machine)
    {
        try
        {
            return Tokens.Variables(text, machine);
        }
        catch (ConfigException e)
        {
            throw new ConfigException(Bad, $"{e.Message}: {e.Hint}");
        }
    }

    private static bool IsOurs(string listen) =>
        listen.StartsWith("ftp/", StringComparison.OrdinalIgnoreCase) || listen.StartsWith("tcp/", StringComparison.OrdinalIgnoreCase);

    private static ForwardSpec? Parse(ForwardKind kind, string text, bool isSocks, Machine machine)
    {
        if (Split(text.TrimStart()) is not { } fields)
            return null;
        if (isSocks)
        {
            return fields switch
            {
                [{ IsPath: true } path] => kind == ForwardKind.Dynamic ? new(kind, path.Text, "", null) : new(kind, path.Text, $"[{Socks}]:0", null),
                [var port] => OfSocks(kind, null, port, machine),
                [var host, { IsPath: false } port] => OfSocks(kind, host.Text, port, machine),
                _ => null,
            };
        }
        return fields switch
        {
            [{ IsPath: true } here, { IsPath: true } there] => new(kind, here.Text, there.Text, null),
            [var port, { IsPath: true } there] => Listening(kind, null, port, there.Text, null, machine),
            [{ IsPath: true } here, var host, var port] => Connecting(host.Text, port, machine) is { } to ? new(kind, here.Text, to.Text, null) : null,
            [var host, var port, { IsPath: true } there] => Listening(kind, host.Text, port, there.Text, null, machine),
            [var port, var host, var hostPort] => Connecting(host.Text, hostPort, machine) is { } to ? Listening(kind, null, port, to.Text, to, machine) : null,
            [var bind, var port, var host, var hostPort] => Connecting(host.Text, hostPort, machine) is { } to ? Listening(kind, bind.Text, port, to.Text, to, machine) : null,
            _ => null,
        };
    }

    private static ForwardSpec? OfSocks(ForwardKind kind, string? host, Field port, Machine machine) =>
        Integers.Port(port.Text, machine) is >= 0 and var number && (number > 0 || kind == ForwardKind.Remote)
            && TunnelSpec.Socks(kind == ForwardKind.Dynamic ? TunnelKind.Local : TunnelKind.Remote, host is "" ? TunnelSpec.EveryAddress : host, number) is var tunnel
            ? OfSocks(tunnel) with { Listen = At(host, number), Tunnel = tunnel.ListenHost is null or TunnelSpec.EveryAddress || Names.IsHost(tunnel.ListenHost) ? tunnel : null }
            : null;

    private static ForwardSpec OfSocks(TunnelSpec tunnel) => tunnel.Kind == TunnelKind.Local
        ? new(ForwardKind.Dynamic, At(tunnel.ListenHost, tunnel.ListenPort), "", tunnel)
        : new(ForwardKind.Remote, At(tunnel.ListenHost, tunnel.ListenPort), $"[{Socks}]:0", tunnel);

    private static (string Text, string Host, int Port)? Connecting(string host, Field port, Machine machine) =>
        Integers.Port(port.Text, machine) is > 0 and var number ? (At(host, number, always: true), host, number) : null;

    private static ForwardSpec? Listening(ForwardKind kind, string? host, Field port, string connect, (string Text, string Host, int Port)? to, Machine machine)
    {
        if (Integers.Port(port.Text, machine) is not (>= 0 and var number) || (number == 0 && kind != ForwardKind.Remote))
            return null;
        // An empty address means every one, as a star does.
        var address = host is "" ? TunnelSpec.EveryAddress : host;
        var tunnel = to is { } destination && Names.IsHost(destination.Host) && (address is null or TunnelSpec.EveryAddress || Names.IsHost(address))
            ? new TunnelSpec(kind == ForwardKind.Local ? TunnelKind.Local : TunnelKind.Remote, TunnelType.Tcp, address, number, destination.Host, destination.Port)
            : null;
        return new(kind, At(host, number), connect, tunnel);
    }

    private readonly record struct Field(string Text, bool IsPath);

    // Fields between colons, at most four; one in brackets is taken as it is, elsewhere a backslash takes the meaning from what follows.
    private static List<Field>? Split(string text)
    {
        var fields = new List<Field>();
        for (var at = 0; at < text.Length;)
        {
            if (fields.Count == 4)
                return null;
            var field = new System.Text.StringBuilder();
            var isPath = false;
            if (text[at] == '[')
            {
                var close = text.IndexOf(']', at);
                if (close < 0 || (close + 1 < text.Length && text[close + 1] != ':'))
                    return null;
                field.Append(text, at + 1, close - at - 1);
                isPath = field.ToString().Contains('/', StringComparison.Ordinal);
                at = close + 2;
            }
            else
            {
                for (; at < text.Length && text[at] != ':'; at++)
                {
                    if (text[at] == '\\' && ++at == text.Length)
                        return null;
                    isPath |= text[at] == '/';
                    field.Append(text[at]);
                }
                at++;
            }
            fields.Add(new(field.ToString(), isPath));
        }
        return fields;
    }

    // What isn't [address]:port or a port is a path.
    private static string Full(string end, Tokens tokens) => end.Contains('/', StringComparison.Ordinal) ? tokens.Percent(end) : end;

    private static string At(string? host, int port, bool always = false) => host is null && !always
        ? port.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"[{host}]:{port}");
}
