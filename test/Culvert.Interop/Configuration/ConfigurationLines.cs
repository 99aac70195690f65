namespace Culvert.Interop.Configuration;

/// <summary>A keyword with values that it may have.</summary>
/// <param name="Keyword">Its name.</param>
/// <param name="Values">As they stand in a line.</param>
/// <param name="IsRaw">The value is all that follows: no comment can stand behind it.</param>
internal sealed record ConfigurationLine(string Keyword, IReadOnlyList<string> Values, bool IsRaw = false);

/// <summary>What generated files are made of: lines that OpenSSH 9.2 understands, and lines that it refuses. Left out is where OpenSSH itself errs: SyslogFacility
/// and StreamLocalBindMask count there even in blocks that don't, and a LocalForward to a Unix socket is printed as a DynamicForward, too; and what makes <c>ssh -G</c> ask for names in the DNS.</summary>
internal static class ConfigurationLines
{
    private static readonly string[] Flag = ["yes", "no", "true", "FALSE", "Yes", "\"no\""];

    /// <summary>Options that both programs have and that say a setting. A key file of <c>-i</c> must be there, otherwise ssh passes over it.</summary>
    public static string[][] Letters { get; } =
    [
        ["-p", "2200"], ["-p2201"], ["-l", "typed"], ["-ltyped"], ["-4"], ["-6"], ["-C"], ["-g"], ["-N"], ["-T"], ["-NT"], ["-TC4"], ["-b", "127.0.0.3"], ["-b::1"], ["-B", "lo"], ["-c", "aes256-ctr,aes128-ctr"], ["-c+aes128-cbc"],
        ["-m", "hmac-sha2-512"], ["-mhmac-sha2-256"], ["-i", "/etc/hostname"], ["-i/etc/passwd"], ["-J", "jump,you@hop:2222"], ["-Jme@[2001:db8::5]:99"], ["-L", "8080:localhost:80"], ["-L127.0.0.1:8081:[::1]:81"], ["-NL", "[::1]:8082:a:82"],
        ["-L", "*:8083:b:83"], ["-R", "0:localhost:90"], ["-R9091:[2001:db8::9]:91"], ["-R", "9092"], ["-D", "1080"], ["-D[::1]:1081"], ["-W", "far:21"], ["-W[::1]:22"],
    ];

