using Culvert.Ftp;

namespace Culvert.Broker.Config;

/// <summary>Collects settings, in the order of their weight, into a <see cref="ConnectionConfig"/>. As in OpenSSH the first value of a setting
/// wins; forwards and key files add up. What is said once for all tunnels is applied to each at the end.</summary>
/// <remarks>Not thread-safe; for one reading.</remarks>
public sealed class ConfigBuilder
{
    private readonly HashSet<string> _said = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<TunnelSpec> _specs = [];
    private TunnelConfig _pattern;
    private bool _clearTunnels;

    /// <summary>Begins with the defaults.</summary>
    public ConfigBuilder()
    {
        Config = new ConnectionConfig { Host = "" };
        _pattern = new TunnelConfig(new TunnelSpec(TunnelKind.Local, TunnelType.Tcp, null, 0, "", 0));
    }

    /// <summary>What has been said so far, without the tunnels.</summary>
    internal ConnectionConfig Config { get; private set; }

    /// <summary>The settings that are Culvert's own, spelled as in documents.</summary>
    public static IEnumerable<string> OwnSettings => Keywords.Own;

    /// <summary>Whether the setting has been given a value.</summary>
    public bool Has(string keyword) => _said.Contains(keyword);

    /// <summary>Takes one setting.</summary>
    /// <param name="keyword">A keyword of ssh_config or of ours, in any case.</param>
    /// <param name="value">Its value, without surrounding blanks.</param>
    /// <exception cref="ConfigException">Unknown, refused, or a value that can't be meant.</exception>
    public void Set(string keyword, string value)
    {
        ArgumentNullException.ThrowIfNull(keyword);
        ArgumentNullException.ThrowIfNull(value);
        if (Keywords.Known.TryGetValue(keyword, out var known))
        {
            if (value.Length == 0)
                throw new ConfigException("missing argument.", $"{keyword} needs a value");
            // A value that doesn't win is read all the same: a mistake stays a mistake.
            var before = Config;
            var pattern = _pattern;
            var clear = _clearTunnels;
            var after = known.Apply(this, value);
            if (known.Adds || _said.Add(keyword))
                Config = after;
            else
                (Config, _pattern, _clearTunnels) = (before, pattern, clear);
        }
        else if (Keywords.Refused.TryGetValue(keyword, out var hint))
        {
            if (!value.Equals("none", StringComparison.OrdinalIgnoreCase))
                throw new ConfigException($"{keyword} is not supported", hint);
        }
        else if (!Keywords.Silent.Contains(keyword))
        {
            throw new ConfigException($"Bad configuration option: {keyword}", "culvert --help lists what can be said; OpenSSH's keywords are listed in ssh_config(5)");
        }
    }

    /// <summary>Takes a forward.</summary>
    public void Add(TunnelSpec spec) => _specs.Add(spec);

    /// <summary>The configuration for a server.</summary>
    /// <param name="server">Its user and port are used unless settings said otherwise: as in OpenSSH, what stands beside the host comes last.</param>
    public ConnectionConfig Build(HostSpec server)
    {
        ArgumentNullException.ThrowIfNull(server);
        return Config with
        {
            Host = server.Host,
            User = Config.User ?? server.User,
            Port = Has("Port") ? Config.Port : server.Port ?? Config.Port,
            Tunnels = _clearTunnels ? [] : [.. _specs.Select(spec => _pattern with { Spec = spec })],
        };
    }

    internal ConnectionConfig Tunnels(Func<TunnelConfig, TunnelConfig> change)
    {
        _pattern = change(_pattern);
        return Config;
    }

    internal ConnectionConfig Ftp(Func<FtpRelayOptions, FtpRelayOptions> change) => Tunnels(tunnel => tunnel with { Ftp = change(tunnel.Ftp) });

    internal ConnectionConfig AddTunnel(TunnelSpec spec)
    {
        _specs.Add(spec);
        return Config;
    }

    internal ConnectionConfig ClearTunnels(bool clear)
    {
        _clearTunnels = clear;
        return Config;
    }
}
