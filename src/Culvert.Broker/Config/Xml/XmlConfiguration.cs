using System.Xml.Linq;

namespace Culvert.Broker.Config;

/// <summary>ssh-broker-config.xml: the user's file before the machine's before the one that came with the program. Profiles and static tunnels of all add up (of two
/// with one id the user's counts); of two values for one setting the weightier file's counts. Immutable.</summary>
/// <remarks>A profile is complete in itself: ssh_config isn't read for it. What neither says has Tectia's default, except keepalive (ours) and whatever is insecure.</remarks>
public sealed class XmlConfiguration
{
    /// <summary>Tectia's defaults where they differ from ours.</summary>
    private static readonly (string Keyword, string Value)[] Defaults = [("ConnectTimeout", "5"), ("RekeyLimit", "1000000000")];

    /// <summary>Tectia's: so long after the last use; an open port is a use.</summary>
    private const int IdleSeconds = 5;

    /// <summary>"At once", as Tectia's zero has it; our own zero means never.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(1);

    private readonly Machine _machine;
    private readonly XmlFindings _findings;
    private readonly IReadOnlyList<XmlFile> _files;
    private readonly Dictionary<string, (XmlFile File, XElement Element)> _profiles = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];

    private XmlConfiguration(Machine machine, IReadOnlyList<XmlFile> files, XmlFindings findings)
    {
        (_machine, _files, _findings) = (machine, files, findings);
        foreach (var file in files)
        {
            var own = new HashSet<string>(StringComparer.Ordinal);
            foreach (var element in file.Root.Elements(XmlGrammar.Profiles).Elements("profile"))
            {
                var id = (string?)element.Attribute("id") ?? (string?)element.Attribute("name");
                if (string.IsNullOrEmpty(id))
                    findings.Mistake(file.Name, element, "a profile needs an id");
                else if (!own.Add(id))
                    findings.Mistake(file.Name, element, $"there is another profile with the id {id}");
                else if (_profiles.TryAdd(id, (file, element)))
                    _order.Add(id);
            }
        }
    }

    /// <summary>What in the files has no effect, once for each element: <c>file:line:column: message</c>.</summary>
    public IReadOnlyList<string> Notes => _findings.Notes;

    /// <summary>The ids of the profiles, the weightiest file's first.</summary>
    public IReadOnlyList<string> ProfileIds => _order;

    /// <summary>Where the files lie that are there.</summary>
    /// <param name="machine">Where to look.</param>
    /// <param name="named">The one that was named, which then counts alone; null: the usual ones.</param>
    /// <returns>The weightiest first.</returns>
    public static IReadOnlyList<string> Paths(Machine machine, string? named)
    {
        ArgumentNullException.ThrowIfNull(machine);
        if (named is not null)
            return [named];
        return [.. XmlPlaces.Of(machine, OperatingSystem.IsWindows()).Select(kind => kind.FirstOrDefault(machine.Exists)).OfType<string>()];
    }

    /// <summary>Reads files.</summary>
    /// <param name="machine">Where they are read.</param>
    /// <param name="paths">The weightiest first.</param>
    /// <exception cref="ConfigException">All mistakes of all files, each as <c>file:line:column: message</c>.</exception>
    public static XmlConfiguration Read(Machine machine, IReadOnlyList<string> paths)
    {
        ArgumentNullException.ThrowIfNull(machine);
        ArgumentNullException.ThrowIfNull(paths);
        var (findings, files) = (new XmlFindings(), new List<XmlFile>());
        foreach (var path in paths)
        {
            var text = machine.Read(path);
            if (text.Lines is null || text.Problem is not null)
                findings.Mistake(path, text.Problem ?? "can't be read");
            else if (machine.AnybodyMakesSystemFolders && !text.IsSafe)
                findings.Mistake(path, "others may write it, and so say which programs run as you: let it belong to you or to the administrators, and nobody else have the right to write");
            else if (XmlFile.Read(path, text, findings) is { } file)
                files.Add(file);
        }
        var configuration = new XmlConfiguration(machine, files, findings);
        // Every profile and tunnel is made once, so that nothing that is wrong waits for its use.
        configuration.Make();
        configuration.ThrowIfWrong();
        return configuration;
    }

    /// <summary>The profile of an id or a name; null: there is none.</summary>
    public string? Find(string idOrName) => _profiles.ContainsKey(idOrName) ? idOrName
        : _order.Find(id => (string?)_profiles[id].Element.Attribute("name") == idOrName);

    /// <summary>Whether who asks for the profile gets a connection of its own.</summary>
    /// <param name="id">Its id.</param>
    public bool IsExclusive(string id) => Profile(id)?.ExclusiveConnection == true;

    /// <summary>A profile's connection, for one command: what the builder holds already counts more, and its forwards come first.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="builder">What was typed.</param>
    /// <exception cref="ConfigException">It can't be meant together with what was typed.</exception>
    public ConnectionConfig Connection(string id, ConfigBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var connection = Connection(id, builder, []);
        ThrowIfWrong();
        return connection ?? throw new ConfigException($"profile {id} names no host", "say host=\"...\" in it");
    }

    /// <summary>Variables for a program that is run on a profile's server: the profile's before the files' by their weight.</summary>
    /// <param name="id">Its id.</param>
    public IReadOnlyList<KeyValuePair<string, string>> SessionVariables(string id) =>
    [
        .. _files.Select(file => file.Root.Element("default-settings")).Prepend(_profiles[id].Element).OfType<XElement>()
            .SelectMany(scope => scope.Elements("remote-environment").Elements("environment"))
            .Where(variable => !string.IsNullOrEmpty((string?)variable.Attribute("name")))
            .DistinctBy(variable => variable.Attribute("name")!.Value)
            .Select(variable => KeyValuePair.Create(variable.Attribute("name")!.Value, Formatted((string?)variable.Attribute("value") ?? "", (string?)variable.Attribute("format")))),
    ];

    /// <summary>The values in effect for a profile, in the form of <c>-G</c>, and its tunnels.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="builder">What was typed beside it.</param>
    /// <exception cref="ConfigException">It can't be meant together with what was typed.</exception>
    public IEnumerable<string> Effective(string id, ConfigBuilder builder)
    {
        var connection = Connection(id, builder);
        return [.. Resolved(builder, connection.Host).Lines(), .. connection.Tunnels.Select(tunnel => $"{(tunnel.Spec.Kind == TunnelKind.Local ? "local" : "remote")}-tunnel {tunnel.Spec}")];
    }

    /// <summary>All of it, for a broker.</summary>
    /// <exception cref="ConfigException">A mistake.</exception>
    public BrokerConfig ToBroker()
    {
        var config = Make();
        ThrowIfWrong();
        return config;
    }

    private BrokerConfig Make() => new()
    {
        Profiles = [.. _order.Select(Profile).OfType<ProfileConfig>()],
        StaticTunnels = [.. _files.SelectMany(StaticTunnels)],
        Logging = new XmlLogging(_machine, _files, _findings).Read(),
        Notes = Notes,
    };

    private string Formatted(string value, string? format) => string.Equals(format, "yes", StringComparison.OrdinalIgnoreCase) ? XmlVariables.Expand(value, _machine) : value;

    private void ThrowIfWrong()
    {
        if (_findings.Mistakes.Count > 0)
            throw new ConfigException(_findings.Mistakes, "culvert config check FILE reads a file without using it") { IsOfFile = true };
    }

    private ProfileConfig? Profile(string id)
    {
        if (Connection(id, new ConfigBuilder(_machine), []) is not { } connection)
            return null;
        var (file, element) = _profiles[id];
        var settings = new XmlSettings(file, new ConfigBuilder(_machine), _machine, _findings);
        XElement? Setting(string name) => element.Element(name) ?? _files.Select(one => one.Root.Element("default-settings")?.Element(name)).FirstOrDefault(found => found is not null);
        return new ProfileConfig(id, connection)
        {
            Name = (string?)element.Attribute("name"),
            ConnectOnStartup = settings.IsYes(element, "connect-on-startup") ?? false,
            ExclusiveConnection = settings.IsYes(Setting("exclusive-connection"), "enable") ?? false,
            IdleTimeout = (Setting("idle-timeout") is { } idle ? settings.Number(idle, "time", 0, int.MaxValue / 1000) : null) switch
            {
                0 => AtOnce,
                var seconds => TimeSpan.FromSeconds(seconds ?? IdleSeconds),
            },
        };
    }

    private ConnectionConfig? Connection(string id, ConfigBuilder builder, IReadOnlyList<string> before)
    {
        var (file, element) = _profiles[id];
        var host = element.Attribute("host") is { } said ? XmlVariables.Expand(said.Value, _machine) : "";
        if (host is "" or "*")
        {
            _findings.Note(file.Name, element, $"host of {id}", $"profile {id} is ignored: it names no host, and nobody is asked for one");
            return null;
        }
        try
        {
            var typed = builder.Copy();
            Collect(builder, file, element);
            if (element.Attribute("port") is not null && new XmlSettings(file, builder, _machine, _findings).Number(element, "port", 1, 65535) is { } port && !builder.Has("Port"))
                builder.SetWords("Port", [port.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            var connection = Resolved(builder, host).ForUse();
            return connection with
            {
                Via = Gateway(element, file, [.. before, id]),
                Tunnels = builder.Draft.ClearAllForwardings ? [] : [.. connection.Tunnels, .. element.Elements("tunnels").Elements().Where(one => one.Name.LocalName is "local-tunnel" or "remote-tunnel").Select(tunnel => Tunnel(tunnel, file, typed, element)).OfType<TunnelConfig>()],
            };
        }
        catch (ConfigException e)
        {
            _findings.Mistake(file.Name, element, $"profile {id}: {string.Join(": ", e.Lines)}");
            return null;
        }
    }

    private ConnectionConfig? Gateway(XElement element, XmlFile file, IReadOnlyList<string> before)
    {
        if (element.Attribute("gateway-profile") is not { Value.Length: > 0 } said)
            return null;
        if (Find(said.Value) is not { } gateway)
            _findings.Mistake(file.Name, said, $"there is no profile {said.Value}");
        else if (before.Contains(gateway))
            _findings.Mistake(file.Name, said, $"the gateways lead in a ring: {string.Join(" → ", before)} → {gateway}");
        else
            return Connection(gateway, new ConfigBuilder(_machine), before) is { } connection ? connection with { Tunnels = [] } : null;
        return null;
    }

    // What is said nearest counts most: the element, the profile, then the files' defaults by their weight, then Tectia's own.
    private void Collect(ConfigBuilder builder, XmlFile file, XElement profile)
    {
        new XmlSettings(file, builder, _machine, _findings).Take(profile);
        foreach (var one in _files)
        {
            var settings = new XmlSettings(one, builder, _machine, _findings);
            if (one.Root.Element("default-settings") is { } defaults)
                settings.Take(defaults);
            if (one.Root.Element("general") is { } general)
                settings.TakeGeneral(general);
        }
        foreach (var (keyword, value) in Defaults)
        {
            if (!builder.Has(keyword))
                builder.SetWords(keyword, [value]);
        }
    }

    private static ResolvedConfig Resolved(ConfigBuilder builder, string host) => ResolvedConfig.Read(builder, new HostSpec(null, host, null), ConfigSource.None);

    private IEnumerable<StaticTunnelConfig> StaticTunnels(XmlFile file)
    {
        foreach (var element in file.Root.Elements("static-tunnels").Elements("tunnel"))
        {
            var said = element.Attribute("profile");
            if (said is null || Find(said.Value) is not { } id)
                _findings.Mistake(file.Name, (XObject?)said ?? element, said is null ? "a static tunnel needs a profile" : $"there is no profile {said.Value}");
            else if (Tunnel(element, file, new ConfigBuilder(_machine), _profiles[id].Element) is { } tunnel)
                yield return new StaticTunnelConfig(tunnel, id);
        }
    }

    private TunnelConfig? Tunnel(XElement element, XmlFile file, ConfigBuilder typed, XElement profile)
    {
        var builder = typed.Copy();
        var settings = new XmlSettings(file, builder, _machine, _findings);
        settings.TakeOwn(element);
        Collect(builder, file, profile);
        return XmlTunnel.Read(element, file, settings, _findings) is { } spec
            ? builder.Draft.Tunnel with { Spec = spec, OpenToOthers = settings.IsYes(element, "allow-relay") ?? false, IsBestEffort = !typed.Has("ExitOnForwardFailure") }
            : null;
    }
}
