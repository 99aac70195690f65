using Culvert.Net;
using Culvert.Ssh.Auth;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Trust;
using Microsoft.Extensions.Logging;

namespace Culvert.Ssh;

/// <summary>A connection to an SSH server, logged in; its far side is a network. Thread-safe.</summary>
public sealed class SshConnection : IAsyncDisposable
{
    private readonly RekeyingTransport _transport;
    private readonly Multiplexer _multiplexer;
    private readonly HostKeyRotation? _hostKeys;
    private readonly KeepAlive _keepAlive;

    private SshConnection(RekeyingTransport transport, SshClientOptions options, ILogger logger)
    {
        _transport = transport;
        Server = options.Server;
        var listeners = new RemoteListeners();
        _hostKeys = options.HostKeyLearner is { } learner
            ? new(learner, options.HostKeyName ?? HostNames.Of(options.Server), options.Algorithms.HostKey, transport.SessionId, logger)
            : null;
        var dead = new Failure(FailureKind.NetworkLost, $"Timeout, server {options.Server.Host} not responding.");
        var holdsBack = NoDelaySession.Helps(transport.RemoteVersion);
        _keepAlive = new KeepAlive(options.ServerAliveInterval, options.ServerAliveCountMax, dead, options.Time);
        _multiplexer = new Multiplexer(transport,
            new MultiplexerOptions
            {
                WindowBudget = options.WindowBudget,
                Time = options.Time,
                Logger = logger,
                PacketsReceived = () => transport.PacketsReceived,
                RefuseLast = transport.RefuseLast,
                Disconnect = transport.DisconnectAsync,
                TakesLargePackets = OpenSshVersion.Of(transport.RemoteVersion) is not null,
                PeerMayHoldBack = holdsBack && !options.ServerNoDelay,
            },
            multiplexer => new ClientConnectionRole(multiplexer, listeners, _hostKeys, logger),
            holdsBack && options.ServerNoDelay
                ? (multiplexer, stop) => Task.WhenAll(_keepAlive.RunAsync(multiplexer, stop), NoDelaySession.RunAsync(multiplexer, options.Time, logger, stop))
                : _keepAlive.RunAsync);
        Network = new SshNetwork(_multiplexer, listeners, options.Time);
    }

    /// <summary>The server, as the user named it.</summary>
    public Endpoint Server { get; }

    /// <summary>The far side: connecting is <c>direct-tcpip</c>, listening is <c>tcpip-forward</c>. It is lost when this connection is; it never reconnects.</summary>
    public INetwork Network { get; }

    /// <summary>Why the connection ended: the first reason. Completes when it does, also after <see cref="DisposeAsync"/>; never faults.</summary>
    public Task<Failure> Closed => _multiplexer.Closed;

    /// <summary>The server's version line, fit to show.</summary>
    public string RemoteVersion => _transport.RemoteVersion;

    /// <summary>What the latest key exchange agreed upon.</summary>
    public NegotiatedAlgorithms Algorithms => _transport.Negotiated;

    /// <summary>Key exchanges so far, the first one included.</summary>
    public int KeyExchanges => _transport.KeyExchanges;

    /// <summary>Packets that came in so far.</summary>
    public long PacketsReceived => _multiplexer.PacketsReceived;

    /// <summary>Channels that exist now.</summary>
    public int Channels => _multiplexer.Table.Count;

    /// <summary>How each of them stands, by number.</summary>
    public IReadOnlyList<ChannelFigures> DescribeChannels() => Array.ConvertAll(_multiplexer.Table.All, channel => channel.Figures);

    /// <summary>Connects and logs in.</summary>
    /// <param name="through">The network that reaches the server: this machine's TCP, or the far side of another connection (a jump host).</param>
    /// <param name="options">Where, who, whom to trust.</param>
    /// <param name="cancellationToken">Gives up; nothing is left open.</param>
    /// <exception cref="SshConnectionException">No connection came about. The text is OpenSSH's: <c>connect to host H port P: Connection refused</c>.</exception>
    /// <exception cref="SshHostKeyException">The host key was not accepted.</exception>
    /// <exception cref="SshAuthenticationException">The login failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<SshConnection> ConnectAsync(INetwork through, SshClientOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(through);
        ArgumentNullException.ThrowIfNull(options);
        using var deadline = new Deadline(options.ConnectTimeout, options.Time, cancellationToken);
        RekeyingTransport? transport = null;
        try
        {
            var logger = options.LoggerFactory.CreateLogger("Culvert.Ssh");
            var (duplex, reached) = await DialAsync(through, options, deadline.Token);
            await using var prepared = PreparedExchange.Start(options.Algorithms);
            transport = await RekeyingTransport.ConnectAsync(duplex, options.Server,
                async (offer, token) => await deadline.PauseAsync(async () =>
                {
                    // The policy may ask a person; it gives up only when the caller does.
                    await options.HostKeyPolicy(reached is null ? offer : offer with { Address = reached }, cancellationToken);
                    return true;
                }),
                new TransportOptions { Algorithms = options.Algorithms, Prepared = prepared, Rekey = options.Rekey, Time = options.Time, Logger = logger }, deadline.Token);
            await ClientAuthentication.RunAsync(transport, transport.SessionId, () => transport.PeerExtensions, Pausing(options.Authentication, deadline), deadline.Token);
            return new SshConnection(transport, options, logger);
        }
        catch (Exception e)
        {
            if (transport is not null)
                await EndAsync(transport, e);
            if (e is not SshHostKeyException and not SshAuthenticationException && deadline.IsOver)
                throw new SshConnectionException(TimedOut(options.Server), inner: e);
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
    }

