using System.Collections.Frozen;

namespace Culvert.Broker.Config;

/// <summary>What an element of ssh-broker-config.xml may hold.</summary>
/// <param name="Name">Its name; elements of one name mean the same wherever they stand.</param>
/// <param name="Attributes">The attributes that it may have.</param>
/// <param name="Children">The elements that may stand in it.</param>
internal sealed record XmlRule(string Name, IReadOnlyList<string> Attributes, IReadOnlyList<string> Children)
{
    /// <summary>Why it has no effect, with what to do instead; null: it is honoured.</summary>
    public string? Ignored { get; init; }

    /// <summary>It may hold text.</summary>
    public bool HasText { get; init; }

    /// <summary>Culvert's own settings may stand in it, as attributes in their namespace.</summary>
    public bool HasOwnSettings { get; init; }

    /// <summary>Its content is another product's, and isn't looked at.</summary>
    public bool IsOpaque { get; init; }
}

/// <summary>The one table of elements: Tectia's, as its manual has them. What is not here is a mistake in a file. The XSD in <c>docs/</c> is written from it.</summary>
internal static class XmlGrammar
{
    /// <summary>The namespace of our own settings: <c>culvert:passive-ports="50000-50100"</c>.</summary>
    public const string Ours = "urn:culvert:config";

    /// <summary>The root of a whole file, and of one that holds profiles only.</summary>
    public const string Root = "secsh-broker", Profiles = "profiles";

    private const string NoSession = "it concerns shells, and has no meaning for tunnels";
    private const string NoCertificates = "X.509 certificates aren't supported; OpenSSH's are (see culvert(1))";

    private static readonly string[] Settings =
    [
        "ciphers", "macs", "kexs", "hostkey-algorithms", "rekey", "authentication-methods", "hostbased-default-domain", "compression", "proxy", "idle-timeout",
        "tcp-connect-timeout", "keepalive-interval", "exclusive-connection", "server-banners", "forwards", "extended", "remote-environment",
        "server-authentication-methods", "authentication-success-message", "sftpg3-mode", "terminal-selection", "terminal-bell", "close-window-on-disconnect",
        "quiet-mode", "checksum", "address-family",
    ];

    private static readonly string[] Tunnel = ["type", "listen-address", "listen-port", "dst-host", "dst-port", "allow-relay"];

    private static readonly string[] Timeouts = ["passphrase-timeout", "passphrase-idle-timeout"];

