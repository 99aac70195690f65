using System.Collections.Frozen;
using System.Net;
using Culvert.Ftp;
using Culvert.Ftp.Tls;
using Culvert.Net;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Trust;
using static Culvert.Broker.Config.ValueSyntax;

namespace Culvert.Broker.Config;

/// <summary>The one table of keywords: OpenSSH's in the order in which <c>ssh -G</c> prints them, then ours. A setting of ours has three spellings,
/// <c>CulvertDataHosts</c>, <c>--data-hosts</c> and <c>data-hosts="…"</c>, which are made from its name. What OpenSSH has and has no meaning here is
/// checked and printed, and otherwise silent, as its users' files expect; what would change where the connection goes, or whom it trusts, is never
/// ignored: <c>Runtime/Words/NotOffered</c> tells of it.</summary>
internal static class Keywords
{
    /// <summary>What begins the names of our own.</summary>
    public const string Ours = "Culvert";

    /// <summary>The table.</summary>
    public static IReadOnlyList<Keyword> Table { get; } =
    [
        Connection("User", Text, c => c.User, (c, v) => c with { User = v }),
        Connection("HostName", Text, c => c.HostName, (c, v) => c with { HostName = v }),
        Connection("Port", Port, c => c.Port, (c, v) => c with { Port = v }),
        Connection("AddressFamily", Word(("inet", AddressFamilyChoice.Inet), ("inet6", AddressFamilyChoice.Inet6), ("any", AddressFamilyChoice.Any)), c => c.AddressFamily, (c, v) => c with { AddressFamily = v }),
        Connection("BatchMode", Flag, c => c.BatchMode, (c, v) => c with { BatchMode = v }),
        Silent("CanonicalizeFallbackLocal", Flag, "yes"),
        Silent("CanonicalizeHostname", Word(("true", 1), ("false", 0), ("yes", 1), ("no", 0), ("always", 2)), "false"),
        Connection("CheckHostIP", Flag, c => c.CheckHostIP, (c, v) => c with { CheckHostIP = v }),
        Connection("Compression", Word(("yes", true), ("no", false)), c => c.Compression, (c, v) => c with { Compression = v }),
        Silent("ControlMaster", Word(("true", 1), ("yes", 1), ("false", 0), ("no", 0), ("auto", 2), ("ask", 3), ("autoask", 4)), "false"),
        Silent("EnableSSHKeysign", Flag, "no"),
        Of("ClearAllForwardings", Flag, d => d.ClearAllForwardings, (d, v) => d with { ClearAllForwardings = v }),
        Connection("ExitOnForwardFailure", Flag, c => c.ExitOnForwardFailure, (c, v) => c with { ExitOnForwardFailure = v }),
        Silent("FingerprintHash", SpecialSyntax.FingerprintHash, "SHA256"),
        Silent("ForwardX11", Flag, "no"),
        Silent("ForwardX11Trusted", Flag, "yes"),
        Tunnel("GatewayPorts", Flag, t => t.OpenToOthers, (t, v) => t with { OpenToOthers = v }),
        Silent("GSSAPIAuthentication", Flag, "no"),
        Silent("GSSAPIKeyExchange", Flag, "no"),
        Silent("GSSAPIDelegateCredentials", Flag, "no"),
        Silent("GSSAPITrustDns", Flag, "no"),
        Silent("GSSAPIRenewalForcesRekey", Flag, "no"),
        Silent("GSSAPIClientIdentity", Text),
        Silent("GSSAPIServerIdentity", Text),
        Silent("GSSAPIKexAlgorithms", Text),
        Connection("HashKnownHosts", Flag, c => c.HashKnownHosts, (c, v) => c with { HashKnownHosts = v }),
        Silent("HostbasedAuthentication", Flag, "no"),
        Connection("IdentitiesOnly", Flag, c => c.IdentitiesOnly, (c, v) => c with { IdentitiesOnly = v }),
        Connection("KbdInteractiveAuthentication", Flag, c => c.KbdInteractiveAuthentication, (c, v) => c with { KbdInteractiveAuthentication = v }),
        Silent("NoHostAuthenticationForLocalhost", Flag, "no"),
        Connection("PasswordAuthentication", Flag, c => c.PasswordAuthentication, (c, v) => c with { PasswordAuthentication = v }),
        Silent("PermitLocalCommand", Flag, "no"),
        Silent("ProxyUseFdpass", Flag, "no"),
        Connection("PubkeyAuthentication", Word(("true", PublicKeyUse.Yes), ("false", PublicKeyUse.No), ("yes", PublicKeyUse.Yes), ("no", PublicKeyUse.No), ("unbound", PublicKeyUse.Unbound), ("host-bound", PublicKeyUse.HostBound)), c => c.PublicKeyUse, (c, v) => c with { PublicKeyUse = v }),
        Silent("RequestTTY", Word(("true", 1), ("yes", 1), ("false", 0), ("no", 0), ("force", 2), ("auto", 3)), "auto"),
        Silent("SessionType", Word(("none", 0), ("subsystem", 1), ("default", 2)), "default"),
        Silent("StdinNull", Flag, "no"),
        Silent("ForkAfterAuthentication", Flag, "no"),
        Silent("StreamLocalBindUnlink", Flag, "no"),
        Connection("StrictHostKeyChecking", Word(("true", HostKeyChecking.Yes), ("false", HostKeyChecking.No), ("yes", HostKeyChecking.Yes), ("no", HostKeyChecking.No), ("ask", HostKeyChecking.Ask), ("off", HostKeyChecking.No), ("accept-new", HostKeyChecking.AcceptNew)), c => c.HostKeyChecking, (c, v) => c with { HostKeyChecking = v }),
        Connection("TCPKeepAlive", Flag, c => c.TcpKeepAlive, (c, v) => c with { TcpKeepAlive = v }),
        Silent("Tunnel", Word(("ethernet", 1), ("point-to-point", 2), ("true", 2), ("yes", 2), ("false", 0), ("no", 0)), "false"),
        Silent("VerifyHostKeyDNS", Word(("true", 1), ("false", 0), ("yes", 1), ("no", 0), ("ask", 2)), "false"),
        Silent("VisualHostKey", Flag, "no"),
        Connection("UpdateHostKeys", Word<UpdateHostKeys?>(("true", UpdateHostKeys.Yes), ("false", UpdateHostKeys.No), ("yes", UpdateHostKeys.Yes), ("no", UpdateHostKeys.No), ("ask", UpdateHostKeys.Ask)), c => c.UpdateHostKeys, (c, v) => c with { UpdateHostKeys = v }),
        Silent("EnableEscapeCommandline", Flag, "no"),
        Silent("CanonicalizeMaxDots", Number, "1"),
        Connection("ConnectionAttempts", Number, c => c.ConnectionAttempts, (c, v) => c with { ConnectionAttempts = v }),
        Silent("ForwardX11Timeout", Time, "1200"),
        Connection("NumberOfPasswordPrompts", Number, c => c.NumberOfPasswordPrompts, (c, v) => c with { NumberOfPasswordPrompts = v }),
        Connection("ServerAliveCountMax", Number, c => c.ServerAliveCountMax, (c, v) => c with { ServerAliveCountMax = v }),
        Connection("ServerAliveInterval", Time, c => c.ServerAliveInterval, (c, v) => c with { ServerAliveInterval = v }),
        Connection("RequiredRSASize", Number, c => c.RequiredRsaBits, (c, v) => c with { RequiredRsaBits = v }),
        Connection("BindAddress", Text, c => c.BindAddress, (c, v) => c with { BindAddress = v }),
        Connection("BindInterface", Text, c => c.BindInterface, (c, v) => c with { BindInterface = v }),
        Connection("Ciphers", Algorithms(AlgorithmKind.Cipher, "SSH2 cipher spec"), c => c.Ciphers, (c, v) => c with { Ciphers = v }),
        Silent("ControlPath", TextOrNone),
        Connection("HostKeyAlgorithms", Algorithms(AlgorithmKind.HostKey, "key types", wildcards: true), c => c.HostKeyAlgorithms, (c, v) => c with { HostKeyAlgorithms = v }),
        Connection("HostKeyAlias", Text, c => c.HostKeyAlias, (c, v) => c with { HostKeyAlias = v }),
        Silent("HostbasedAcceptedAlgorithms", Algorithms(AlgorithmKind.HostKey, "key types", wildcards: true)),
        Connection("IdentityAgent", SpecialSyntax.AgentSocket, c => c.IdentityAgent, (c, v) => c with { IdentityAgent = v }),
        Of("IgnoreUnknown", Text, d => d.IgnoreUnknown, (d, v) => d with { IgnoreUnknown = v }),
        Silent("KbdInteractiveDevices", Text),
        Connection("KexAlgorithms", Algorithms(AlgorithmKind.KeyExchange, "SSH2 KexAlgorithms"), c => c.KexAlgorithms, (c, v) => c with { KexAlgorithms = v }),
        Connection("CASignatureAlgorithms", Signatures("key types"), c => c.CaSignatureAlgorithms, (c, v) => c with { CaSignatureAlgorithms = v }),
        Silent("LocalCommand", Command),
        Silent("RemoteCommand", Command),
        Connection("LogLevel", SpecialSyntax.LogLevel, c => c.Verbosity, (c, v) => c with { Verbosity = v }),
        Connection("MACs", Algorithms(AlgorithmKind.Mac, "SSH2 MAC spec"), c => c.Macs, (c, v) => c with { Macs = v }),
        Silent("PKCS11Provider", TextOrNone),
        Silent("SecurityKeyProvider", TextOrNone, "internal"),
        Connection("PreferredAuthentications", List, c => c.PreferredAuthentications, (c, v) => c with { PreferredAuthentications = v }),
        Connection("PubkeyAcceptedAlgorithms", Algorithms(AlgorithmKind.HostKey, "key types", wildcards: true), c => c.PubkeyAcceptedAlgorithms, (c, v) => c with { PubkeyAcceptedAlgorithms = v }),
        Silent("RevokedHostKeys", TextOrNone),
        Silent("XAuthLocation", Text, "/usr/bin/xauth"),
        Silent("KnownHostsCommand", Command),
        Forward("DynamicForward", ForwardKind.Dynamic),
        Forward("LocalForward", ForwardKind.Local),
        Forward("RemoteForward", ForwardKind.Remote),
        Of("IdentityFile", ListSyntax.File, d => d.IdentityFiles.IsEmpty ? [.. ListSyntax.UsualIdentities] : d.IdentityFiles, (d, v) => d with { IdentityFiles = Draft.Add(d.IdentityFiles, v[0].Path, v[0].Origin, "identity") }, addsUp: true),
        Silent("CanonicalDomains", SpecialSyntax.Domains, "none"),
        Of("CertificateFile", ListSyntax.File, d => d.CertificateFiles, (d, v) => d with { CertificateFiles = Draft.Add(d.CertificateFiles, v[0].Path, v[0].Origin, "certificate") }, addsUp: true),
        Connection("GlobalKnownHostsFile", Files, c => c.GlobalKnownHostsFiles ?? ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"], (c, v) => c with { GlobalKnownHostsFiles = v ?? c.GlobalKnownHostsFiles }),
        Connection("UserKnownHostsFile", Files, c => c.UserKnownHostsFiles, (c, v) => c with { UserKnownHostsFiles = v ?? c.UserKnownHostsFiles }),
        Silent("SendEnv", SpecialSyntax.VariableNames, addsUp: true),
        Silent("SetEnv", SpecialSyntax.Variables),
        Silent("LogVerbose", Files, "none"),
        Connection("PermitRemoteOpen", SpecialSyntax.Destinations, c => c.RemoteOpen, (c, v) => c with { RemoteOpen = v }),
        Silent("AddKeysToAgent", SpecialSyntax.AddKeysToAgent, "false"),
        Silent("ForwardAgent", SpecialSyntax.ForwardAgent, "no"),
        Connection("ConnectTimeout", TimeOrNone, c => c.ConnectTimeout, (c, v) => c with { ConnectTimeout = v }),
        Silent("TunnelDevice", SpecialSyntax.TunnelDevice, "any:any"),
        new SilentKeyword<string>("CanonicalizePermittedCNAMEs", SpecialSyntax.AliasRules, ["none"]) { Label = "canonicalizePermittedcnames" },
        Silent("ControlPersist", SpecialSyntax.ControlPersist, "no"),
        Silent("EscapeChar", SpecialSyntax.EscapeCharacter, "~"),
        Silent("IPQoS", SpecialSyntax.QualityOfService, "lowdelay throughput"),
        Of("RekeyLimit", ListSyntax.RekeyLimit, d => new(d.Connection.RekeyBytes, d.Connection.RekeyTime), ListSyntax.SetRekeyLimit, addsUp: true),
        Silent("StreamLocalBindMask", SpecialSyntax.Mask, "0177"),
        Silent("SyslogFacility", SpecialSyntax.Facility, "USER"),
        // Whichever of the two comes first wins.
        Connection("ProxyCommand", Command, c => c.ProxyCommand, (c, v) => c with { ProxyCommand = IsNone(v) ? null : v }, slot: "Proxy"),
        Connection("ProxyJump", ListSyntax.Jump, c => c.ProxyJump, (c, v) => c with { ProxyJump = v }, slot: "Proxy"),
        Of("Tag", Text, d => d.Tag, (d, v) => d with { Tag = v }),

        Connection(Ours + "Engine", Word(("built-in", SshEngine.BuiltIn), ("openssh", SshEngine.OpenSsh)), c => c.Engine, (c, v) => c with { Engine = v }),
        Connection(Ours + "PasswordFile", Text, c => c.PasswordFile, (c, v) => c with { PasswordFile = v }),
        Connection(Ours + "PasswordProgram", Text, c => c.PasswordProgram, (c, v) => c with { PasswordProgram = v }),
        Connection(Ours + "PasswordCredential", Text, c => c.PasswordCredential, (c, v) => c with { PasswordCredential = v }),
        Connection(Ours + "Identification", Text, c => c.IdentificationFile, (c, v) => c with { IdentificationFile = v }),
        Connection(Ours + "HostKeyFolders", new ValueSyntax<IReadOnlyList<string>?>(Files.Read, folders => folders is null ? [] : [string.Join(' ', folders)]), c => c.HostKeyFolders, (c, v) => c with { HostKeyFolders = v ?? c.HostKeyFolders }),
        Connection(Ours + "Reconnect", Flag, c => c.Reconnect, (c, v) => c with { Reconnect = v }),
        Connection(Ours + "RestoreWait", Time, c => c.RestoreWait, (c, v) => c with { RestoreWait = v }),
        Connection(Ours + "ServerNoDelay", Flag, c => c.ServerNoDelay, (c, v) => c with { ServerNoDelay = v }),
        Connection(Ours + "Grace", Time, c => c.Grace, (c, v) => c with { Grace = v }),
        Ftp(Ours + "Active", Word(("convert", ActiveMode.Convert), ("forward", ActiveMode.Forward), ("auto", ActiveMode.Auto)), o => o.Active, (o, v) => o with { Active = v }),
        Ftp(Ours + "DataAddress", Word(("destination", DataAddress.Destination), ("reply", DataAddress.Reply)), o => o.DataAddress, (o, v) => o with { DataAddress = v }),
        Ftp(Ours + "DataHosts", Own(OwnValues.Networks, OwnValues.Text), o => o.DataHosts, (o, v) => o with { DataHosts = v }),
        Ftp(Ours + "FtpHost", Own<string?>(OwnValues.FtpHost, v => v), o => o.HostName, (o, v) => o with { HostName = v }),
        Ftp(Ours + "PassivePorts", Own<PortRange?>(v => OwnValues.Ports(v), v => v?.ToString()), o => o.PassivePorts, (o, v) => o with { PassivePorts = v }),
        Ftp(Ours + "PassivePrefetch", Flag, o => o.PassivePrefetch, (o, v) => o with { PassivePrefetch = v }),
        Ftp(Ours + "Advertise", Own<IPAddress?>(OwnValues.Address, v => v?.ToString()), o => o.Advertise, (o, v) => o with { Advertise = v }),
        Ftp(Ours + "PrivilegedDataPorts", Flag, o => o.PrivilegedDataPorts, (o, v) => o with { PrivilegedDataPorts = v }),
        Ftp(Ours + "UnknownCommands", Word(("pass", false), ("refuse", true)), o => o.RefuseUnknownCommands, (o, v) => o with { RefuseUnknownCommands = v }),
        Ftp(Ours + "OpenTimeout", OwnValues.Limit, o => o.ConnectTimeout, (o, v) => o with { ConnectTimeout = v, DataDialTimeout = v }),
        Ftp(Ours + "DataTimeout", OwnValues.Limit, o => o.DataListenTimeout, (o, v) => o with { DataListenTimeout = v }),
        Ftp(Ours + "LoginTimeout", OwnValues.LimitOrNone, o => o.LoginTimeout, (o, v) => o with { LoginTimeout = v }),
        Ftp(Ours + "ClientTimeout", OwnValues.LimitOrNone, o => o.IdleTimeout, (o, v) => o with { IdleTimeout = v }),
        Ftp(Ours + "ReplyTimeout", OwnValues.Limit, o => o.VerdictTimeout, (o, v) => o with { VerdictTimeout = v }),
        Ftp(Ours + "StallTimeout", OwnValues.Limit, o => o.StallTimeout, (o, v) => o with { StallTimeout = v }),
        Ftp(Ours + "Ftps", Word(("refuse", Ftps.Refuse), ("terminate", Ftps.Terminate), ("originate", Ftps.Originate), ("both", Ftps.Both), ("opaque", Ftps.Opaque)), o => o.Ftps, (o, v) => o with { Ftps = v }),
        Ftp(Ours + "FtpsImplicit", Flag, o => o.ImplicitTls, (o, v) => o with { ImplicitTls = v }),
        Tunnel(Ours + "FtpsCertificate", Text, t => t.Ftps.CertificateFile, (t, v) => t with { Ftps = t.Ftps with { CertificateFile = v } }),
        Tunnel(Ours + "FtpsServerName", Own<string?>(OwnValues.FtpHost, v => v), t => t.Ftps.ServerName, (t, v) => t with { Ftps = t.Ftps with { ServerName = v } }),
        Tunnel(Ours + "FtpsCa", Text, t => t.Ftps.AuthoritiesFile, (t, v) => t with { Ftps = t.Ftps with { AuthoritiesFile = v } }),
        Tunnel(Ours + "FtpsFingerprint", Own<string?>(FtpsConfig.ReadFingerprint, v => v), t => t.Ftps.Fingerprint, (t, v) => t with { Ftps = t.Ftps with { Fingerprint = v } }),
        Tunnel(Ours + "FtpsTls", Word(("1.2", TlsVersion.Tls12), ("1.3", TlsVersion.Tls13)), t => t.Ftps.Newest, (t, v) => t with { Ftps = t.Ftps with { Newest = v } }),
        Tunnel(Ours + "MaxSessions", OwnValues.Count, t => t.MaximumSessions, (t, v) => t with { MaximumSessions = v ?? t.MaximumSessions }),
        Tunnel(Ours + "MaxSessionsPerUser", OwnValues.Count, t => t.MaximumSessionsPerUser, (t, v) => t with { MaximumSessionsPerUser = v }),
        Tunnel(Ours + "AllowUsers", Own<IReadOnlyList<string>?>(OwnValues.Names, v => v is null ? null : string.Join(',', v)), t => t.AllowUsers, (t, v) => t with { AllowUsers = v }),
        OwnForward(Ours + "LocalForward", text => TunnelSpec.Parse(TunnelKind.Local, text)),
        OwnForward(Ours + "RemoteForward", text => TunnelSpec.Parse(TunnelKind.Remote, text)),
        OwnForward(Ours + "DynamicForward", TunnelSpec.ParseDynamic),
    ];

    /// <summary>Other names of keywords: OpenSSH's older ones, and Debian's.</summary>
    private static readonly (string Alias, string Name)[] Aliases =
    [
        ("ChallengeResponseAuthentication", "KbdInteractiveAuthentication"), ("SkeyAuthentication", "KbdInteractiveAuthentication"),
        ("TISAuthentication", "KbdInteractiveAuthentication"), ("DSAAuthentication", "PubkeyAuthentication"), ("IdentityFile2", "IdentityFile"),
        ("KeepAlive", "TCPKeepAlive"), ("HostbasedKeyTypes", "HostbasedAcceptedAlgorithms"), ("PubkeyAcceptedKeyTypes", "PubkeyAcceptedAlgorithms"),
        ("SmartcardDevice", "PKCS11Provider"), ("ProtocolKeepAlives", "ServerAliveInterval"), ("SetupTimeOut", "ServerAliveInterval"),
    ];

    /// <summary>Keywords of other times and of newer versions that say nothing here, with whatever follows them.</summary>
    private static readonly string[] Empty =
    [
        "Protocol", "Cipher", "FallBackToRsh", "GlobalKnownHostsFile2", "UserKnownHostsFile2", "RhostsAuthentication", "UseRoaming", "UseRsh", "UsePrivilegedPort",
        "AFSTokenPassing", "KerberosAuthentication", "KerberosTgtPassing", "RSAAuthentication", "RhostsRSAAuthentication", "CompressionLevel",
        "ChannelTimeout", "ObscureKeystrokeTiming", "RefuseConnection", "VersionAddendum", "WarnWeakCrypto", "UseKeychain",
    ];

    private static readonly FrozenDictionary<string, Keyword> ByName = Table.Select(keyword => KeyValuePair.Create(keyword.Name, keyword))
        .Concat(Empty.Select(name => KeyValuePair.Create<string, Keyword>(name, Silent(name, Anything))))
        .Concat(Aliases.Select(alias => KeyValuePair.Create(alias.Alias, Table.First(keyword => keyword.Name == alias.Name))))
        .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>Settings of our own, which are options with two dashes too; the forwards have letters instead.</summary>
    public static IEnumerable<string> Own => Table.Where(keyword => keyword.Name.StartsWith(Ours, StringComparison.Ordinal) && !keyword.AddsUp).Select(keyword => keyword.Name);

    /// <summary>The keyword of a name, in any case; null when nobody knows it.</summary>
    public static Keyword? Find(string name) => ByName.GetValueOrDefault(name);

    private static Keyword<T> Of<T>(string name, ValueSyntax<T> syntax, Func<Draft, T> get, Func<Draft, T, Draft> set, bool addsUp = false) =>
        new(name, syntax, get, set) { AddsUp = addsUp };

    private static Keyword<T> Connection<T>(string name, ValueSyntax<T> syntax, Func<ConnectionConfig, T> get, Func<ConnectionConfig, T, ConnectionConfig> set, string? slot = null) =>
        new(name, syntax, d => get(d.Connection), (d, v) => d with { Connection = set(d.Connection, v) }) { Slot = slot ?? name };

    private static Keyword<T> Tunnel<T>(string name, ValueSyntax<T> syntax, Func<TunnelConfig, T> get, Func<TunnelConfig, T, TunnelConfig> set) =>
        new(name, syntax, d => get(d.Tunnel), (d, v) => d with { Tunnel = set(d.Tunnel, v) });

    private static Keyword<T> Ftp<T>(string name, ValueSyntax<T> syntax, Func<FtpRelayOptions, T> get, Func<FtpRelayOptions, T, FtpRelayOptions> set) =>
        Tunnel(name, syntax, t => get(t.Ftp), (t, v) => t with { Ftp = set(t.Ftp, v) });

    private static SilentKeyword<T> Silent<T>(string name, ValueSyntax<T> syntax, string? usual = null, bool addsUp = false) =>
        new(name, syntax, usual is null ? [] : [usual]) { AddsUp = addsUp };

    private static Keyword<IReadOnlyList<(ForwardSpec, Origin)>> Forward(string name, ForwardKind kind) => Of(
        name, ListSyntax.Forward(kind), d => [.. d.Forwards.Where(forward => forward.Spec.Kind == kind)], ListSyntax.Add, addsUp: true);

    // Printed among OpenSSH's forwards, of which they are a richer spelling.
    private static Keyword<IReadOnlyList<(ForwardSpec, Origin)>> OwnForward(string name, Func<string, TunnelSpec> parse) => Of(
        name, ListSyntax.OwnForward(parse), _ => [], ListSyntax.Add, addsUp: true);
}
