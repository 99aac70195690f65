using System.Net.Sockets;
using Culvert.Broker.Config;
using Culvert.Net;
using Culvert.Net.Processes;
using Culvert.Ssh;
using Culvert.Ssh.Auth;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Keys;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Trust;

namespace Culvert.Broker.Runtime;

/// <summary>Makes one SSH connection from a configuration, by the engine that it names. For our own: whom to trust, who logs in and how, what to offer.</summary>
internal static class SshLink
{
    /// <summary>OpenSSH's pause between two attempts.</summary>
    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromSeconds(1);

    /// <summary>Connects and logs in, on a way through other servers first where there is one.</summary>
    /// <exception cref="BrokerException">It couldn't be done; the reason is told in OpenSSH's words, with a hint.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async ValueTask<SshRoute> ConnectAsync(ConnectionConfig config, BrokerServices services, CancellationToken cancellationToken)
    {
        foreach (var message in NotOffered.Of(config))
        {
            if (message.Weight == MessageWeight.Error)
                throw new BrokerException(message);
            services.Reporter.Tell(message);
        }
        if (config.Engine == SshEngine.OpenSsh)
            return await OpenSshLink.ConnectAsync(config, services, cancellationToken).ConfigureAwait(false);
        var via = config.Via is { } hop ? await ConnectAsync(hop, services, cancellationToken).ConfigureAwait(false) : null;
        try
        {
            return SshRoute.Of(await ConnectRepeatedlyAsync(config, via?.Network ?? Nearest(config, services), services, cancellationToken).ConfigureAwait(false), via);
        }
        catch
        {
            if (via is not null)
                await via.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    // What reaches the server: a command, where one was said, otherwise this machine's own network.
    private static INetwork Nearest(ConnectionConfig config, BrokerServices services)
    {
        if (config.ProxyCommand is not { } command)
            return services.Here;
        try
        {
            return new CommandNetwork(Tokens.Of(config, ThisMachine.Of()).Percent(command), services.Time);
        }
        catch (ConfigException e)
        {
            throw new BrokerException(Message.Error($"ProxyCommand: {e.Message}", e.Hint), e);
        }
    }

    private static async ValueTask<SshConnection> ConnectRepeatedlyAsync(ConnectionConfig config, INetwork through, BrokerServices services, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await ConnectOnceAsync(config, through, services, cancellationToken).ConfigureAwait(false);
            }
            catch (BrokerException e) when (attempt < config.ConnectionAttempts && e.InnerException is SshConnectionException)
            {
                services.Reporter.Tell(e.Reason with { Weight = MessageWeight.Warning, Hint = null });
                await Task.Delay(BetweenAttempts, services.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async ValueTask<SshConnection> ConnectOnceAsync(ConnectionConfig config, INetwork through, BrokerServices services, CancellationToken cancellationToken)
    {
        var machine = ThisMachine.Of();
        var tokens = Tokens.Of(config, machine);
        var ask = config.BatchMode ? null : services.Ask;
        var server = new Endpoint(config.ConnectHost, config.Port);
        var trust = Trust(config, machine, ask, services);
        var password = PasswordSource.Of(config, tokens, services);
        using var keys = services.Keys?.Borrow();
        try
        {
            var known = await trust.KnownAlgorithmsAsync(server, cancellationToken).ConfigureAwait(false);
            return await SshConnection.ConnectAsync(
                through,
                new SshClientOptions
                {
                    Server = server,
                    HostKeyPolicy = Told(trust.CheckAsync, services.HostKeyDecided),
                    HostKeyLearner = MayLearn(config) ? trust.Learner : null,
                    HostKeyName = config.HostKeyAlias?.ToLowerInvariant(),
                    Authentication = await LoginAsync(config, machine, tokens, ask, password, keys?.Signers ?? [], services, cancellationToken).ConfigureAwait(false),
                    Algorithms = AlgorithmChoice.Of(config, known, services.Reporter.Tell),
                    Rekey = RekeyLimits.Default with { Bytes = config.RekeyBytes ?? RekeyLimits.Default.Bytes, Age = config.RekeyTime },
                    ConnectTimeout = config.ConnectTimeout <= TimeSpan.Zero ? Timeout.InfiniteTimeSpan : config.ConnectTimeout,
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
                    SourceInterface = config.BindInterface,
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

    private static HostKeyPolicy Told(HostKeyPolicy policy, Action<HostKeyOffer, string?>? told) => told is null ? policy : async (offer, cancellationToken) =>
    {
        try
        {
            await policy(offer, cancellationToken).ConfigureAwait(false);
        }
        catch (SshHostKeyException e)
        {
            told(offer, e.Message);
            throw;
        }
        told(offer, null);
    };

    private static KnownHostsPolicy Trust(ConnectionConfig config, Machine machine, Ask? ask, BrokerServices services)
    {
        var own = Path.Combine(machine.Home, ".ssh");
        return new KnownHostsPolicy(new KnownHostsOptions
        {
            UserFiles = Files(config.UserKnownHostsFiles, own, "known_hosts"),
            GlobalFiles = [.. Files(config.GlobalKnownHostsFiles, machine.SystemFolder, "ssh_known_hosts").Where(file => config.GlobalKnownHostsFiles is not null || machine.Believes(file))],
            TectiaFolders = TectiaFolders(config, machine),
            PinnedKeys = config.PinnedHostKeys,
            CheckAddress = config.CheckHostIP,
            RequiredRsaBits = config.RequiredRsaBits,
            AuthoritySignatures = AlgorithmList.Parse(AlgorithmKind.HostKey, config.CaSignatureAlgorithms ?? "*").WithoutCertificates().Names,
            Checking = config.HostKeyChecking,
            HashNames = config.HashKnownHosts,
            HostKeyAlias = config.HostKeyAlias,
            Ask = ask,
            Show = text => services.Reporter.Tell(Message.Warning(text)),
            Logger = services.LoggerFactory.CreateLogger("Culvert.Ssh.Trust"),
        });
    }

    private static async ValueTask<ClientAuthenticationOptions> LoginAsync(
        ConnectionConfig config, Machine machine, Tokens tokens, Ask? ask, Func<CancellationToken, ValueTask<string?>>? password,
        IReadOnlyList<Signer> signers, BrokerServices services, CancellationToken cancellationToken)
    {
        void Show(string text) => services.Reporter.Tell(Message.Warning(text));
        IReadOnlyList<IdentityFile> listed = config.IdentificationFile is { } list
            ? await IdentificationFile.ReadAsync(tokens.Path(list), null, Show, cancellationToken).ConfigureAwait(false)
            : [];
        return new()
        {
            User = config.User ?? Environment.UserName,
            Host = config.Host,
            Methods = Methods(config),
            Signers = signers,
            IdentityFiles = config.IdentityFiles.Count > 0 || listed.Count > 0
                ? [.. listed, .. config.IdentityFiles.Where(file => !IsNone(file)).Select(file => new IdentityFile(tokens.Path(file)))]
                : IdentityFile.Defaults(Path.Combine(machine.Home, ".ssh")),
            CertificateFiles = [.. config.CertificateFiles.Where(file => !IsNone(file)).Select(tokens.Path)],
            Agent = Agent(config),
            Accepts = config.PubkeyAcceptedAlgorithms is { } accepted ? name => IsAccepted(name, accepted) : null,
            IdentitiesOnly = config.IdentitiesOnly,
            RequiredRsaBits = config.RequiredRsaBits,
            PasswordSource = password ?? (config.TryEmptyPassword ? _ => new ValueTask<string?>("") : null),
            PasswordPrompts = config.NumberOfPasswordPrompts,
            Ask = ask,
            Show = Show,
            ShowsBanners = config.ShowsBanners ?? true,
            Logger = services.LoggerFactory.CreateLogger("Culvert.Ssh.Auth"),
        };
    }

    /// <summary>OpenSSH's rule: not into a file that the user named, unless told to. <c>ask</c> would need somebody to ask while tunnels run; it means no.</summary>
    private static bool MayLearn(ConnectionConfig config) => (config.UpdateHostKeys ?? (config.UserKnownHostsFiles is null ? UpdateHostKeys.Yes : UpdateHostKeys.No)) == UpdateHostKeys.Yes;

    /// <summary>The usual folders count as the usual files do: as long as no other file was named.</summary>
    private static string[] TectiaFolders(ConnectionConfig config, Machine machine) => config.HostKeyFolders is { } said
        ? said is [var only] && IsNone(only) ? [] : [.. said]
        :
        [
            .. config.UserKnownHostsFiles is null ? [Path.Combine(machine.TectiaFolder, "hostkeys")] : (string[])[],
            .. config.GlobalKnownHostsFiles is null && machine.TectiaSystemFolder is { } folder ? [Path.Combine(folder, "hostkeys")] : (string[])[],
        ];

    private static string[] Methods(ConnectionConfig config)
    {
        var wanted = config.PreferredAuthentications ?? ["publickey", "keyboard-interactive", "password"];
        return [.. wanted.Where(method => method switch
        {
            "publickey" => config.PublicKeyUse != PublicKeyUse.No,
            "keyboard-interactive" => config.KbdInteractiveAuthentication,
            "password" => config.PasswordAuthentication,
            _ => false, // gssapi-with-mic and hostbased are OpenSSH's own
        })];
    }

    // All that the engine has are accepted by default, so that + and ^ change nothing.
    private static bool IsAccepted(string name, string list) => list[0] switch
    {
        '+' or '^' => true,
        '-' => !Patterns.MatchesList(name, list[1..]),
        _ => Patterns.MatchesList(name, list),
    };

    // IdentityAgent: a path, none, the word SSH_AUTH_SOCK, or $NAME of a variable that holds the path.
    private static Agent? Agent(ConnectionConfig config) => config.IdentityAgent switch
    {
        null or "SSH_AUTH_SOCK" => Culvert.Ssh.Keys.Agent.FromEnvironment(),
        { } none when IsNone(none) => null,
        ['$', .. var variable] => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path ? new Agent(path) : null,
        { } path => new Agent(path),
    };

    private static string[] Files(IReadOnlyList<string>? said, string folder, string usual) =>
        said is [var only] && IsNone(only) ? [] : [.. said ?? [Path.Combine(folder, usual), Path.Combine(folder, usual + "2")]];

    private static bool IsNone(string text) => text.Equals("none", StringComparison.OrdinalIgnoreCase);
}
