using Culvert.Net;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Transport;

/// <summary>A connection's key exchanges, one after another (RFC 4253 §7 to §9): the rules about what may be sent when, and the change of keys.
/// Either side may start one at any time; when both do, the two KEXINITs cross and it is one exchange.</summary>
/// <remarks><see cref="Begin"/> may be called by anyone; everything else belongs to the receiver.</remarks>
internal sealed class Handshake(KeyedTransport keyed, PacketSender sender, HandshakeRole role, Versions versions, string peer, TransportOptions options)
{
    private const string ClientExtensions = "ext-info-c", StrictClient = "kex-strict-c-v00@openssh.com", StrictServer = "kex-strict-s-v00@openssh.com";

    private readonly Lock _lock = new();
    private KexInit? _own;
    private KexInit? _theirs;
    private ExchangeContext? _exchange;
    private PacketCipher? _nextReceiving;
    private bool _ignoreGuess;
    private bool _sendExtensions;
    private bool _strict;
    private bool _isAuthenticated;
    private bool _isWanted;
    private byte[]? _sessionId;
    private TaskCompletionSource _nextChange = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _changedAt;
    private int _needless;

    /// <summary>How many exchanges were completed.</summary>
    public int Completed { get; private set; }

    /// <summary>The first exchange hash (RFC 4253 §7.2).</summary>
    public ReadOnlyMemory<byte> SessionId => _sessionId;

    /// <summary>What the latest exchange agreed upon.</summary>
    public NegotiatedAlgorithms? Negotiated { get; private set; }

    /// <summary>Whether we are the client: only it is told that it has logged in.</summary>
    public bool IsClient => role.IsClient;

    /// <summary>Whether the peer has begun an exchange and not ended it: it may send nothing else (RFC 4253 §7.1).</summary>
    public bool PeerIsChanging => _theirs is not null;

    /// <summary>Whether packets that don't belong to the exchange end the connection: until strict key exchange has changed keys for the first time.</summary>
    public bool ForbidsNoise => _strict && Completed == 0;

    /// <summary>The keys are worn out by a direction's use, or by time.</summary>
    public bool IsDue(DirectionState direction) => _isAuthenticated && (options.Rekey.AreReached(direction)
        || (options.Rekey.Age is { } age && options.Time.GetElapsedTime(_changedAt) >= age));

    /// <summary>Whether USERAUTH_SUCCESS has passed.</summary>
    public bool IsAuthenticated => Volatile.Read(ref _isAuthenticated);

    /// <summary>USERAUTH_SUCCESS has passed. Before it, OpenSSH answers a KEXINIT with UNIMPLEMENTED, so we don't begin an exchange of our own.</summary>
    public void OnAuthenticated()
    {
        lock (_lock)
        {
            _isAuthenticated = true;
            if (!_isWanted)
                return;
        }
        _ = Begin(byPeer: false);
    }

    /// <summary>Starts an exchange, unless one is running. Doesn't wait. One of our own, after the first, waits for the end of authentication.</summary>
    /// <returns>A task that ends with the exchange that is running now or comes next.</returns>
    public Task Begin(bool byPeer)
    {
        Task change;
        lock (_lock)
        {
            change = _nextChange.Task;
            _isWanted = !byPeer && Completed > 0 && !_isAuthenticated;
            if (_own is not null || _isWanted || change.IsFaulted)
                return change;
            _own = KexInit.Create(options.Algorithms, role.HostKeyAlgorithms, Completed == 0 ? Signals() : []);
            // Queued under the lock: what answers a crossing KEXINIT must come after ours.
            sender.Queue(new(_own.Payload, HoldsWriters: true));
        }
        if (Completed > 0)
            Log.RekeyStarted(options.Logger, byPeer ? "peer" : "us");
        sender.Send();
        return change;
    }

    /// <summary>Whoever waits for an exchange learns that there will be none.</summary>
    public void Stop(SshConnectionException failure)
    {
        lock (_lock)
        {
            _nextChange.TrySetException(failure);
            // Nobody may be waiting; the failure is everybody's anyway.
            _ = _nextChange.Task.Exception;
        }
    }

    /// <summary>Releases what a broken-off exchange holds.</summary>
    public void Dispose()
    {
        _exchange?.Method.Dispose();
        _nextReceiving?.Dispose();
    }