    public static readonly IReadOnlyList<XmlRule> Table =
    [
        Of(Root, "version", "general", "default-settings", "profiles", "static-tunnels", "gui", "filter-engine", "logging"),

        Of("general", "", "crypto-lib", "cert-validation", "key-stores", "strict-host-key-checking", "host-key-always-ask", "accept-unknown-host-keys",
            "user-config-directory", "file-access-control", "protocol-parameters", "known-hosts", "extended"),
        Of("crypto-lib", "mode") with { Ignored = "there is one crypto library, .NET's with BouncyCastle" },
        Of("cert-validation", "") with { Ignored = NoCertificates, IsOpaque = true },
        Of("key-stores", "", "key-store", "user-keys", "identification"),
        Of("key-store", "type init") with { Ignored = "keys come from files and agents; for hardware tokens use an agent, or --engine openssh" },
        new("user-keys", ["directory", .. Timeouts], []),
        new("identification", ["file", "base-path", .. Timeouts], []),
        Of("strict-host-key-checking", "enable"),
        Of("host-key-always-ask", "enable"),
        Of("accept-unknown-host-keys", "enable"),
        Of("user-config-directory", "path") with { Ignored = "the user's folder is ~/.ssh2" },
        Of("file-access-control", "enable") with { Ignored = "files that others may write or read are refused anyway, where it matters" },
        Of("protocol-parameters", "threads") with { Ignored = "the runtime chooses" },
        Of("known-hosts", "path directory file filename-format"),
        Of("extended", "") with { Ignored = "nobody knows what it holds", IsOpaque = true },

        new("default-settings", ["user"], Settings) { HasOwnSettings = true },
        Of("ciphers", "", "cipher"), Of("cipher", "name"),
        Of("macs", "", "mac"), Of("mac", "name"),
        Of("kexs", "", "kex"), Of("kex", "name"),
        Of("hostkey-algorithms", "", "hostkey-algorithm"), Of("hostkey-algorithm", "name"),
        Of("rekey", "bytes"),
        Of("authentication-methods", "", "auth-hostbased", "auth-gssapi", "auth-publickey", "auth-keyboard-interactive", "auth-password", "authentication-method"),
        Of("auth-hostbased", "") with { Ignored = "it is OpenSSH's own: use --engine openssh", IsOpaque = true },
        Of("auth-gssapi", "dll-path allow-ticket-forwarding") with { Ignored = "Kerberos is OpenSSH's own: use --engine openssh" },
        Of("auth-publickey", "signature-algorithms", "key-selection"),
        Of("key-selection", "policy") with { Ignored = "keys are tried in the order in which they're named, then an agent's", IsOpaque = true },
        Of("auth-keyboard-interactive", ""),
        Of("auth-password", "", "password"),
        Of("authentication-method", "name"),
        Of("hostbased-default-domain", "name") with { Ignored = "host-based logins are OpenSSH's own: use --engine openssh" },
        Of("compression", "name level"),
        Of("proxy", "ruleset") with { Ignored = "say gateway-profile, or ProxyCommand in ssh_config" },
        Of("idle-timeout", "type time"),
        Of("tcp-connect-timeout", "time"),
        Of("keepalive-interval", "time"),
        Of("exclusive-connection", "enable"),
        Of("server-banners", "visible"),
        Of("forwards", "", "forward") with { Ignored = "agents and X11 are never forwarded" },
        Of("forward", "type state"),
        Of("remote-environment", "", "environment"),
        Of("environment", "name value format"),
        Of("server-authentication-methods", "", "auth-server-publickey", "auth-server-certificate"),
        Of("auth-server-publickey", "policy"),
        Of("auth-server-certificate", "") with { Ignored = NoCertificates, IsOpaque = true },
        Of("authentication-success-message", "enable") with { Ignored = "the line \"ready: …\" says so" },
        Of("sftpg3-mode", "compatibility-mode") with { Ignored = "there is no sftpg3 here" },
        Of("terminal-selection", "selection-type") with { Ignored = NoSession },
        Of("terminal-bell", "bell-style") with { Ignored = NoSession },
        Of("close-window-on-disconnect", "enable") with { Ignored = NoSession },
        Of("quiet-mode", "enable"),
        Of("checksum", "type") with { Ignored = "there is no sftpg3 here" },
        Of("address-family", "type"),

        Of(Profiles, "", "profile"),
        new("profile", ["id", "name", "host", "port", "protocol", "host-type", "connect-on-startup", "user", "gateway-profile"],
            [.. Settings, "hostkey", "user-identities", "tunnels", "password"]) { HasOwnSettings = true },
        Of("hostkey", "file") with { HasText = true },
        Of("user-identities", "", "identity"),
        Of("identity", "identity-file file hash id data"),
        Of("password", "string file command"),
        Of("tunnels", "", "local-tunnel", "remote-tunnel"),
        new("local-tunnel", Tunnel, []) { HasOwnSettings = true },
        new("remote-tunnel", Tunnel, []) { HasOwnSettings = true },

        Of("static-tunnels", "", "tunnel"),
        new("tunnel", [.. Tunnel, "profile"], []) { HasOwnSettings = true },

        Of("gui", "") with { Ignored = "there is no such window here", IsOpaque = true },
        Of("filter-engine", "") with { Ignored = "connections are not captured; FTP clients connect to a tunnel's port", IsOpaque = true },

        Of("logging", "", "log-target", "log-events"),
        Of("log-target", "file type"),
        Of("log-events", "facility severity", "log-target") with { HasText = true },
    ];

    private static readonly FrozenDictionary<string, XmlRule> ByName = Table.ToFrozenDictionary(rule => rule.Name, StringComparer.Ordinal);

    /// <summary>The rule of an element; null: nobody knows it.</summary>
    public static XmlRule? Find(string name) => ByName.GetValueOrDefault(name);

    private static XmlRule Of(string name, string attributes, params string[] children) => new(name, attributes.Split(' ', StringSplitOptions.RemoveEmptyEntries), children);
}