    public static ConfigurationLine[] Valid { get; } =
    [
        Line("HostName", "real.example.net", "%h.example.org", "10.1.2.3", "Real.Example.NET", "x%%y", "\"quoted.example\"", "::ffff:1.2.3.4", "%h", "a.%h.b", "2001:DB8::A", "[::1]", "010.1.1.1"),
        Line("Port", "22", "2222", "65535", "ssh", "\"2022\""),
        Line("User", "one", "two", "%u", "a@b", "\"three four\"", "d\\e", "'five'"),
        Line("IdentityFile", "~/.ssh/id_%h", "/keys/a", "\"/keys/a b\"", "/keys/a\\ b", "none", "%d/k", "'/keys/q'", "/keys/\\\"q", "~root/k", "~/.ssh/%r@%h:%p", "${HOME}/k", "%n%%%L%l%i%u%C", "NONE", "k'e'y", "a\"b c\"d"),
        Line("IdentityFile2", "/keys/old"),
        Line("IdentitiesOnly", Flag),
        Line("IdentityAgent", "none", "SSH_AUTH_SOCK", "~/agent.sock", "${HOME}/agent", "/run/%u/agent-%i", "$SOME_VARIABLE", "%d/a%%b"),
        Line("CertificateFile", "/keys/a-cert.pub", "~/c", "/keys/%r-cert.pub"),
        Line("ProxyJump", true, "jump", "me@jump:2200", "a,b@c:3,d", "none", "ssh://u@j:99", "[::1]:2222", "10.0.0.9", "a,[2001:db8::1]"),
        Line("ProxyCommand", true, "nc %h %p", "none", "\"/bin/with space\" %h", "ssh -W %h:%p x # not a comment"),
        Line("LocalForward", "8080 localhost:80", "127.0.0.1:8081 web:http", "[::1]:8082 [2001:db8::1]:80", "*:8083 a:1", ":8084 b:2", "8085 c:3", "8085 c:3", "localhost:8088 [web]:80", "8089 ::1:80", "8090 [::1]/80", "\"[::1]:8091\" a:1", "8092 ${HOME}:1", "\"8086\" \"d:4\"", "ftp/1234 localhost:21", "/run/s localhost:1"),
        Line("RemoteForward", "9090 localhost:90", "0 localhost:91", "[::]:9092 x:92", "9093", "localhost:9094", "/run/r localhost:95", "*:9096 y:96"),
        Line("DynamicForward", "1080", "127.0.0.1:1081", "[::1]:1082", "*:1083"),
        Line("ClearAllForwardings", "no", "no", "yes"),
        Line("GatewayPorts", Flag),
        Line("ExitOnForwardFailure", Flag),
        Line("ServerAliveInterval", "0", "30", "1m", "2h30m", "none", "1d", "1W2D", "0s", "1m1m", "007", "\"45\""),
        Line("ServerAliveCountMax", "0", "1", "5", "+7"),
        Line("ConnectTimeout", "none", "0", "1h1", "2M", "3w", "5", "1m30s", "1W", "90S"),
        Line("ConnectionAttempts", "1", "3"),
        Line("StrictHostKeyChecking", "yes", "no", "off", "ask", "accept-new", "TRUE", "false"),
        Line("UserKnownHostsFile", "~/.ssh/known_hosts", "~/.ssh/known_hosts ~/.ssh/second", "/dev/null", "none", "\"~/a b\" /c", "%d/%h_hosts ${HOME}/x", "/k/%C", "~root/kh %u", "/k/%k_%n_%%_%i ~/y", "'a b' c\\ d"),
        Line("GlobalKnownHostsFile", "/etc/a /etc/b", "none", "/dev/null", "\"/etc/a b\""),
        Line("HostKeyAlias", "key.example", "UPPER", "\"k\"", "a:b", "%h"),
        Line("HashKnownHosts", Flag),
        Line("UpdateHostKeys", "yes", "no", "ask", "TRUE"),
        Line("CheckHostIP", Flag),
        Line("PreferredAuthentications", "publickey", "password,publickey", "gssapi-with-mic,keyboard-interactive", "nonsense"),
        Line("PubkeyAuthentication", "yes", "no", "unbound", "host-bound", "true"),
        Line("PasswordAuthentication", Flag),
        Line("KbdInteractiveAuthentication", Flag),
        Line("ChallengeResponseAuthentication", Flag),
        Line("DSAAuthentication", "yes", "no"),
        Line("BatchMode", Flag),
        Line("NumberOfPasswordPrompts", "0", "1", "7"),
        Line("Ciphers", "aes128-ctr", "aes256-gcm@openssh.com,aes128-cbc,aes128-ctr", "+aes128-cbc", "-aes*", "^aes256-ctr,3des-cbc", "chacha20-poly1305@openssh.com,aes192-ctr", "-3des-cbc,*gcm*", "^aes128-gcm@openssh.com,aes256-gcm@openssh.com", "-*", "+aes256-ctr,aes256-ctr", "-!aes128-ctr,*"),
        Line("MACs", "hmac-sha2-256", "hmac-sha1,hmac-sha2-512", "+hmac-md5", "-*etm*", "^hmac-sha2-512,umac-64@openssh.com", "-hmac-sha1*", "-umac*,hmac-md5*", "^hmac-sha1"),
        Line("KexAlgorithms", "curve25519-sha256", "+diffie-hellman-group14-sha1", "-ecdh-*", "^ecdh-sha2-nistp521", "sntrup761x25519-sha512@openssh.com,ecdh-sha2-nistp256,curve25519-sha256@libssh.org"),
        Line("HostKeyAlgorithms", "ssh-ed25519", "+ssh-rsa", "-rsa-*", "^rsa-sha2-256", "ecdsa-*", "ssh-ed25519-cert-v01@openssh.com,ssh-ed25519", "rsa-sha2-256,ecdsa-sha2-nistp256"),
        Line("PubkeyAcceptedAlgorithms", "ssh-ed25519", "+ssh-rsa", "-ecdsa-*", "^ssh-ed25519", "rsa-sha2-512,rsa-sha2-256"),
        Line("PubkeyAcceptedKeyTypes", "rsa-*"),
        Line("CASignatureAlgorithms", "ssh-ed25519", "+ssh-rsa", "-ecdsa-*", "^rsa-sha2-256", "rsa-sha2-512,ssh-ed25519", "rsa-*", "-ssh-*,ecdsa*"),
        Line("RekeyLimit", "default", "1K", "2g 90m", "1.25M none", "default none", "4G 1w", "1048576 0", "\"1G\" \"1h\"", "1G", "512M 1h", "1.5g none", "default 30m", "0", "16", "4096 90"),
        Line("LogLevel", "QUIET", "fatal", "ERROR", "info", "VERBOSE", "DEBUG", "DEBUG1", "debug2", "DEBUG3"),
        Line("AddressFamily", "any", "inet", "INET6"),
        Line("BindAddress", "127.0.0.1", "::1", "some.name"),
        Line("TCPKeepAlive", Flag),
        Line("KeepAlive", "no"),
        Line("IgnoreUnknown", "*", "FUTURE*,!Futurething", "Use*", "Future*", "Future*,UseFuture", "\"future?thing\""),
        // Silent here.
        Line("ForwardAgent", "yes", "no"),
        Line("ForwardX11", Flag),
        Line("ForwardX11Timeout", "1h", "20"),
        Line("ControlMaster", "auto", "no", "autoask"),
        Line("ControlPath", "~/.ssh/%C", "none", "/run/${HOME}-%n"),
        Line("ControlPersist", "yes", "10m", "no", "0"),
        Line("Compression", "yes", "no"),
        Line("VisualHostKey", Flag),
        Line("SendEnv", "LANG LC_*", "\"A\" B"),
        Line("SetEnv", "A=b", "A=b \"C=d e\""),
        Line("RequestTTY", "force", "no"),
        Line("EscapeChar", "none", "^b", "@"),
        Line("IPQoS", "af21 cs1", "ef", "0x20 none", "lowdelay"),
        Line("AddKeysToAgent", "yes", "ask", "confirm", "confirm 5m", "1h"),
        Line("VerifyHostKeyDNS", "ask", "no", "yes"),
        Line("LocalCommand", true, "echo %h # x"),
        Line("PermitLocalCommand", Flag),
        Line("RevokedHostKeys", "/k/revoked", "none"),
        Line("KnownHostsCommand", true, "/bin/true %H"),
        Line("GSSAPIAuthentication", Flag),
        Line("Tunnel", "yes", "no", "ethernet"),
        Line("TunnelDevice", "0:1", "any", "3:any"),
        Line("FingerprintHash", "sha256", "MD5"),
        Line("CanonicalizeMaxDots", "2"),
        Line("CanonicalDomains", "Example.com b.org", "none"),
        Line("CanonicalizePermittedCNAMEs", "none"),
        Line("Protocol", "2", "2,1"),
        Line("Cipher", "blowfish"),
        Line("UsePrivilegedPort", "no"),
        Line("RSAAuthentication", "yes"),
        Line("HostbasedAuthentication", Flag),
        Line("NoHostAuthenticationForLocalhost", Flag),
        Line("PermitRemoteOpen", "any", "a:1 b:*"),
        Line("RequiredRSASize", "2048", "1024", "0", "16384"),
        Line("BindInterface", "eth0", "lo"),
        Line("XAuthLocation", "/x"),
        Line("EnableEscapeCommandline", Flag),
    ];

