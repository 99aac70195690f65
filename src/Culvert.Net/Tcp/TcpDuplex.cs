using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Culvert.Net.Tcp.Io;

namespace Culvert.Net.Tcp;

/// <summary>A TCP connection, or any stream socket that can shut down its halves.</summary>
internal sealed class TcpDuplex : PooledDuplex, ITurnEnd
{
    /// <summary>Much for one system call, little for one of many connections.</summary>
    private const int SmallestBuffer = 64 * 1024;

    /// <summary>Under load: a receive costs its sender an acknowledgement, and one that waits for room a wake-up; fewer and larger ones took a seventh off the processor time of an upload.</summary>
    private const int LargestBuffer = 256 * 1024;

    /// <summary>A receive shorter than this did not empty a full sender: its last segment may be waiting for our acknowledgement.</summary>
    private const int ShortReceive = 16 * 1024;

    private readonly Socket _socket;
    private readonly SocketIo _io;
    private readonly bool _armed;
    private readonly bool _quickAcknowledge;
    private volatile bool _owesAcknowledgement;
    private volatile ReadEnd _broken; // what a write met
    private int _state; // bit 0: our half was ended; bit 1: closed

    private const int EndedBit = 1, ClosedBit = 2;

    /// <param name="socket">A connected stream socket; owned from now on.</param>
    /// <param name="io">How its bytes are moved.</param>
    /// <param name="armed">Show the peer a reset unless the connection is ended in order, even when the process is killed.</param>
    /// <param name="quickAcknowledge">See <see cref="ConnectOptions.QuickAcknowledge"/>.</param>
    public TcpDuplex(Socket socket, SocketIo io, bool armed, bool quickAcknowledge) : base(SmallestBuffer, LargestBuffer)
    {
        (_socket, _io) = (socket, io);
        _armed = armed;
        _quickAcknowledge = quickAcknowledge && OperatingSystem.IsLinux() && socket.ProtocolType == ProtocolType.Tcp;
        if (armed)
            socket.LingerState = new LingerOption(true, 0);
    }

    public override bool ShowsResets => true;

    public override bool? IsAcknowledged => OperatingSystem.IsLinux() && _socket.ProtocolType == ProtocolType.Tcp ? LinuxTcp.IsAcknowledged(_socket) : null;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ReadResult> ReadAsync(Memory<byte> into, CancellationToken cancellationToken)
    {
        try
        {
            var count = await _io.ReceiveAsync(into, cancellationToken).ConfigureAwait(false);
            if (into.IsEmpty)
                return default;
            if (_quickAcknowledge && count < ShortReceive)
                AcknowledgeSoon();
            else if (_quickAcknowledge)
                Turn.GiveWay();
            return count == 0 ? new(default, _broken == ReadEnd.None ? ReadEnd.Ended : _broken) : new(into[..count], ReadEnd.None);
        }
        catch (SocketException e)
        {
            return new(default, SocketFailure.OfRead(e));
        }
        catch (ObjectDisposedException)
        {
            return new(default, ReadEnd.Reset);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<WriteEnd> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_state != 0)
            return WriteEnd.Closed;
        try
        {
            var owed = _owesAcknowledgement;
            var sending = _io.SendAsync(bytes, cancellationToken);
            if (owed && sending.IsCompletedSuccessfully)
                _owesAcknowledgement = false; // the bytes take it along
            await sending.ConfigureAwait(false);
            return WriteEnd.None;
        }
        catch (SocketException e)
        {
            // The system tells of it once: a read would find an end, and does so rightly only where the peer's had come before (EPIPE).
            if (e.SocketErrorCode != SocketError.Shutdown)
                _broken = SocketFailure.OfRead(e);
            return SocketFailure.OfWrite(e);
        }
        catch (ObjectDisposedException)
        {
            return WriteEnd.Closed;
        }
    }

    public override ValueTask<WriteEnd> EndAsync(CancellationToken cancellationToken)
    {
        if ((Interlocked.Or(ref _state, EndedBit) & (EndedBit | ClosedBit)) != 0)
            return new(WriteEnd.None);
        try
        {
            // From here on a close is orderly: what was written arrives, whatever becomes of this process.
            if (_armed)
                _socket.LingerState = new LingerOption(false, 0);
            _socket.Shutdown(SocketShutdown.Send);
            return new(WriteEnd.None);
        }
        catch (SocketException e)
        {
            return new(SocketFailure.OfWrite(e));
        }
        catch (ObjectDisposedException)
        {
            return new(WriteEnd.Closed);
        }
    }

    public override void Abort()
    {
        if ((Interlocked.Or(ref _state, ClosedBit) & ClosedBit) == 0)
            Close(reset: true);
    }

    public override ValueTask DisposeAsync()
    {
        var before = Interlocked.Or(ref _state, ClosedBit);
        if ((before & ClosedBit) == 0)
            Close(reset: (before & EndedBit) == 0);
        return ValueTask.CompletedTask;
    }

    /// <summary>Acknowledges what was received, unless something is sent in the same turn.</summary>
    private void AcknowledgeSoon()
    {
        _owesAcknowledgement = true;
        if (!Turn.TryPutOffToTheLast(this))
            Acknowledge();
    }

    void ITurnEnd.OnTurnEnd() => Acknowledge();

    private void Acknowledge()
    {
        if (!_owesAcknowledgement)
            return;
        _owesAcknowledgement = false;
        try
        {
            LinuxTcp.AcknowledgeQuickly(_socket);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It's gone, which reading will tell.
        }
    }

    private void Close(bool reset)
    {
        if (reset)
        {
            try
            {
                _socket.LingerState = new LingerOption(true, 0);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The peer was first: the connection is reset already (some systems then refuse the option).
            }
        }
        _io.Close();
    }
}