    /// <summary>Opens a session beside the network: a shell, a command or a subsystem on the server.</summary>
    /// <param name="priority">Interactive for people at a terminal; bulk for what may wait.</param>
    /// <param name="cancellationToken">Gives up; nothing is left open.</param>
    /// <exception cref="NetworkException">The server refuses, or the connection is gone.</exception>
    public Task<SshSession> OpenSessionAsync(Priority priority, CancellationToken cancellationToken) =>
        SshSession.OpenAsync(_multiplexer, priority, cancellationToken);

    /// <summary>Asks the server for a sign of life, and ends the connection when none comes in time. Completes when that is known, or the connection has ended.</summary>
    /// <param name="patience">How long it may take.</param>
    /// <param name="cancellationToken">Gives up; nothing happens then.</param>
    public async Task ProbeAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var probing = _keepAlive.ProbeAsync(_multiplexer, patience, over.Token);
        await Task.WhenAny(probing, Closed);
        await over.CancelAsync();
        await probing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Changes keys now; completes when that is done.</summary>
    /// <exception cref="SshConnectionException">The connection is gone.</exception>
    public Task RekeyAsync(CancellationToken cancellationToken) => _transport.RekeyAsync(cancellationToken);

    /// <summary>Waits until no forwarded connection is left, each closed by both sides: the server has then passed on what it was sent. False: this connection
    /// ended first. One may wait at a time.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<bool> DrainAsync(CancellationToken cancellationToken) => _multiplexer.DrainAsync(cancellationToken);

    /// <summary>Ends in order: what is queued goes out, then DISCONNECT, as long as the server takes something every ten seconds, a minute at most. Channels still open are cut.</summary>
    public async ValueTask DisposeAsync()
    {
        await _multiplexer.DisposeAsync();
        if (_hostKeys is not null)
            await _hostKeys.DisposeAsync();
    }

    private static async Task<(Duplex, string? Reached)> DialAsync(INetwork through, SshClientOptions options, CancellationToken cancellationToken)
    {
        var server = options.Server;
        // sshd leaves Nagle's algorithm on for forwarding, which waits for our delayed acknowledgements.
        var dial = through.Connect(server, new ConnectOptions
        {
            Timeout = options.ConnectTimeout,
            QuickAcknowledge = true,
            KeepAlive = options.TcpKeepAlive,
            Family = options.Family,
            Source = options.Source,
            SourceInterface = options.SourceInterface,
        });
        DialOutcome outcome;
        await using (cancellationToken.UnsafeRegister(static state => ((Dial)state!).Abort(), dial))
            outcome = await dial.Outcome;
        if (outcome.Duplex is { } duplex)
            return (duplex, outcome.Reached is { } reached && reached.TryGetAddress(out _) ? reached.Host : null);
        cancellationToken.ThrowIfCancellationRequested();
        var failure = outcome.Failure!;
        var text = failure.Kind == FailureKind.UnknownName
            ? $"Could not resolve hostname {server.Host}: {failure.Text}"
            : $"connect to host {server.Host} port {server.Port}: {failure.Text}";
        throw new SshConnectionException(failure with { Text = text });
    }

    /// <summary>Who breaks the rules of the login hears it, and who doesn't let us in hears that we're through.</summary>
    private static ValueTask EndAsync(RekeyingTransport transport, Exception e) =>
        e is SshConnectionException { Reason: not (DisconnectReason.None or DisconnectReason.ConnectionLost) } failure
            ? transport.DismissAsync(failure.Reason, failure.Message)
            : transport.DisposeAsync();

    private static ClientAuthenticationOptions Pausing(ClientAuthenticationOptions options, Deadline deadline)
    {
        options = options with { Deadline = deadline };
        if (options.Ask is { } ask)
            options = options with { Ask = (question, token) => deadline.PauseAsync(() => ask(question, token)) };
        if (options.PasswordSource is { } source)
            options = options with { PasswordSource = token => deadline.PauseAsync(() => source(token)) };
        return options;
    }

    private static Failure TimedOut(Endpoint server) =>
        new(FailureKind.Timeout, $"connect to host {server.Host} port {server.Port}: Connection timed out");
}
