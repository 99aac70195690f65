using System.Buffers;

namespace Culvert.Broker.Config;

/// <summary>A configuration as words for OpenSSH's own <c>ssh</c>. What it says came from files and options alike, so that ssh reads no file itself. Pure.</summary>
internal static class OpenSshArguments
{
    private static readonly Draft Usual = new();

    private static readonly SearchValues<char> NeedQuotes = SearchValues.Create(" \t\"\\'#");

    /// <summary>What concerns sessions, sharing, forwards and files is settled by whoever runs ssh.</summary>
    private static readonly string[] NotHandedOn =
    [
        "ClearAllForwardings", "ExitOnForwardFailure", "GatewayPorts", "DynamicForward", "LocalForward", "RemoteForward", "PermitRemoteOpen", "ControlMaster", "ControlPath",
        "ControlPersist", "ForwardAgent", "ForwardX11", "ForwardX11Trusted", "ForwardX11Timeout", "PermitLocalCommand", "LocalCommand", "RemoteCommand", "RequestTTY", "SessionType",
        "StdinNull", "ForkAfterAuthentication", "Tunnel", "TunnelDevice", "SendEnv", "SetEnv", "EscapeChar", "IgnoreUnknown", "Tag", "ProxyJump", "ProxyCommand",
        "HostbasedAcceptedAlgorithms",
    ];

    /// <summary>Where our defaults aren't OpenSSH's, or the command line is the one place that says it.</summary>
    private static readonly string[] AlwaysSaid = ["User", "Port", "ServerAliveInterval", "ServerAliveCountMax", "ConnectTimeout", "LogLevel"];

    /// <summary>Handed on as they were said: printed, they'd be what our own engine makes of them.</summary>
    private static readonly (string Name, Func<ConnectionConfig, string?> Said)[] Algorithms =
    [
        ("Ciphers", c => c.Ciphers), ("MACs", c => c.Macs), ("KexAlgorithms", c => c.KexAlgorithms), ("HostKeyAlgorithms", c => c.HostKeyAlgorithms),
        ("PubkeyAcceptedAlgorithms", c => c.PubkeyAcceptedAlgorithms), ("CASignatureAlgorithms", c => c.CaSignatureAlgorithms),
    ];

    /// <summary>One value, which may hold blanks.</summary>
    private static readonly string[] Paths =
        ["IdentityFile", "CertificateFile", "IdentityAgent", "RevokedHostKeys", "PKCS11Provider", "SecurityKeyProvider", "XAuthLocation", "BindInterface", "BindAddress", "HostKeyAlias"];

    /// <summary>The words, without the program's name; the host is the last.</summary>
    public static IReadOnlyList<string> Of(ConnectionConfig config)
    {
        List<string> words = ["-F", "none"];
        foreach (var setting in Settings(config))
            words.AddRange(["-o", setting]);
        return [.. words, "--", config.Host];
    }

    private static IEnumerable<string> Settings(ConnectionConfig config)
    {
        var draft = new Draft
        {
            Connection = config with { UserKnownHostsFiles = null, GlobalKnownHostsFiles = null },
            IdentityFiles = [.. config.IdentityFiles.Select(file => (file, Origin.UserFile))],
            CertificateFiles = [.. config.CertificateFiles.Select(file => (file, Origin.UserFile))],
        };
        foreach (var keyword in Keywords.Table)
        {
            if (keyword.Name.StartsWith(Keywords.Ours, StringComparison.Ordinal) || NotHandedOn.Contains(keyword.Name) || Algorithms.Any(list => list.Name == keyword.Name))
                continue;
            var values = keyword.Print(draft).ToList();
            if (!AlwaysSaid.Contains(keyword.Name) && values.SequenceEqual(keyword.Print(Usual)))
                continue;
            foreach (var value in values)
                yield return $"{keyword.Name}={(Paths.Contains(keyword.Name) ? Quoted(value) : value)}";
        }
        foreach (var (name, said) in Algorithms)
        {
            if (said(config) is { } list)
                yield return $"{name}={list}";
        }
        if (config.UserKnownHostsFiles is { } users)
            yield return "UserKnownHostsFile=" + string.Join(' ', users.Select(file => Quoted(Literal(file))));
        if (config.GlobalKnownHostsFiles is { } global)
            yield return "GlobalKnownHostsFile=" + string.Join(' ', global.Select(Quoted));
        if (config.ProxyCommand is { } command)
            yield return "ProxyCommand=" + command;
        else if (config.Via is { } hop)
            yield return "ProxyCommand=" + string.Join(' ', ((IEnumerable<string>)["ssh", .. Of(hop).SkipLast(2), "-W"]).Select(ForShell)) + " [%h]:%p -- " + ForShell(hop.Host);
    }

    // Our files' names are complete: a percent sign in one is its own.
    private static string Literal(string path) => path.Replace("%", "%%", StringComparison.Ordinal);

    private static string Quoted(string value) => !value.AsSpan().ContainsAny(NeedQuotes)
        ? value
        : "\"" + value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";

    // A word of a ProxyCommand: ssh replaces tokens in it, then a shell reads it.
    private static string ForShell(string word) => "'" + Literal(word).Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
