using System.Collections.Frozen;
using System.Net;
using System.Net.Sockets;
using Culvert.Ftp;
using Culvert.Ftp.Tls;
using Culvert.Ssh.Trust;

namespace Culvert.Broker.Config;

/// <summary>One keyword of ssh_config: what its value does to a configuration.</summary>
/// <param name="Apply">The new configuration; throws <see cref="ConfigException"/> for a value that can't be meant.</param>
/// <param name="Adds">Each value is added (a forward); otherwise the first one wins.</param>
internal sealed record Keyword(Func<ConfigBuilder, string, ConnectionConfig> Apply, bool Adds = false);

/// <summary>The keywords of ssh_config and our own. What OpenSSH has and has no meaning here is accepted in silence, as its users' files and
/// habits expect; what would change where the connection goes, or what travels, is never ignored.</summary>
internal static class Keywords
{
    /// <summary>Keywords that do something, in any case.</summary>
    public static FrozenDictionary<string, Keyword> Known { get; } = new Dictionary<string, Keyword>
    {
        ["HostName"] = new((b, v) => b.Config with { HostName = Names.IsHost(v) ? v : throw new ConfigException("hostname contains invalid characters", $"'{v}' can't be a host") }),
        ["Port"] = new((b, v) => b.Config with { Port = Names.TryParsePort(v, 1, out var port) ? port : throw new ConfigException($"Bad port '{v}'", "a port is a number from 1 to 65535") }),
        ["User"] = new((b, v) => b.Config with { User = Names.IsUser(v) ? v : throw new ConfigException("remote username contains invalid characters", $"'{v}' can't be a user name") }),
        ["BatchMode"] = new((b, v) => b.Config with { BatchMode = SettingValue.Flag(v) }),
        ["StrictHostKeyChecking"] = new((b, v) => b.Config with
        {
            HostKeyChecking = SettingValue.Word(v, ("ask", HostKeyChecking.Ask), ("yes", HostKeyChecking.Yes), ("accept-new", HostKeyChecking.AcceptNew),
                ("no", HostKeyChecking.No), ("off", HostKeyChecking.No), ("true", HostKeyChecking.Yes), ("false", HostKeyChecking.No)),
        }),
        ["UserKnownHostsFile"] = new((b, v) => b.Config with { UserKnownHostsFiles = Files(v) }),
        ["GlobalKnownHostsFile"] = new((b, v) => b.Config with { GlobalKnownHostsFiles = Files(v) }),
        ["HashKnownHosts"] = new((b, v) => b.Config with { HashKnownHosts = SettingValue.Flag(v) }),
        ["HostKeyAlias"] = new((b, v) => b.Config with { HostKeyAlias = Names.IsHost(v) ? v : throw new ConfigException("Bad HostKeyAlias", $"'{v}' can't be a host") }),
        ["IdentityFile"] = new((b, v) => b.Config with { IdentityFiles = [.. b.Config.IdentityFiles, v] }, Adds: true),
        ["IdentitiesOnly"] = new((b, v) => b.Config with { IdentitiesOnly = SettingValue.Flag(v) }),
        ["IdentityAgent"] = new((b, v) => b.Config with { IdentityAgent = v }),
        ["PreferredAuthentications"] = new((b, v) => b.Config with { PreferredAuthentications = SettingValue.List(v) }),
        ["PubkeyAuthentication"] = new((b, v) => b.Config with { PubkeyAuthentication = SettingValue.Word(v, ("yes", true), ("no", false), ("unbound", true), ("host-bound", true), ("true", true), ("false", false)) }),
        ["PasswordAuthentication"] = new((b, v) => b.Config with { PasswordAuthentication = SettingValue.Flag(v) }),
        ["KbdInteractiveAuthentication"] = new((b, v) => b.Config with { KbdInteractiveAuthentication = SettingValue.Flag(v) }),
        ["ChallengeResponseAuthentication"] = new((b, v) => b.Config with { KbdInteractiveAuthentication = SettingValue.Flag(v) }),
        ["NumberOfPasswordPrompts"] = new((b, v) => b.Config with { NumberOfPasswordPrompts = SettingValue.Number(v, 1) }),
        ["ConnectTimeout"] = new((b, v) => b.Config with { ConnectTimeout = SettingValue.Time(v) }),
        ["ServerAliveInterval"] = new((b, v) => b.Config with { ServerAliveInterval = SettingValue.Time(v) }),
        ["ServerAliveCountMax"] = new((b, v) => b.Config with { ServerAliveCountMax = SettingValue.Number(v, 1) }),
        ["TCPKeepAlive"] = new((b, v) => b.Config with { TcpKeepAlive = SettingValue.Flag(v) }),
        ["AddressFamily"] = new((b, v) => b.Config with { AddressFamily = SettingValue.Word(v, ("any", AddressFamilyChoice.Any), ("inet", AddressFamilyChoice.Inet), ("inet6", AddressFamilyChoice.Inet6)) }),
        ["BindAddress"] = new((b, v) => b.Config with { BindAddress = Names.IsHost(v) ? v : throw new ConfigException("Bad BindAddress", $"'{v}' can't be an address") }),
        ["Ciphers"] = new((b, v) => b.Config with { Ciphers = v }),
        ["KexAlgorithms"] = new((b, v) => b.Config with { KexAlgorithms = v }),
        ["HostKeyAlgorithms"] = new((b, v) => b.Config with { HostKeyAlgorithms = v }),
        ["MACs"] = new((b, v) => b.Config with { Macs = v }),
        ["RekeyLimit"] = new(RekeyLimit),
        ["ExitOnForwardFailure"] = new((b, v) => b.Config with { ExitOnForwardFailure = SettingValue.Flag(v) }),
        ["GatewayPorts"] = new((b, v) => b.Tunnels(t => t with { OpenToOthers = SettingValue.Flag(v) })),
        ["LocalForward"] = new((b, v) => b.AddTunnel(Forward(TunnelKind.Local, v)), Adds: true),
        ["RemoteForward"] = new((b, v) => b.AddTunnel(Forward(TunnelKind.Remote, v)), Adds: true),
        ["ClearAllForwardings"] = new((b, v) => b.ClearTunnels(SettingValue.Flag(v))),
        ["LogLevel"] = new((b, v) => b.Config with
        {
            Verbosity = SettingValue.Word(v, ("QUIET", Verbosity.Quiet), ("FATAL", Verbosity.Fatal), ("ERROR", Verbosity.Error), ("INFO", Verbosity.Info),
                ("VERBOSE", Verbosity.Verbose), ("DEBUG", Verbosity.Debug1), ("DEBUG1", Verbosity.Debug1), ("DEBUG2", Verbosity.Debug2), ("DEBUG3", Verbosity.Debug3)),
        }),
        // Our own. Each is also an option with two dashes, made from its name: CulvertPasswordFile is --password-file.
        ["CulvertPasswordFile"] = new((b, v) => b.Config with { PasswordFile = v }),
        ["CulvertGrace"] = new((b, v) => b.Config with { Grace = SettingValue.Time(v) }),
        ["CulvertActive"] = new((b, v) => b.Ftp(o => o with { Active = SettingValue.Word(v, ("convert", ActiveMode.Convert), ("forward", ActiveMode.Forward), ("auto", ActiveMode.Auto)) })),
        ["CulvertDataAddress"] = new((b, v) => b.Ftp(o => o with { DataAddress = SettingValue.Word(v, ("destination", DataAddress.Destination), ("reply", DataAddress.Reply)) })),
        ["CulvertDataHosts"] = new((b, v) => b.Ftp(o => o with { DataHosts = [.. SettingValue.List(v).Select(DataHost)] })),
        ["CulvertFtpHost"] = new((b, v) => b.Ftp(o => o with { HostName = Names.IsHost(v) && v.All(char.IsAscii) ? v : throw new ConfigException($"Bad host '{v}'", "say the name by which the FTP server knows the virtual host") })),
        ["CulvertPassivePorts"] = new((b, v) => b.Ftp(o => o with { PassivePorts = SettingValue.Ports(v) })),
        ["CulvertAdvertise"] = new((b, v) => b.Ftp(o => o with
        {
            Advertise = IPAddress.TryParse(v, out var address) ? address : throw new ConfigException($"Bad address '{v}'", "say an IPv4 or IPv6 address, not a name"),
        })),
        ["CulvertFtps"] = new((b, v) => b.Ftp(o => o with { Ftps = SettingValue.Word(v, ("refuse", Ftps.Refuse), ("terminate", Ftps.Terminate), ("originate", Ftps.Originate), ("both", Ftps.Both), ("opaque", Ftps.Opaque)) })),
        ["CulvertFtpsCertificate"] = new((b, v) => b.Tunnels(t => t with { Ftps = t.Ftps with { CertificateFile = v } })),
        ["CulvertFtpsServerName"] = new((b, v) => b.Tunnels(t => t with { Ftps = t.Ftps with { ServerName = Names.IsHost(v) && v.All(char.IsAscii) ? v : throw new ConfigException($"Bad host '{v}'", "say the name in the FTP server's certificate") } })),
        ["CulvertFtpsCa"] = new((b, v) => b.Tunnels(t => t with { Ftps = t.Ftps with { AuthoritiesFile = v } })),
        ["CulvertFtpsFingerprint"] = new((b, v) => b.Tunnels(t => t with { Ftps = t.Ftps with { Fingerprint = FtpsConfig.ReadFingerprint(v) } })),
        ["CulvertFtpsTls"] = new((b, v) => b.Tunnels(t => t with { Ftps = t.Ftps with { Newest = SettingValue.Word(v, ("1.2", TlsVersion.Tls12), ("1.3", TlsVersion.Tls13)) } })),
        ["CulvertPrivilegedDataPorts"] = new((b, v) => b.Ftp(o => o with { PrivilegedDataPorts = SettingValue.Flag(v) })),
        ["CulvertUnknownCommands"] = new((b, v) => b.Ftp(o => o with { RefuseUnknownCommands = SettingValue.Word(v, ("pass", false), ("refuse", true)) })),
        ["CulvertOpenTimeout"] = new((b, v) => b.Ftp(o => o with { ConnectTimeout = SettingValue.Limit(v), DataDialTimeout = SettingValue.Limit(v) })),
        ["CulvertDataTimeout"] = new((b, v) => b.Ftp(o => o with { DataListenTimeout = SettingValue.Limit(v) })),
        ["CulvertLoginTimeout"] = new((b, v) => b.Ftp(o => o with { LoginTimeout = SettingValue.LimitOrNone(v) })),
        ["CulvertClientTimeout"] = new((b, v) => b.Ftp(o => o with { IdleTimeout = SettingValue.LimitOrNone(v) })),
        ["CulvertReplyTimeout"] = new((b, v) => b.Ftp(o => o with { VerdictTimeout = SettingValue.Limit(v) })),
        ["CulvertStallTimeout"] = new((b, v) => b.Ftp(o => o with { StallTimeout = SettingValue.Limit(v) })),
        ["CulvertMaxSessions"] = new((b, v) => b.Tunnels(t => t with { MaximumSessions = SettingValue.Number(v, 1) })),
        ["CulvertMaxSessionsPerUser"] = new((b, v) => b.Tunnels(t => t with { MaximumSessionsPerUser = SettingValue.Number(v, 1) })),
        ["CulvertAllowUsers"] = new((b, v) => b.Tunnels(t => t with { AllowUsers = SettingValue.List(v) })),
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>Keywords of our own, spelled as in documents.</summary>
    public static IEnumerable<string> Own => Known.Keys.Where(keyword => keyword.StartsWith("Culvert", StringComparison.Ordinal));

    /// <summary>Keywords of OpenSSH that would change where the connection goes or what it carries, and aren't offered: why, and what to do.</summary>
    public static FrozenDictionary<string, string> Refused { get; } = new Dictionary<string, string>
    {
        ["ProxyJump"] = "jump hosts aren't offered yet; run ssh -J with -W, or put culvert on the jump host",
        ["ProxyCommand"] = "proxy commands aren't offered yet",
        ["DynamicForward"] = "a SOCKS proxy isn't offered yet; -L and -R with ftp/ need none",
        ["RemoteCommand"] = "culvert opens no session; run the command with ssh",
        ["BindInterface"] = "bind to the interface's address with -b",
        ["CertificateFile"] = "user certificates aren't offered yet; put the plain key into authorized_keys",
        ["PKCS11Provider"] = "add the token to ssh-agent (ssh-add -s); its keys are used from there",
        ["RevokedHostKeys"] = "revoked keys aren't read from a file of their own; write @revoked lines into known_hosts",
        ["KnownHostsCommand"] = "host keys come from files only; name them with UserKnownHostsFile",
        ["Include"] = "configuration files aren't read yet; say each setting with -o",
        ["Match"] = "configuration files aren't read yet; say each setting with -o",
        ["Host"] = "configuration files aren't read yet; say each setting with -o",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>Keywords of OpenSSH that may be said and do nothing: they concern sessions, sharing, other methods or the looks of things.</summary>
    public static FrozenSet<string> Silent { get; } = new[]
    {
        "AddKeysToAgent", "CanonicalDomains", "CanonicalizeFallbackLocal", "CanonicalizeHostname", "CanonicalizeMaxDots", "CanonicalizePermittedCNAMEs",
        "CASignatureAlgorithms", "ChannelTimeout", "CheckHostIP", "Cipher", "Compression", "CompressionLevel", "ConnectionAttempts", "ControlMaster",
        "ControlPath", "ControlPersist", "DSAAuthentication", "EnableEscapeCommandline", "EnableSSHKeysign", "EscapeChar", "FingerprintHash",
        "ForkAfterAuthentication", "ForwardAgent", "ForwardX11", "ForwardX11Timeout", "ForwardX11Trusted", "GSSAPIAuthentication",
        "GSSAPIDelegateCredentials", "HostbasedAcceptedAlgorithms", "HostbasedAuthentication", "HostbasedKeyTypes", "IgnoreUnknown", "IPQoS",
        "KbdInteractiveDevices", "KeepAlive", "LocalCommand", "LogVerbose", "NoHostAuthenticationForLocalhost",
        "ObscureKeystrokeTiming", "PermitLocalCommand", "PermitRemoteOpen", "Protocol", "ProxyUseFdpass", "PubkeyAcceptedAlgorithms",
        "PubkeyAcceptedKeyTypes", "RequestTTY", "RequiredRSASize", "RhostsRSAAuthentication", "RSAAuthentication", "SecurityKeyProvider",
        "SendEnv", "SessionType", "SetEnv", "SmartcardDevice", "StdinNull", "StreamLocalBindMask", "StreamLocalBindUnlink", "SyslogFacility", "Tag",
        "Tunnel", "TunnelDevice", "UpdateHostKeys", "UseKeychain", "UsePrivilegedPort", "UseRoaming", "VerifyHostKeyDNS", "VersionAddendum",
        "VisualHostKey", "WarnWeakCrypto", "XAuthLocation",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static IReadOnlyList<string> Files(string value) =>
        SettingValue.Words(value) is { Count: > 0 } files ? files : throw new ConfigException("missing argument.", "name at least one file, or none");

    // An address, or a network of them. IPv4 only, since a 227 can say nothing else; a name could not be compared with it.
    private static IPNetwork DataHost(string text) =>
        IPNetwork.TryParse(text.Contains('/', StringComparison.Ordinal) ? text : text + "/32", out var network) && network.BaseAddress.AddressFamily == AddressFamily.InterNetwork
        ? network
        : throw new ConfigException($"Bad data host '{text}'", "say IPv4 addresses, or networks such as 192.0.2.0/24, between commas");

    // RekeyLimit bytes [time]; "default" and "none" leave the engine's own limits.
    private static ConnectionConfig RekeyLimit(ConfigBuilder builder, string value)
    {
        var words = SettingValue.Words(value);
        if (words.Count is 0 or > 2)
            throw new ConfigException("missing argument.", "the form is RekeyLimit bytes [time], for example \"RekeyLimit 1G 1h\"");
        var time = words.Count == 2 ? SettingValue.Time(words[1]) : TimeSpan.Zero;
        return builder.Config with { RekeyBytes = SettingValue.Bytes(words[0]), RekeyTime = time == TimeSpan.Zero ? null : time };
    }

    // In ssh_config the two halves are two words; typed after -o they may be one.
    private static TunnelSpec Forward(TunnelKind kind, string value)
    {
        var words = SettingValue.Words(value);
        return words.Count is 1 or 2 ? TunnelSpec.Parse(kind, string.Join(':', words)) : throw new ConfigException($"Bad forwarding specification '{value}'");
    }
}
