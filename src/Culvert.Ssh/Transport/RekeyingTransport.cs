using System.Runtime.CompilerServices;
using Culvert.Net;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Trust;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Transport;

/// <summary>An SSH transport (RFC 4253) that is ready for services: versions and keys have been exchanged, and changing keys later, from either side, is
/// invisible. It deals with all messages of its own layer; only others are received.</summary>
/// <remarks>One task receives, one task writes; the two may run at once, and <see cref="RekeyAsync"/>, <see cref="DisconnectAsync"/> and
/// <see cref="DisposeAsync"/> may be called by anyone. The first failure wins: every later call throws the same one. Keys change only while somebody receives.</remarks>
internal sealed class RekeyingTransport : IPacketTransport
{
    /// <summary>How long the peer may take to read our DISCONNECT and to close before we hang up.</summary>
    private static readonly TimeSpan GoodbyeTime = TimeSpan.FromSeconds(1);

    /// <summary>How long a writer that was cut off waits for the receiver to read why. What the peer said lies here already; only a machine that is overloaded, or a
    /// peer that stopped reading and goes on talking, takes any time.</summary>
    private static readonly TimeSpan ReasonTime = TimeSpan.FromSeconds(10);

    private readonly KeyedTransport _keyed;
    private readonly PacketSender _sender;
    private readonly Handshake _handshake;
    private readonly Versions _versions;
    private readonly TransportOptions _options;
    private readonly string _peer;
    /// <summary>There is a reason for the end, or nobody reads on to find one.</summary>
    private readonly TaskCompletionSource _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SshConnectionException? _failure;
    private long _packetsReceived;
    private volatile bool _isReceiving;
    private bool _peerDisconnected;
    private int _disposed;

    private RekeyingTransport(Duplex duplex, ReceiveBuffer received, Versions versions, HandshakeRole role, string peer, TransportOptions options)
    {
        _versions = versions;
        _options = options;
        _peer = peer;
        _keyed = new(duplex, received, peer);
        _sender = new(_keyed, OnSendFailureAsync);
        _handshake = new(_keyed, _sender, role, versions, peer, options);
    }

    /// <summary>The exchange hash of the first key exchange: what signatures of authentication are bound to.</summary>
    public ReadOnlyMemory<byte> SessionId => _handshake.SessionId;

    /// <summary>The peer's version line, fit to show.</summary>
    public string RemoteVersion => _versions.RemoteText;

    /// <summary>What the latest key exchange agreed upon.</summary>
    public NegotiatedAlgorithms Negotiated => _handshake.Negotiated!;

    /// <summary>What the peer said in EXT_INFO (RFC 8308), <c>server-sig-algs</c> for one. A server says it before its answer to the first request.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> PeerExtensions { get; private set; } = new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>How many key exchanges there were, the first one included.</summary>
    public int KeyExchanges => _handshake.Completed;

    /// <summary>Packets that came in, of every kind: a peer that sends anything is alive.</summary>
    public long PacketsReceived => Interlocked.Read(ref _packetsReceived);

    /// <inheritdoc cref="KeyedTransport.HeldBytes"/>
    public int HeldBytes => _keyed.HeldBytes;

    /// <summary>Connects as a client.</summary>
    /// <param name="duplex">Owned from now on, even if this fails.</param>
    /// <param name="server">What the user named; the policy and messages speak of it.</param>
    /// <param name="hostKeyPolicy">Asked once, when the server has proved that it holds its key.</param>
    /// <param name="options">What to offer, and when to rekey.</param>
    /// <param name="cancellationToken">Gives up; the duplex is then disposed.</param>
    /// <exception cref="SshConnectionException">No connection came about; <see cref="SshHostKeyException"/> when the policy refused.</exception>
    public static Task<RekeyingTransport> ConnectAsync(
        Duplex duplex, Endpoint server, HostKeyPolicy hostKeyPolicy, TransportOptions options, CancellationToken cancellationToken)
    {
        var role = new ClientRole(server, hostKeyPolicy, options);
        return StartAsync(duplex, role, $"{server.Host} port {server.Port}", options, cancellationToken);
    }

