using System.Collections.Immutable;
using Culvert.Ssh.Trust;

namespace Culvert.Broker.Config;

/// <summary>Which IP versions are used to reach the server, and for listeners without an address.</summary>
public enum AddressFamilyChoice
{
    /// <summary>Both.</summary>
    Any,
    /// <summary>IPv4 (<c>-4</c>).</summary>
    Inet,
    /// <summary>IPv6 (<c>-6</c>).</summary>
    Inet6,
}

/// <summary>Whether the server's other keys are learnt from itself.</summary>
public enum UpdateHostKeys
{
    /// <summary>Never.</summary>
    No,
    /// <summary>Without a question.</summary>
    Yes,
    /// <summary>After a question; without a session nobody is asked, and it means no.</summary>
    Ask,
}

/// <summary>Whether keys are tried for the login.</summary>
public enum PublicKeyUse
{
    /// <summary>Never.</summary>
    No,
    /// <summary>As the server likes.</summary>
    Yes,
    /// <summary>Without OpenSSH's extension that names the server's key in what is signed.</summary>
    Unbound,
    /// <summary>With that extension where the server has it.</summary>
    HostBound,
}

/// <summary>Which program speaks SSH.</summary>
public enum SshEngine
{
    /// <summary>Culvert itself.</summary>
    BuiltIn,
    /// <summary>The user's own <c>ssh</c>: whatever it can do works.</summary>
    OpenSsh,
}

/// <summary>How much is said, as OpenSSH counts it.</summary>
public enum Verbosity
{
    /// <summary>Nothing but what ends the program (<c>-q</c>: not even that).</summary>
    Quiet,
    /// <summary>Fatal errors.</summary>
    Fatal,
    /// <summary>Errors.</summary>
    Error,
    /// <summary>The normal measure.</summary>
    Info,
    /// <summary>A little more.</summary>
    Verbose,
    /// <summary><c>-v</c></summary>
    Debug1,
    /// <summary><c>-vv</c></summary>
    Debug2,
    /// <summary><c>-vvv</c></summary>
    Debug3,
}

/// <summary>An SSH connection that is wanted, with the tunnels through it. Immutable; command line and files produce the same record.</summary>
public sealed record ConnectionConfig
{
    /// <summary>The name that the user typed: messages use it.</summary>
    public required string Host { get; init; }

    /// <summary>The real name or address to connect to (HostName, in lower case); its key is looked up by this name. Null: <see cref="Host"/>.</summary>
    public string? HostName { get; init; }

    /// <summary>1 to 65535.</summary>
    public int Port { get; init; } = 22;

    /// <summary>Whom to log in as; null: the name of whoever runs this.</summary>
    public string? User { get; init; }

    /// <summary>The tunnels, in the order in which they were said.</summary>
    public IReadOnlyList<TunnelConfig> Tunnels { get; init; } = [];

    /// <summary>The session beside the tunnels; null: none.</summary>
    public SessionConfig? Session { get; init; }

    /// <summary>Try an empty password before anybody is asked for one.</summary>
    public bool TryEmptyPassword { get; init; }

    /// <summary>Forwards of ssh_config that culvert doesn't offer: Unix sockets.</summary>
    public IReadOnlyList<ForwardSpec> OtherForwards { get; init; } = [];

    /// <summary>SSH servers on the way; null: none.</summary>
    public JumpChain? ProxyJump { get; init; }

    /// <summary>The connection through which this one is made, as it is configured itself; null: this machine's network.</summary>
    public ConnectionConfig? Via { get; init; }

    /// <summary>Where clients of a SOCKS port on the server's side may go.</summary>
    public PermittedDestinations RemoteOpen { get; init; } = PermittedDestinations.Any;

    /// <summary>A command whose input and output lead to the server, with its tokens; null: none.</summary>
    public string? ProxyCommand { get; init; }

    /// <summary>Which program speaks SSH.</summary>
    public SshEngine Engine { get; init; } = SshEngine.BuiltIn;

    /// <summary>Never ask.</summary>
    public bool BatchMode { get; init; }

    /// <summary>What an unknown or changed host key means.</summary>
    public HostKeyChecking HostKeyChecking { get; init; } = HostKeyChecking.Ask;

    /// <summary>The user's known_hosts files, new keys go to the first; null: the usual ones.</summary>
    public IReadOnlyList<string>? UserKnownHostsFiles { get; init; }

    /// <summary>The machine's known_hosts files; null: the usual ones.</summary>
    public IReadOnlyList<string>? GlobalKnownHostsFiles { get; init; }

    /// <summary>Look the host's key up by its address as well.</summary>
    public bool CheckHostIP { get; init; }

    /// <summary>Learn the server's other keys from itself; null: as long as the user's known_hosts file is the usual one.</summary>
    public UpdateHostKeys? UpdateHostKeys { get; init; }

    /// <summary>Write new host names hashed.</summary>
    public bool HashKnownHosts { get; init; }

    /// <summary>The name by which the host key is looked up; null: <see cref="ConnectHost"/>.</summary>
    public string? HostKeyAlias { get; init; }

    /// <summary>Private keys to try, in order; empty: the usual ones.</summary>
    public IReadOnlyList<string> IdentityFiles { get; init; } = [];

    /// <summary>Certificates for the keys.</summary>
    public IReadOnlyList<string> CertificateFiles { get; init; } = [];

    /// <summary>Of the agent's keys, try only those that <see cref="IdentityFiles"/> name.</summary>
    public bool IdentitiesOnly { get; init; }

    /// <summary>The agent's socket; null: SSH_AUTH_SOCK; <c>none</c>: no agent.</summary>
    public string? IdentityAgent { get; init; }