    /// <summary>Takes KEXINIT, NEWKEYS and the messages between them (20 to 49).</summary>
    public ValueTask OnMessageAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        switch (payload.Span[0])
        {
            case MessageNumber.KexInit:
                return OnKexInitAsync(payload);
            case MessageNumber.NewKeys:
                OnNewKeys(payload.Span);
                return ValueTask.CompletedTask;
            case var number when _exchange is null:
                throw new SshProtocolException($"message {number} outside a key exchange");
            default:
                if (!_ignoreGuess)
                    return OnMethodMessageAsync(payload, cancellationToken);
                _ignoreGuess = false;
                return ValueTask.CompletedTask;
        }
    }

    private IEnumerable<string> Signals()
    {
        if (role.IsClient)
            yield return ClientExtensions;
        if (options.StrictKeyExchange)
            yield return role.IsClient ? StrictClient : StrictServer;
    }

    private async ValueTask OnKexInitAsync(ReadOnlyMemory<byte> payload)
    {
        if (_theirs is not null)
            throw new SshProtocolException("KEXINIT within a key exchange");
        if (Completed > 0 && _own is null)
            RequireNeed();
        _ = Begin(byPeer: true);
        var own = _own!;
        _theirs = KexInit.Parse(payload.Span);
        if (Completed == 0)
            ReadSignals(_theirs.Offer.KeyExchange);

        var (agreed, error) = role.Negotiate(own, _theirs);
        if (agreed is null)
            throw new SshConnectionException(new Failure(FailureKind.Prohibited, $"Unable to negotiate with {peer}: {error}"), DisconnectReason.KeyExchangeFailed);
        _ignoreGuess = _theirs.GuessFollows && !Negotiation.GuessIsRight(own.Offer, _theirs.Offer);
        Log.KeyExchangeMethod(options.Logger, agreed.KeyExchange);
        if (Completed == 0 && !Algorithms.IsPostQuantum(agreed.KeyExchange))
            Log.NotPostQuantum(options.Logger, agreed.KeyExchange);
        Log.HostKeyAlgorithm(options.Logger, agreed.HostKey);
        Log.DirectionProtection(options.Logger, "server->client", agreed.ServerToClient);
        Log.DirectionProtection(options.Logger, "client->server", agreed.ClientToServer);

        _exchange = new(await role.MethodAsync(agreed.KeyExchange), agreed, versions, own, _theirs);
        if (role.Begin(_exchange) is { } first)
        {
            sender.Queue(new(first));
            sender.Send();
        }
    }

    /// <summary>The peer begins an exchange: not again and again for keys that it hardly used.</summary>
    private void RequireNeed()
    {
        var isNeedless = keyed.Receiving.Bytes + keyed.Sending.Bytes < Limits.HardlyUsed && options.Time.GetElapsedTime(_changedAt) < TimeSpan.FromSeconds(1);
        _needless = isNeedless ? _needless + 1 : 0;
        if (_needless > Limits.MaximumNeedlessExchanges)
            throw new SshProtocolException("the peer changes keys again and again and doesn't use them");
    }

    /// <summary>What the peer's first KEXINIT says besides methods: RFC 8308 §2.1 and strict key exchange, which demands that nothing came before.</summary>
    private void ReadSignals(IReadOnlyList<string> methods)
    {
        _strict = options.StrictKeyExchange && methods.Contains(role.IsClient ? StrictServer : StrictClient, StringComparer.Ordinal);
        _sendExtensions = !role.IsClient && methods.Contains(ClientExtensions, StringComparer.Ordinal);
        Log.StrictKeyExchange(options.Logger, _strict);
        if (_strict && keyed.Receiving.Sequence != 1)
            throw new SshProtocolException("strict KEX violation: KEXINIT was not the first packet");
    }

    private async ValueTask OnMethodMessageAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var exchange = _exchange!;
        if (_nextReceiving is not null)
            throw new SshProtocolException($"message {payload.Span[0]} after the end of the key exchange");
        if (exchange.Method.AwaitsParameters)
        {
            sender.Queue(new(role.Agree(exchange, payload.Span)));
            sender.Send();
            return;
        }
        var result = await role.FinishAsync(exchange, payload, cancellationToken);
        _sessionId ??= result.Hash;
        using var keys = new KeyDerivation(exchange.Method.Hash, result.EncodedSecret, result.Hash, _sessionId);
        var clientToServer = PacketCipherFactory.Create(exchange.Agreed.ClientToServer, keys.For(clientToServer: true));
        var serverToClient = PacketCipherFactory.Create(exchange.Agreed.ServerToClient, keys.For(clientToServer: false));
        _nextReceiving = role.IsClient ? serverToClient : clientToServer;
        var extensions = _sendExtensions && Completed == 0;
        if (result.Reply is not null)
            sender.Queue(new(result.Reply));
        sender.Queue(new(TransportMessages.NewKeys, ChangesTo: role.IsClient ? clientToServer : serverToClient,
            Compresses: exchange.Agreed.Direction(clientToServer: role.IsClient).Compresses, ResetsSequence: _strict, ReleasesWriters: !extensions));
        if (extensions)
        {
            // RFC 8308 §2.4: the very next packet after the first NEWKEYS.
            sender.Queue(new(TransportMessages.ExtInfo([("server-sig-algs", string.Join(',', Algorithms.Signatures))]), ReleasesWriters: true));
        }
        sender.Send();
    }

    private void OnNewKeys(ReadOnlySpan<byte> payload)
    {
        if (_nextReceiving is null || payload.Length != 1)
            throw new SshProtocolException("NEWKEYS out of place");
        keyed.Receiving.Change(_nextReceiving, _strict, _exchange!.Agreed.Direction(clientToServer: !role.IsClient).Compresses);
        _nextReceiving = null;
        Negotiated = _exchange.Agreed;
        _exchange.Method.Dispose();
        _exchange = null;
        _changedAt = options.Time.GetTimestamp();
        Completed++;
        Log.KeysChanged(options.Logger, Completed);
        lock (_lock)
        {
            _theirs = null;
            _own = null;
            if (_nextChange.TrySetResult())
                _nextChange = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
