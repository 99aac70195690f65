using Culvert.Net;

namespace Culvert.Ssh.Connection;

/// <summary>The receiving half of a channel: what came and was not read, the window, and how reading ended. Not thread-safe: the channel's lock
/// guards it. Methods that return a number return the credit to give back now, often 0.</summary>
internal sealed class ReceivingHalf(ChannelHost host, int wishedWindow, int maximumPacket)
{
    private readonly ReceiveBuffer _received = new(host.Buffers);
    private readonly ReceiveWindow _window = new(host.WindowBudget, host.RoundTrip, host.Time, wishedWindow, maximumPacket);
    private ReadEnd _end;

    /// <summary>The window that is announced at first.</summary>
    public int InitialWindow => _window.Size;

    /// <summary>What waits for the reader, in bytes.</summary>
    public int Waiting => _received.Length;

    /// <summary>Reading has ended, though data may still wait; data that comes is dropped.</summary>
    public bool HasEnded => _end != ReadEnd.None;

    /// <summary>How reading ended, if it has.</summary>
    public ReadEnd EndSoFar => _end;

    /// <summary>Whether a read would not wait.</summary>
    public bool IsReadable => HasEnded || _received.Length > 0;

    /// <summary>Lends what waits in one piece, or says how reading ended; neither: wait. Data comes before the end, unless we broke off.</summary>
    public ReadResult TryLend()
    {
        if (_end == ReadEnd.Reset)
            return new(default, ReadEnd.Reset);
        return _received.Length > 0 ? new(_received.Lend(), ReadEnd.None) : new(default, _end);
    }

    /// <summary>Copies what waits, or says how reading ended.</summary>
    public ReadResult TryCopy(Memory<byte> into, out int credit)
    {
        credit = 0;
        if (_end == ReadEnd.Reset)
            return new(default, ReadEnd.Reset);
        if (_received.Length == 0)
            return new(default, _end);
        var count = _received.CopyTo(into.Span);
        credit = _window.Read(count);
        return new(into[..count], ReadEnd.None);
    }

    public int Release(int count)
    {
        if (_end == ReadEnd.Reset)
        {
            _received.Clear();
            return 0;
        }
        _received.Advance(count);
        return _window.Read(count);
    }

    /// <summary>Data came.</summary>
    public void Received(ReadOnlySpan<byte> bytes)
    {
        _window.Received(bytes.Length);
        _received.Append(bytes);
    }

    /// <summary>Data came that is kept elsewhere, or nowhere.</summary>
    public void Admit(int count) => _window.Received(count);

    /// <summary>What was admitted was read, or dropped.</summary>
    public int Read(int count) => _window.Read(count);

    /// <summary>The first end is kept.</summary>
    public void End(ReadEnd end)
    {
        if (_end == ReadEnd.None)
            _end = end;
    }

    /// <summary>Nobody reads any more: this end overrules any other, buffers and window go back. A piece that is lent stays valid until it's released: somebody may be sending from it.</summary>
    public void Abort()
    {
        _end = ReadEnd.Reset;
        _received.DropUnlent();
        _window.GiveBack();
    }
}