    /// <summary>Accepts a client as a server.</summary>
    /// <param name="duplex">Owned from now on, even if this fails.</param>
    /// <param name="hostKeys">At least one; not owned.</param>
    /// <param name="options">What to offer, and when to rekey.</param>
    /// <param name="cancellationToken">Gives up; the duplex is then disposed.</param>
    /// <exception cref="SshConnectionException">No connection came about.</exception>
    public static Task<RekeyingTransport> AcceptAsync(
        Duplex duplex, IReadOnlyList<Signer> hostKeys, TransportOptions options, CancellationToken cancellationToken) =>
        StartAsync(duplex, new ServerRole(hostKeys, options.Algorithms), "client", options, cancellationToken);

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadOnlyMemory<byte> payload;
            try
            {
                if (_failure is not null)
                    throw _failure;
                _isReceiving = true;
                payload = await _keyed.ReceiveAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                _heard.TrySetResult();
                throw;
            }
            catch (Exception e)
            {
                throw await FailAndSayGoodbyeAsync(e);
            }
            finally
            {
                _isReceiving = false;
            }
            try
            {
                if (await TakeAsync(payload, cancellationToken))
                    return payload;
            }
            catch (Exception e)
            {
                // Cancelled within an exchange, half of it is lost: the connection is dead then, too.
                var failure = await FailAndSayGoodbyeAsync(e);
                if (e is OperationCanceledException)
                    throw;
                throw failure;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (_handshake.IsDue(_keyed.Sending))
            _ = _handshake.Begin(byPeer: false);
        if (payload.Span[0] == MessageNumber.UserAuthSuccess)
            return WriteSuccessAsync(payload, cancellationToken);
        return _sender.WriteAsync(payload, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask FlushAsync(CancellationToken cancellationToken) => _sender.FlushAsync(cancellationToken);

    /// <summary>Changes keys now (before the end of authentication: after it), and completes when that is done. Somebody must be receiving.</summary>
    /// <exception cref="SshConnectionException">The connection is dead.</exception>
    public Task RekeyAsync(CancellationToken cancellationToken) =>
        _failure is { } failure ? Task.FromException(failure) : _handshake.Begin(byPeer: false).WaitAsync(cancellationToken);

    /// <summary>Answers the payload that was received last with UNIMPLEMENTED (RFC 4253 §11.4): its message number means nothing to the receiver.</summary>
    public void RefuseLast() => _sender.Answer(TransportMessages.Unimplemented(_keyed.Receiving.Sequence - 1));

    /// <summary>Ends the connection in order: after what was written, DISCONNECT with a reason, and the end of our half. Later calls fail.</summary>
    /// <exception cref="OperationCanceledException">The peer didn't read in time; the connection is to be disposed.</exception>
    public async ValueTask DisconnectAsync(DisconnectReason reason, string text, CancellationToken cancellationToken)
    {
        if (_failure is not null)
            return;
        Fail(new SshConnectionException(new Failure(FailureKind.Aborted, $"Disconnected from {_peer}: {text}"), reason));
        await SayGoodbyeAsync(reason, text, cancellationToken);
    }

    /// <summary>Ends the connection in order if the peer reads soon, and hangs up in any case.</summary>
    public async ValueTask DismissAsync(DisconnectReason reason, string text)
    {
        using var patience = new CancellationTokenSource(GoodbyeTime, _options.Time);
        try
        {
            await DisconnectAsync(reason, text, patience.Token);
        }
        catch (OperationCanceledException)
        {
            Log.GoodbyeFailed(_options.Logger, "the peer doesn't read");
        }
        await DisposeAsync();
    }

    /// <summary>Hangs up and wipes the keys. A receive or write under way fails.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;
        Fail(new SshConnectionException(new Failure(FailureKind.Aborted, $"Connection to {_peer} was closed here")));
        if (_sender.HasTurnTaken)
            _keyed.Abort();
        await _sender.DisposeAsync();
        await _keyed.DisposeAsync();
        _handshake.Dispose();
    }

    /// <summary>A server's last word of authentication: only after it may keys be changed.</summary>
    private async ValueTask WriteSuccessAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        await _sender.WriteAsync(payload, cancellationToken);
        OnAuthenticated();
    }

