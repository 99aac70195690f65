using Culvert.Net;

namespace Culvert.TestKit.Networks;

/// <summary>One direction of a memory connection: a bounded buffer with an end that is an end, a reset or a loss.</summary>
internal sealed class MemoryPipe(int capacity)
{
    private readonly Lock _gate = new();
    private readonly byte[] _buffer = new byte[capacity];
    private TaskCompletionSource _changed = NewSignal();
    private int _start, _count;
    private ReadEnd _end;
    private bool _readerGone;
    private bool _readerWaits, _writerWaits;

    /// <summary>Whether nobody who was told to wait here has a reason to go on now.</summary>
    public bool IsAtRest
    {
        get
        {
            lock (_gate)
                return !(_readerWaits && (_count > 0 || _end != ReadEnd.None)) && !(_writerWaits && (_count < _buffer.Length || _end != ReadEnd.None || _readerGone));
        }
    }

    /// <summary>Who waited gave up.</summary>
    public void StopWaiting(bool asReader)
    {
        lock (_gate)
            _ = asReader ? _readerWaits = false : _writerWaits = false;
    }

    /// <summary>Copies what fits without waiting; 0 when full.</summary>
    public (int Count, WriteEnd End, Task Changed) Put(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            _writerWaits = false;
            if (_end != ReadEnd.None || _readerGone)
                return (0, _end == ReadEnd.Lost ? WriteEnd.Lost : WriteEnd.Closed, Task.CompletedTask);
            var count = Math.Min(bytes.Length, _buffer.Length - _count);
            for (var i = 0; i < count; i++)
                _buffer[(_start + _count + i) % _buffer.Length] = bytes[i];
            _count += count;
            if (count > 0)
                Signal();
            _writerWaits = count == 0 && bytes.Length > 0;
            return (count, WriteEnd.None, _changed.Task);
        }
    }

    /// <summary>Copies what is there without waiting and without taking it; then <see cref="Take"/>.</summary>
    public (int Count, ReadEnd End, Task Changed) Peek(Span<byte> into)
    {
        lock (_gate)
        {
            _readerWaits = _count == 0 && _end == ReadEnd.None;
            if (_end is ReadEnd.Reset or ReadEnd.Lost)
                return (0, _end, Task.CompletedTask); // what lies in the buffer is gone with the connection
            var count = Math.Min(into.Length, _count);
            for (var i = 0; i < count; i++)
                into[i] = _buffer[(_start + i) % _buffer.Length];
            return (count, _count == 0 ? _end : ReadEnd.None, _changed.Task);
        }
    }

    /// <summary>How much was put in and not taken yet.</summary>
    public int Available
    {
        get
        {
            lock (_gate)
                return _count;
        }
    }

    public void Take(int count)
    {
        lock (_gate)
        {
            _start = (_start + count) % _buffer.Length;
            _count -= count;
            Signal();
        }
    }

    /// <summary>The first end wins, but a reset or a loss overtakes an orderly end that was not read yet.</summary>
    public void End(ReadEnd end)
    {
        lock (_gate)
        {
            if (_end == ReadEnd.None || (_end == ReadEnd.Ended && end != ReadEnd.Ended))
                _end = end;
            Signal();
        }
    }

    public void ReaderIsGone()
    {
        lock (_gate)
        {
            _readerGone = true;
            Signal();
        }
    }

    private void Signal()
    {
        var changed = _changed;
        _changed = NewSignal();
        changed.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
