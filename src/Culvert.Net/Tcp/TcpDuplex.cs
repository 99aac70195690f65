using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Culvert.Net.Tcp.Io;

namespace Culvert.Net.Tcp;

/// <summary>A TCP connection, or any stream socket that can shut down its halves.</summary>
internal sealed class TcpDuplex : Duplex
{
    /// <summary>Big enough that a system call moves much, small enough for the pool's ordinary arrays.</summary>
    private const int BufferSize = 64 * 1024;

    /// <summary>A receive shorter than this did not empty a full sender: its last segment may be waiting for our acknowledgement.</summary>
    private const int ShortReceive = 16 * 1024;

    private readonly Socket _socket;
    private readonly SocketIo _io;
    private readonly bool _armed;
    private readonly bool _quickAcknowledge;
    private byte[]? _lent;
    private int _lentStart, _lentEnd;
    private byte[]? _slot;
    private int _state; // bit 0: our half was ended; bit 1: closed

    private const int EndedBit = 1, ClosedBit = 2;

    /// <param name="socket">A connected stream socket; owned from now on.</param>
    /// <param name="io">How its bytes are moved.</param>
    /// <param name="armed">Show the peer a reset unless the connection is ended in order, even when the process is killed.</param>
    /// <param name="quickAcknowledge">See <see cref="ConnectOptions.QuickAcknowledge"/>.</param>
    public TcpDuplex(Socket socket, SocketIo io, bool armed, bool quickAcknowledge)
    {
        (_socket, _io) = (socket, io);
        _armed = armed;
        _quickAcknowledge = quickAcknowledge && OperatingSystem.IsLinux() && socket.ProtocolType == ProtocolType.Tcp;
        if (armed)
            socket.LingerState = new LingerOption(true, 0);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken)
    {
        if (_lent is null)
        {
            var ready = await ReadAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
            if (ready.End != ReadEnd.None)
                return ready;
            _lent = ArrayPool<byte>.Shared.Rent(BufferSize);
            _lentStart = _lentEnd = 0;
        }
        if (_lentStart == _lentEnd)
        {
            ReadResult read = default;
            try
            {
                read = await ReadAsync(_lent.AsMemory(), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                if (read.Bytes.IsEmpty)
                    ReturnLent();
            }
            if (read.End != ReadEnd.None)
                return read;
            _lentStart = 0;
            _lentEnd = read.Bytes.Length;
        }
        return new(_lent.AsMemory(_lentStart, _lentEnd - _lentStart), ReadEnd.None);
    }

    public override void Release(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _lentEnd - _lentStart);
        _lentStart += count;
        if (_lentStart == _lentEnd)
            ReturnLent();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ReadResult> ReadAsync(Memory<byte> into, CancellationToken cancellationToken)
    {
        try
        {
            var count = await _io.ReceiveAsync(into, cancellationToken).ConfigureAwait(false);
            if (into.IsEmpty)
                return default;
            if (_quickAcknowledge && count < ShortReceive)
                LinuxTcp.AcknowledgeQuickly(_socket);
            return count == 0 ? new(default, ReadEnd.Ended) : new(into[..count], ReadEnd.None);
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

    public override ValueTask<Slot> ReserveAsync(CancellationToken cancellationToken)
    {
        _slot ??= ArrayPool<byte>.Shared.Rent(BufferSize);
        return new(new Slot(_slot.AsMemory(0, BufferSize), WriteEnd.None));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<WriteEnd> CommitAsync(int count, CancellationToken cancellationToken)
    {
        var slot = _slot ?? throw new InvalidOperationException("no slot is reserved");
        _slot = null;
        try
        {
            return count == 0 ? WriteEnd.None : await WriteAsync(slot.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(slot);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<WriteEnd> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_state != 0)
            return WriteEnd.Closed;
        try
        {
            await _io.SendAsync(bytes, cancellationToken).ConfigureAwait(false);
            return WriteEnd.None;
        }
        catch (SocketException e)
        {
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

    private void ReturnLent()
    {
        ArrayPool<byte>.Shared.Return(_lent!);
        _lent = null;
    }
}