    /// <summary>The word of success has passed, the last one of the login in both directions: the client waits for it, and the server for what the client sends next.</summary>
    private void OnAuthenticated()
    {
        _keyed.Sending.StartCompression();
        _keyed.Receiving.StartCompression();
        _handshake.OnAuthenticated();
    }

    private static async Task<RekeyingTransport> StartAsync(Duplex duplex, HandshakeRole role, string peer, TransportOptions options, CancellationToken cancellationToken)
    {
        RekeyingTransport? transport = null;
        try
        {
            var received = new ReceiveBuffer(duplex);
            var versions = await VersionExchange.RunAsync(duplex, received, options.SoftwareVersion, !role.IsClient, peer, options.Logger, cancellationToken);
            transport = new(duplex, received, versions, role, peer, options);
            await transport.ExchangeFirstKeysAsync(cancellationToken);
            return transport;
        }
        catch
        {
            await (transport?.DisposeAsync() ?? duplex.DisposeAsync());
            throw;
        }
    }

    private async Task ExchangeFirstKeysAsync(CancellationToken cancellationToken)
    {
        try
        {
            _ = _handshake.Begin(byPeer: false);
            while (_handshake.Completed == 0)
            {
                var payload = await _keyed.ReceiveAsync(cancellationToken);
                if (await TakeAsync(payload, cancellationToken))
                    throw new SshProtocolException($"message {payload.Span[0]} before keys were exchanged");
            }
        }
        catch (Exception e)
        {
            var failure = await FailAndSayGoodbyeAsync(e);
            if (e is OperationCanceledException)
                throw;
            throw failure;
        }
    }

