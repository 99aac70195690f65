using System.Collections.Immutable;

namespace Culvert.Broker.Config;

/// <summary>A configuration while it is read: what will be the record, and what only the reading needs. Immutable.</summary>
internal sealed record Draft
{
    /// <summary>What has been said of the connection.</summary>
    public ConnectionConfig Connection { get; init; } = new() { Host = "" };

    /// <summary>What has been said of all tunnels; its own way leads nowhere.</summary>
    public TunnelConfig Tunnel { get; init; } = new(new TunnelSpec(TunnelKind.Local, TunnelType.Tcp, null, 0, "", 0));

    /// <summary>The forwards, in order, each once.</summary>
    public ImmutableList<(ForwardSpec Spec, Origin Origin)> Forwards { get; init; } = [];

    /// <summary>No forward at all.</summary>
    public bool ClearAllForwardings { get; init; }

    /// <summary>The key files with their origin: the same file is kept once for each.</summary>
    public ImmutableList<(string Path, Origin Origin)> IdentityFiles { get; init; } = [];

    /// <summary>The certificates, likewise.</summary>
    public ImmutableList<(string Path, Origin Origin)> CertificateFiles { get; init; } = [];

    /// <summary>Whether somebody decided what a failed forward means; otherwise it depends on where the forward stands.</summary>
    public bool SaidExitOnForwardFailure { get; init; }

    /// <summary>Keywords that nobody needs to know.</summary>
    public string? IgnoreUnknown { get; init; }

    /// <summary>What <c>Match tagged</c> compares with.</summary>
    public string? Tag { get; init; }

    /// <summary>Adds a forward unless it is there.</summary>
    public Draft Add(ForwardSpec spec, Origin origin) => Forwards.Exists(forward => forward.Spec == spec) ? this : this with { Forwards = Forwards.Add((spec, origin)) };

    /// <summary>Adds a file to a list unless the same origin named it.</summary>
    /// <exception cref="ConfigException">There are too many.</exception>
    public static ImmutableList<(string Path, Origin Origin)> Add(ImmutableList<(string Path, Origin Origin)> files, string path, Origin origin, string what)
    {
        // OpenSSH keeps letters, the user's settings (-o is one) and the machine's apart.
        origin = origin == Origin.Option ? Origin.UserFile : origin;
        return files.Contains((path, origin)) ? files
            : files.Count < MostFiles ? files.Add((path, origin))
            : throw new ConfigException($"Too many {what} files specified (max {MostFiles}).", "name fewer");
    }

    /// <summary>As OpenSSH: more are a mistake, and a server gives up long before.</summary>
    private const int MostFiles = 100;
}