    public static string[] Mistakes { get; } =
    [
        "Foo bar", "Hostt x", "FutureThing yes", "Port x", "Port 0", "Port 65536", "Port", "Port 1 2", "BatchMode", "BatchMode maybe", "BatchMode \"\"", "User", "User \"\"", "User a b",
        "HostName a b", "IdentityFile", "IdentityFile a b", "IdentityAgent ${NO_SUCH_VARIABLE}", "IdentityAgent $not-a-name", "IdentityAgent ${", "IdentityAgent ${}", "CertificateFile a b",
        "ProxyJump a:0", "ProxyJump a,,b", "ProxyJump @a", "ProxyJump a:x", "ProxyJump [::1", "LocalForward 1", "LocalForward 0 a:1", "LocalForward x a:1", "LocalForward 1 a", "LocalForward 1 a:0",
        "LocalForward 1:2:3:4 a:1", "LocalForward ${NO_SUCH_VARIABLE}:1 a:1", "LocalForward", "LocalForward 1 a:1 b", "RemoteForward x", "RemoteForward 1 [a:1", "DynamicForward 0", "DynamicForward x",
        "DynamicForward 1 a:1", "GatewayPorts clientspecified", "ServerAliveInterval x", "ServerAliveInterval 1y", "ServerAliveInterval -1", "ServerAliveCountMax -1", "ServerAliveCountMax x",
        "ServerAliveCountMax 99999999999", "ConnectTimeout 99999999999", "ConnectTimeout 1 2", "ConnectionAttempts x", "StrictHostKeyChecking sometimes", "UserKnownHostsFile a none", "UserKnownHostsFile none a",
        "GlobalKnownHostsFile a \"\"", "UpdateHostKeys maybe", "PubkeyAuthentication bound", "NumberOfPasswordPrompts many", "Ciphers nonsense", "Ciphers aes*", "Ciphers +", "MACs nonsense,hmac-sha2-256",
        "KexAlgorithms ^nonsense", "HostKeyAlgorithms ssh-nonsense", "HostKeyAlgorithms", "PubkeyAcceptedAlgorithms +nonsense", "RekeyLimit 1", "RekeyLimit x", "RekeyLimit 1G 1h 1", "RekeyLimit 1G x", "RekeyLimit 15",
        "LogLevel loud", "LogLevel", "AddressFamily inet5", "TCPKeepAlive 1", "User \"open", "User 'open", "ProxyCommand \"open", "Host \"open", "Match", "Match foo", "Match host", "Match foo bar", "Match all host x",
        "Match host a user b all", "Match exec \"open", "Match host # x", "Match ! user x", "Include", "Include \"\"", "Include \"open", "Host a \"\"", "= x", "EscapeChar ab", "AddKeysToAgent confirm x", "AddKeysToAgent maybe so",
        "IPQoS fast", "StreamLocalBindMask 888", "SyslogFacility x", "SendEnv a=b", "SetEnv a", "TunnelDevice x", "FingerprintHash x", "ControlPersist maybe", "Compression 9", "VisualHostKey maybe",
        "Host", "Match host alias exec", "Match final host", "Match localuser", "Match user", "Match host alias all", "Match all all", "Match !all host x", "Match final all all", "Match exec", "Match =", "Match host=", "IPQoS", "SendEnv", "SetEnv",
        "RekeyLimit 1Q", "RekeyLimit 9999999999G", "RekeyLimit -1", "RekeyLimit", "ConnectTimeout -1", "ConnectTimeout", "ServerAliveInterval 1h x", "NumberOfPasswordPrompts -1", "HostKeyAlias a b", "HostKeyAlias", "BindInterface a b", "BindAddress",
        "CASignatureAlgorithms", "CASignatureAlgorithms nonsense", "CASignatureAlgorithms +", "RequiredRSASize x", "ProxyJump none,a", "ProxyJump a,none", "ProxyJump user@", "ProxyJump ssh://", "ProxyJump", "UserKnownHostsFile", "GlobalKnownHostsFile a none",
        "IgnoreUnknown", "IgnoreUnknown a b", "HashKnownHosts ask", "CheckHostIP ask", "AddressFamily", "IdentitiesOnly ask", "FutureOne", "Future two three", "UseFuture \"open", "Port 22x", "Port 0x16", "Port -1", "Port 22 # x y", "User a#b c", "Compression", "PreferredAuthentications",
        "Ciphers aes128-ctr,,aes256-ctr", "Ciphers aes128-ctr,", "MACs ^", "KexAlgorithms curve25519-sha256,nonsense", "HostKeyAlgorithms ^x*", "PubkeyAcceptedAlgorithms -", "LocalForward 1 :1", "LocalForward 70000 a:1", "LocalForward 1 a:70000", "RemoteForward 1 a:", "DynamicForward a:b:c:d",
        "ProxyCommand", "ProxyCommand=", "LogLevel debug4", "UpdateHostKeys", "StrictHostKeyChecking", "IdentityAgent", "IdentityAgent a b", "Include {F}/none \"\"", "Host \"\" a", "\"Port\" 5", "Port\"5\"", "Port=", "=Port 5", "Port==5", "Port = = 5",
    ];

    private static ConfigurationLine Line(string keyword, params string[] values) => new(keyword, values);

    private static ConfigurationLine Line(string keyword, bool isRaw, params string[] values) => new(keyword, values, isRaw);
}