    /// <summary>Whether a payload is the receiver's; what isn't is dealt with here. Synchronous unless it is the decisive message of a key exchange.</summary>
    private ValueTask<bool> TakeAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _packetsReceived);
        var number = payload.Span[0];
        if (number is >= MessageNumber.KexInit and <= MessageNumber.KexLast && (number <= MessageNumber.NewKeys || number >= MessageNumber.KexFirst))
            return TakeKeyExchangeAsync(payload, cancellationToken);
        if (_handshake.ForbidsNoise && number != MessageNumber.Disconnect)
            throw new SshProtocolException($"strict KEX violation: unexpected packet type {number}");
        if (MessageNumber.IsTransport(number) && number is not (MessageNumber.ServiceRequest or MessageNumber.ServiceAccept))
        {
            TakeOwn(number, payload.Span);
            return new(false);
        }
        if (number == MessageNumber.UserAuthSuccess && _handshake.IsClient)
            OnAuthenticated();
        if (_handshake.PeerIsChanging)
            throw new SshProtocolException($"message {number} within a key exchange");
        if (_handshake.IsDue(_keyed.Receiving))
            _ = _handshake.Begin(byPeer: false);
        return new(true);
    }

    private async ValueTask<bool> TakeKeyExchangeAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        await _handshake.OnMessageAsync(payload, cancellationToken);
        return false;
    }

    private void TakeOwn(byte number, ReadOnlySpan<byte> payload)
    {
        switch (number)
        {
            case MessageNumber.Disconnect:
                var (reason, text) = TransportMessages.ParseDisconnect(payload);
                _peerDisconnected = true;
                throw new SshConnectionException(new Failure(FailureKind.NetworkLost, $"Received disconnect from {_peer}:{(uint)reason}: {text}"), reason);
            case MessageNumber.Ignore:
                break;
            case MessageNumber.Debug:
                Log.DebugMessage(_options.Logger, TransportMessages.ParseDebug(payload));
                break;
            case MessageNumber.Unimplemented:
                var reader = new SshReader(payload[1..], "UNIMPLEMENTED");
                Log.Unimplemented(_options.Logger, reader.UInt32("sequence"));
                break;
            case MessageNumber.ExtInfo when _handshake.Completed > 0:
                PeerExtensions = TransportMessages.ParseExtInfo(payload);
                foreach (var name in PeerExtensions.Keys)
                    Log.Extension(_options.Logger, DisplayText.Line(System.Text.Encoding.UTF8.GetBytes(name), Limits.MaximumDisplayText));
                break;
            default:
                Log.UnknownMessage(_options.Logger, number);
                RefuseLast();
                break;
        }
    }

    /// <summary>Keeps the first failure, and makes everybody see it.</summary>
    private SshConnectionException Fail(Exception e)
    {
        var failure = e as SshConnectionException ?? new SshConnectionException(
            e is OperationCanceledException ? new(FailureKind.Aborted, $"Connection to {_peer} was given up") : new(FailureKind.NetworkLost, e.Message), inner: e);
        if (Interlocked.CompareExchange(ref _failure, failure, null) is { } first)
            return first;
        Log.TransportClosed(_options.Logger, failure.Message);
        _sender.Stop(failure);
        _handshake.Stop(failure);
        _heard.TrySetResult();
        return failure;
    }

    /// <summary>What can't be written to is dead, and the receiver must not wait for it any longer. But a peer that closed has mostly said why, and then that
    /// is the reason.</summary>
    private async ValueTask<SshConnectionException> OnSendFailureAsync(Exception e, CancellationToken cancellationToken)
    {
        if (e is SshConnectionException { Failure.Kind: not FailureKind.Aborted } cutOff)
            await HearReasonAsync(isLost: cutOff.Reason == DisconnectReason.ConnectionLost, cancellationToken);
        var failure = Fail(e);
        _keyed.Abort();
        return failure;
    }

    private async ValueTask HearReasonAsync(bool isLost, CancellationToken cancellationToken)
    {
        // Who receives, as after the login somebody always does, is about to read it.
        if (_isReceiving || _handshake.IsAuthenticated)
        {
            await _heard.Task.WaitAsync(ReasonTime, _options.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }
        if (isLost || _handshake.Completed == 0)
            return;
        // During the login nobody receives while something is sent, nor will anybody before the turn to send is given back.
        using var patience = new CancellationTokenSource(ReasonTime, _options.Time);
        try
        {
            while (true)
                await TakeAsync(await _keyed.ReceiveAsync(patience.Token), patience.Token);
        }
        catch (SshConnectionException reason) when (_peerDisconnected)
        {
            Fail(reason);
        }
        catch (Exception end) when (end is SshConnectionException or OperationCanceledException)
        {
            // It said nothing: that it takes no more is all that is known.
        }
    }

    private async ValueTask<SshConnectionException> FailAndSayGoodbyeAsync(Exception e)
    {
        var known = _failure;
        var failure = Fail(e);
        if (known is not null)
            return failure;
        if (!_peerDisconnected && failure.Reason is not (DisconnectReason.None or DisconnectReason.ConnectionLost))
        {
            using var patience = new CancellationTokenSource(GoodbyeTime, _options.Time);
            try
            {
                // Why a host key is refused can tell of files here, which are no business of who isn't trusted.
                var text = failure is SshHostKeyException ? "Host key verification failed." : failure.Message;
                await SayGoodbyeAsync(failure.Reason, text, patience.Token);
                // Hanging up with bytes unread would be a reset, which can overtake the DISCONNECT.
                await _keyed.DiscardAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                Log.GoodbyeFailed(_options.Logger, "the peer doesn't close");
            }
        }
        _keyed.Abort();
        return failure;
    }

    private async ValueTask SayGoodbyeAsync(DisconnectReason reason, string text, CancellationToken cancellationToken)
    {
        try
        {
            await _sender.SayGoodbyeAsync(TransportMessages.Disconnect(reason, text), cancellationToken);
        }
        catch (SshConnectionException e)
        {
            // The peer was faster; the reason that we wanted to give stands.
            Log.GoodbyeFailed(_options.Logger, e.Message);
        }
    }
}