    /// <summary>The password itself, from a file that nobody else may read.</summary>
    public Secret? Password { get; init; }

    /// <summary>Holds the password; nobody else may read it.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>A program, by its full path, and its words: its first line of output is the password.</summary>
    public string? PasswordProgram { get; init; }

    /// <summary>The name of a systemd credential that holds the password.</summary>
    public string? PasswordCredential { get; init; }

    /// <summary>SSH Tectia's list of keys (<c>IdKey name</c>), tried before <see cref="IdentityFiles"/>.</summary>
    public string? IdentificationFile { get; init; }

    /// <summary>SSH Tectia's folders of host keys; null: the usual ones, where they exist.</summary>
    public IReadOnlyList<string>? HostKeyFolders { get; init; }

    /// <summary>The server's own keys, which count before all files.</summary>
    public IReadOnlyList<PinnedHostKey> PinnedHostKeys { get; init; } = [];

    /// <summary>Whether the server's banner is shown; null: it is.</summary>
    public bool? ShowsBanners { get; init; }

    /// <summary>Methods in the order to try; null: the usual one.</summary>
    public IReadOnlyList<string>? PreferredAuthentications { get; init; }

    /// <summary>Whether keys may be tried (PubkeyAuthentication).</summary>
    public PublicKeyUse PublicKeyUse { get; init; } = PublicKeyUse.Yes;

    /// <summary>Whether the method <c>password</c> may be tried.</summary>
    public bool PasswordAuthentication { get; init; } = true;

    /// <summary>Whether the method <c>keyboard-interactive</c> may be tried.</summary>
    public bool KbdInteractiveAuthentication { get; init; } = true;

    /// <summary>Signature algorithms for users' keys, written as OpenSSH writes lists; null: all.</summary>
    public string? PubkeyAcceptedAlgorithms { get; init; }

    /// <summary>How often a password is asked for; 0: never.</summary>
    public int NumberOfPasswordPrompts { get; init; } = 3;

    /// <summary>How often a connection is tried, a second apart; at least 1.</summary>
    public int ConnectionAttempts { get; init; } = 1;

    /// <summary>One deadline over connecting, key exchange and everything that isn't waiting for the user; zero or infinite: none.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>After this much silence the server is asked for a sign of life; zero: never.</summary>
    public TimeSpan ServerAliveInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The link is dead after this many unanswered questions.</summary>
    public int ServerAliveCountMax { get; init; } = 3;

    /// <summary>Whether the kernel probes a silent connection, too.</summary>
    public bool TcpKeepAlive { get; init; } = true;

    /// <summary>Whether sshd up to 10.0 is made to send small packets at once, by a session in which a command does nothing. The built-in engine's alone.</summary>
    public bool ServerNoDelay { get; init; }

    /// <summary>Which IP versions are used.</summary>
    public AddressFamilyChoice AddressFamily { get; init; } = AddressFamilyChoice.Any;

    /// <summary>The local address to connect from (<c>-b</c>); null: the system's choice.</summary>
    public string? BindAddress { get; init; }

    /// <summary>The network interface from one of whose addresses to connect (<c>-B</c>), unless <see cref="BindAddress"/> names one; null: the system's choice.</summary>
    public string? BindInterface { get; init; }

    /// <summary>RSA keys with fewer bits are refused, the server's and one's own. The engine has a least number of its own, 2048.</summary>
    public int RequiredRsaBits { get; init; } = 1024;

    /// <summary>Ciphers as OpenSSH writes lists (<c>+ - ^</c> before a list change the default one); null: the default list.</summary>
    public string? Ciphers { get; init; }

    /// <summary>Key exchange methods, written likewise.</summary>
    public string? KexAlgorithms { get; init; }

    /// <summary>Host key algorithms, written likewise.</summary>
    public string? HostKeyAlgorithms { get; init; }

    /// <summary>Algorithms by which authorities may have signed hosts' certificates, written likewise.</summary>
    public string? CaSignatureAlgorithms { get; init; }

    /// <summary>MACs, written likewise.</summary>
    public string? Macs { get; init; }

    /// <summary>Compress what travels, where the server can.</summary>
    public bool Compression { get; init; }

    /// <summary>Change keys after this many bytes; null: the cipher's own limit.</summary>
    public long? RekeyBytes { get; init; }

    /// <summary>Change keys after this long; null: the engine's own limit.</summary>
    public TimeSpan? RekeyTime { get; init; }

    /// <summary>One tunnel that can't be had ends the program, unless <see cref="TunnelConfig.IsBestEffort"/>.</summary>
    public bool ExitOnForwardFailure { get; init; } = true;

    /// <summary>What runs has this long after a stop, or after the link was lost, to come to its own end.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A lost link is made again, instead of ending the program. A broker does so always.</summary>
    public bool Reconnect { get; init; }

    /// <summary>Clients that come while the link is being restored wait so long for it; then they hear why there is none. Shorter than the patience of FTP clients.</summary>
    public TimeSpan RestoreWait { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How much is said.</summary>
    public Verbosity Verbosity { get; init; } = Verbosity.Info;

    /// <summary>Keywords of OpenSSH without a meaning here, as <c>-G</c> prints them.</summary>
    internal ImmutableDictionary<string, IReadOnlyList<string>> Others { get; init; } = [];

    /// <summary>Where the connection really goes.</summary>
    public string ConnectHost => HostName ?? Host;

    /// <summary>What was said of a keyword that has no meaning here, a line each.</summary>
    internal IReadOnlyList<string> OtherLines(string keyword) => Others.TryGetValue(keyword, out var lines) ? lines : [];
}
