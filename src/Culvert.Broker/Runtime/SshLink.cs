using System.Net.Sockets;
using Culvert.Broker.Config;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Auth;
using Culvert.Ssh.Keys;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Trust;

namespace Culvert.Broker.Runtime;

/// <summary>Makes one SSH connection from a configuration: whom to trust, who logs in and how, what to offer.</summary>
internal static class SshLink
{
    /// <summary>Connects and logs in.</summary>
    /// <exception cref="BrokerException">It couldn't be done; the reason is told in OpenSSH's words, with a hint.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async ValueTask<SshConnection> ConnectAsync(ConnectionConfig config, BrokerServices services, CancellationToken cancellationToken)
    {
        var paths = PathTokens.Of(config);
        var ask = config.BatchMode ? null : services.Ask;
        var server = new Endpoint(config.ConnectHost, config.Port);
        var trust = Trust(config, paths, ask, services);
        var password = config.PasswordFile is { } file ? await PasswordFile.ReadAsync(paths.Expand(file), cancellationToken).ConfigureAwait(false) : null;
        try
        {
            var known = await trust.KnownAlgorithmsAsync(server, cancellationToken).ConfigureAwait(false);
            return await SshConnection.ConnectAsync(
                services.Here,
                new SshClientOptions
                {
                    Server = server,
                    HostKeyPolicy = trust.CheckAsync,
                    Authentication = Login(config, paths, ask, password, services),
                    Algorithms = AlgorithmChoice.Of(config, known, services.Reporter.Tell),
                    Rekey = RekeyLimits.Default with { Bytes = config.RekeyBytes ?? RekeyLimits.Default.Bytes, Age = config.RekeyTime },
                    ConnectTimeout = config.ConnectTimeout == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : config.ConnectTimeout,
                    TcpKeepAlive = config.TcpKeepAlive,
                    ServerAliveInterval = config.ServerAliveInterval,
                    ServerAliveCountMax = config.ServerAliveCountMax,
                    Family = config.AddressFamily switch
                    {
                        AddressFamilyChoice.Inet => AddressFamily.InterNetwork,
                        AddressFamilyChoice.Inet6 => AddressFamily.InterNetworkV6,
                        _ => null,
                    },
                    Source = config.BindAddress is { } address ? new Endpoint(address, 0) : null,
                    LoggerFactory = services.LoggerFactory,
                    Time = services.Time,
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (SshHostKeyException e)
        {
            throw new BrokerException(LinkMessages.HostKeyRefused(config, e.Message, e.HasChanged), e);
        }
        catch (SshAuthenticationException e)
        {
            throw new BrokerException(LinkMessages.PermissionDenied(e.Message, ask is not null), e);
        }
        catch (SshConnectionException e)
        {
            throw new BrokerException(LinkMessages.Unreachable(config, e.Failure), e);
        }
        catch (SshException e)
        {
            throw new BrokerException(Message.Error(e.Message, "-v shows what was tried"), e);
        }
    }

    private static KnownHostsPolicy Trust(ConnectionConfig config, PathTokens paths, Ask? ask, BrokerServices services)
    {
        var system = OperatingSystem.IsWindows() ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "ssh") : "/etc/ssh";
        return new KnownHostsPolicy(new KnownHostsOptions
        {
            UserFiles = Files(config.UserKnownHostsFiles, paths, ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"]),
            GlobalFiles = Files(config.GlobalKnownHostsFiles, paths, [Path.Combine(system, "ssh_known_hosts"), Path.Combine(system, "ssh_known_hosts2")]),
            Checking = config.HostKeyChecking,
            HashNames = config.HashKnownHosts,
            HostKeyAlias = config.HostKeyAlias,
            Ask = ask,
            Show = text => services.Reporter.Tell(Message.Warning(text)),
            Logger = services.LoggerFactory.CreateLogger("Culvert.Ssh.Trust"),
        });
    }

    private static ClientAuthenticationOptions Login(ConnectionConfig config, PathTokens paths, Ask? ask, string? password, BrokerServices services) => new()
    {
        User = config.User ?? Environment.UserName,
        Host = config.Host,
        Methods = Methods(config),
        IdentityFiles = config.IdentityFiles.Count > 0
            ? [.. config.IdentityFiles.Where(file => !IsNone(file)).Select(file => new IdentityFile(paths.Expand(file)))]
            : IdentityFile.Defaults(Path.Combine(paths.Home, ".ssh")),
        Agent = Agent(config, paths),
        IdentitiesOnly = config.IdentitiesOnly,
        PasswordSource = password is null ? null : _ => new ValueTask<string?>(password),
        PasswordPrompts = config.NumberOfPasswordPrompts,
        Ask = ask,
        Show = text => services.Reporter.Tell(Message.Warning(text)),
        Logger = services.LoggerFactory.CreateLogger("Culvert.Ssh.Auth"),
    };

    private static string[] Methods(ConnectionConfig config)
    {
        var wanted = config.PreferredAuthentications ?? ["publickey", "keyboard-interactive", "password"];
        return [.. wanted.Where(method => method switch
        {
            "publickey" => config.PubkeyAuthentication,
            "keyboard-interactive" => config.KbdInteractiveAuthentication,
            "password" => config.PasswordAuthentication,
            _ => false, // gssapi-with-mic and hostbased are OpenSSH's own
        })];
    }

    // IdentityAgent: a path, none, the word SSH_AUTH_SOCK, or $NAME of a variable that holds the path.
    private static Agent? Agent(ConnectionConfig config, PathTokens paths) => config.IdentityAgent switch
    {
        null or "SSH_AUTH_SOCK" => Culvert.Ssh.Keys.Agent.FromEnvironment(),
        { } none when IsNone(none) => null,
        ['$', .. var variable] => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path ? new Agent(path) : null,
        { } path => new Agent(paths.Expand(path)),
    };

    private static string[] Files(IReadOnlyList<string>? said, PathTokens paths, IReadOnlyList<string> usual) =>
        said is [var only] && IsNone(only) ? [] : [.. (said ?? usual).Select(paths.Expand)];

    private static bool IsNone(string text) => text.Equals("none", StringComparison.OrdinalIgnoreCase);
}
