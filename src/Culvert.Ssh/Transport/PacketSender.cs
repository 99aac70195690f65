using System.Runtime.CompilerServices;
using Culvert.Net;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Transport;

/// <summary>A packet that the transport itself sends, and what happens right after it was sealed.</summary>
/// <param name="Payload">The message.</param>
/// <param name="HoldsWriters">KEXINIT: from here on only the exchange may speak (RFC 4253 §7.1).</param>
/// <param name="ChangesTo">NEWKEYS: what protects everything after it.</param>
/// <param name="Compresses">NEWKEYS: whether that includes compression.</param>
/// <param name="ResetsSequence">Strict key exchange: packets are counted anew.</param>
/// <param name="ReleasesWriters">The exchange has said its last word.</param>
internal readonly record struct OwnPacket(
    byte[] Payload, bool HoldsWriters = false, PacketCipher? ChangesTo = null, bool Compresses = false, bool ResetsSequence = false, bool ReleasesWriters = false);

/// <summary>Orders everything that is sent on a connection: the caller's payloads, which wait while keys are changed, and the transport's own
/// packets, which never do. The receiver only queues; it never waits for the peer to read, so two peers that both write can't
/// block each other.</summary>
/// <param name="keyed">The transport beneath.</param>
/// <param name="onFailure">Told of what went wrong while sending; says what to throw instead. It may wait for the peer's reason until its token is cancelled.</param>
/// <remarks>Whoever has the turn uses the transport beneath. Who gives the turn back while own packets are queued sends them first.</remarks>
internal sealed class PacketSender(KeyedTransport keyed, Func<Exception, CancellationToken, ValueTask<SshConnectionException>> onFailure) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _lock = new();
    private readonly Queue<OwnPacket> _own = new();
    private readonly CancellationTokenSource _stopped = new();
    private volatile TaskCompletionSource? _held;
    private volatile SshConnectionException? _failure;
    private volatile int _queued;
    private Task _draining = Task.CompletedTask;

    /// <summary>Seals a payload when keys are not being changed.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        await TakeTurnAsync(cancellationToken);
        while (_held is { } held)
        {
            PassTurn();
            await held.Task.WaitAsync(cancellationToken);
            await TakeTurnAsync(cancellationToken);
        }
        try
        {
            await keyed.WriteAsync(payload, cancellationToken);
        }
        catch (Exception e)
        {
            throw await FailedAsync(e, cancellationToken);
        }
        finally
        {
            PassTurn();
        }
    }

    /// <summary>Sends what was sealed.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await TakeTurnAsync(cancellationToken);
        try
        {
            await keyed.FlushAsync(cancellationToken);
        }
        catch (Exception e)
        {
            throw await FailedAsync(e, cancellationToken);
        }
        finally
        {
            PassTurn();
        }
    }

    /// <summary>Puts a packet of a key exchange in the queue; <see cref="Send"/> sends it. Separate, because order may be decided under a caller's lock.
    /// Bounded by the exchange: without reading ours, a peer can't get to its next packet.</summary>
    public void Queue(in OwnPacket packet)
    {
        lock (_lock)
        {
            _own.Enqueue(packet);
            _queued = _own.Count;
        }
    }

    /// <summary>Sends an answer to something that the peer may send as often as it likes.</summary>
    /// <exception cref="SshProtocolException">Too many wait already: the peer makes us answer and doesn't read.</exception>
    public void Answer(byte[] payload)
    {
        if (_queued >= Limits.MaximumPendingAnswers)
            throw new SshProtocolException("the peer provokes answers and reads none");
        Queue(new(payload));
        Send();
    }

    /// <summary>Sends the queued packets, now or as soon as the one who has the turn gives it back. Doesn't wait.</summary>
    public void Send()
    {
        if (_queued > 0 && TryTakeTurn())
            _draining = DrainAsync();
    }

    /// <summary>The last packet: DISCONNECT and the end of our half, behind everything that was sealed.</summary>
    public async Task SayGoodbyeAsync(byte[] disconnect, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await keyed.WriteAsync(disconnect, cancellationToken);
            await keyed.FlushAsync(cancellationToken);
            await keyed.EndAsync(cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Whether somebody is sending, perhaps to a peer that doesn't read.</summary>
    public bool HasTurnTaken => _turn.CurrentCount == 0;

    /// <summary>From now on every call fails with this; writers that wait for keys wake.</summary>
    public void Stop(SshConnectionException failure)
    {
        _failure = failure;
        _held?.TrySetResult();
    }

    /// <summary>Gives up what is still being sent and waits until nothing is. The transport beneath was aborted or ends by itself.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        await _turn.WaitAsync(CancellationToken.None);
        _turn.Release();
        await _draining;
        lock (_lock)
        {
            while (_own.TryDequeue(out var packet))
                packet.ChangesTo?.Dispose();
        }
        _stopped.Dispose();
    }

    private async ValueTask TakeTurnAsync(CancellationToken cancellationToken)
    {
        if (!TryTakeTurn())
            await _turn.WaitAsync(cancellationToken);
        if (_failure is { } failure)
        {
            _turn.Release();
            throw failure;
        }
    }

    private bool TryTakeTurn() => _turn.Wait(0);

    private void PassTurn()
    {
        _turn.Release();
        Send();
    }

    /// <summary>Has the turn. Gives it back when the queue is empty, and looks once more: who queued in between found the turn taken.</summary>
    private async Task DrainAsync()
    {
        do
        {
            try
            {
                while (_failure is null && TryDequeue(out var packet))
                {
                    await keyed.WriteAsync(packet.Payload, _stopped.Token);
                    if (packet.HoldsWriters)
                        _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
                    if (packet.ChangesTo is not null)
                        keyed.Sending.Change(packet.ChangesTo, packet.ResetsSequence, packet.Compresses);
                    if (packet.ReleasesWriters)
                    {
                        _held?.TrySetResult();
                        _held = null;
                    }
                }
                if (_failure is null)
                    await keyed.FlushAsync(_stopped.Token);
            }
            catch (Exception e)
            {
                await onFailure(Explain(e), _stopped.Token);
            }
            finally
            {
                _turn.Release();
            }
        }
        while (_failure is null && _queued > 0 && TryTakeTurn());
    }

    private bool TryDequeue(out OwnPacket packet)
    {
        lock (_lock)
        {
            var found = _own.TryDequeue(out packet);
            _queued = _own.Count;
            return found;
        }
    }

    /// <summary>Tells of a failure, and says what the caller is to throw: he knows himself that he gave up, anything else is the connection's.</summary>
    private async ValueTask<Exception> FailedAsync(Exception e, CancellationToken cancellationToken)
    {
        var failure = await onFailure(Explain(e), cancellationToken);
        return e is OperationCanceledException ? e : failure;
    }

    /// <summary>A send that was given up half-way leaves a torn packet behind: the connection is dead.</summary>
    private static Exception Explain(Exception e) => e is OperationCanceledException
        ? new SshConnectionException(new Failure(FailureKind.Aborted, "sending was given up"), inner: e)
        : e;
}
