using Culvert.Interop.Processes;

namespace Culvert.Interop.Servers;

/// <summary>How a test wants its SSH server.</summary>
internal sealed record SshServerOptions
{
    public NetworkHost Host { get; init; } = NetworkHost.Here;

    public string ListenAddress { get; init; } = "127.0.0.1";

    /// <summary>Whether passwords work too. Needs root: the account exists only in the server's own view of /etc.</summary>
    public bool AcceptsPasswords { get; init; }

    /// <summary>Keys that may log in besides <see cref="TestKeys.Client"/>, as lines of authorized_keys.</summary>
    public IReadOnlyList<string> AuthorizedKeys { get; init; } = [];

    /// <summary>Bytes after which the server changes keys; its own choice when null. dropbear has no such option.</summary>
    public long? RekeyBytes { get; init; }

    /// <summary>For dropbear alone: remote ports are opened at the address that is asked for (its option <c>-a</c>). Without it they are opened at ::1 and at 127.0.0.1
    /// whatever is asked for, and one of both is enough for a yes: the number that it gets for ::1 may be in use at 127.0.0.1, by a connection of a parallel test.</summary>
    public bool KeepsToAddresses { get; init; } = true;

    /// <summary>Further lines of sshd_config, which win over the fixture's own. dropbear knows none.</summary>
    public IReadOnlyList<string> Configuration { get; init; } = [];
}

/// <summary>A real SSH server on a port of its own, which knows <see cref="TestKeys.Client"/>.</summary>
internal abstract class SshServer : IAsyncDisposable
{
    public const string OpenSsh = "sshd";
    public const string OpenSshNewer = "sshd of OpenSSH 10";
    public const string Dropbear = "dropbear";
    public const string AsyncSsh = "AsyncSSH";
    public const string Paramiko = "Paramiko";

    private ChildProcess? _process;

    protected SshServer(SshServerOptions options, TestKeys keys)
    {
        Options = options;
        Keys = keys;
    }

    public SshServerOptions Options { get; }

    public TestKeys Keys { get; }

    public string Address => Options.ListenAddress;

    public int Port { get; } = FreePort.Next();

    public abstract string User { get; }

    public static string Password => Account.Password;

    /// <summary>A known_hosts file with this server's true keys.</summary>
    public string KnownHosts { get; private set; } = "";

    /// <summary>OpenSSH's file of keys that let the user in; read anew at each login.</summary>
    public string AuthorizedKeys => Folder["authorized_keys"];

    public string Output => _process?.Output ?? "";

    /// <summary>The content of authorized_keys.</summary>
    protected string AuthorizedLines => string.Concat([Keys.PublicKey(TestKeys.Client) + "\n", .. Options.AuthorizedKeys.Select(line => line + "\n")]);

    protected TemporaryFolder Folder { get; } = new();

    public static async Task<SshServer> StartAsync(string name, CancellationToken cancellation, SshServerOptions? options = null)
    {
        options ??= new SshServerOptions();
        SshServer server = name switch
        {
            OpenSsh => new OpenSshServer(options, await TestKeys.GetAsync()),
            OpenSshNewer => new OpenSshServer(options, await TestKeys.GetAsync(), isNewer: true),
            Dropbear => new DropbearServer(options, await TestKeys.GetAsync()),
            AsyncSsh => new PythonSshServer(options, await TestKeys.GetAsync(), "asyncssh"),
            Paramiko => new PythonSshServer(options, await TestKeys.GetAsync(), "paramiko"),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such server"),
        };
        try
        {
            server._process = options.Host.Start(await server.PrepareAsync(cancellation));
            await Readiness.OfPortAsync(server._process, server.Port, cancellation);
            server.KnownHosts = server.WriteKnownHosts("known_hosts", TestKeys.HostKeys);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A known_hosts file that says this server has the given keys.</summary>
    public string WriteKnownHosts(string file, params IReadOnlyList<string> keys) => WriteKnownHosts(file, Port, keys);

    /// <summary>The same for a port that leads to the server in the end.</summary>
    public string WriteKnownHosts(string file, int port, params IReadOnlyList<string> keys) => Folder.Write(
        file, string.Concat(keys.Select(key => $"[{Address}]:{port} {Keys.PublicKey(key)}\n")));

    /// <summary>Kills the server and each of its sessions in one stroke, as a crash of its machine would.</summary>
    public void KillAll()
    {
        var process = _process ?? throw new InvalidOperationException("not started");
        var sessions = ProcessTable.DescendantsOf(process.Id);
        process.Kill();
        foreach (var session in sessions)
        {
            ProcessTable.Kill(session);
        }
    }

    /// <summary>Starts it again after <see cref="KillAll"/>, on the same port and with the same keys.</summary>
    public async Task StartAgainAsync(CancellationToken cancellation)
    {
        await _process!.DisposeAsync();
        _process = Options.Host.Start(await PrepareAsync(cancellation));
        await Readiness.OfPortAsync(_process, Port, cancellation);
    }

    /// <summary>Stops server and sessions in the middle of what they do: they neither answer nor end.</summary>
    public void FreezeAll() => SignalAll(freeze: true);

    /// <summary>Lets them go on.</summary>
    public void ThawAll() => SignalAll(freeze: false);

    /// <summary>Kills each session; the server itself goes on.</summary>
    public void KillSessions()
    {
        foreach (var session in ProcessTable.DescendantsOf((_process ?? throw new InvalidOperationException("not started")).Id))
        {
            ProcessTable.Kill(session);
        }
    }

    /// <summary>Stops the server from accepting while connections that stand go on.</summary>
    public void FreezeListener() => (_process ?? throw new InvalidOperationException("not started")).Freeze();

    public void ThawListener() => (_process ?? throw new InvalidOperationException("not started")).Thaw();

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        Folder.Dispose();
    }

    private void SignalAll(bool freeze)
    {
        var process = _process ?? throw new InvalidOperationException("not started");
        foreach (var id in (IEnumerable<int>)[process.Id, .. ProcessTable.DescendantsOf(process.Id).Select(session => session.Id)])
            ProcessTable.Signal(id, freeze ? ProcessTable.SignalStop : ProcessTable.SignalContinue);
    }

    protected abstract Task<CommandLine> PrepareAsync(CancellationToken cancellation);
}
