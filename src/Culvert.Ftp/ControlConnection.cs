using System.Buffers;
using System.Globalization;
using Culvert.Ftp.Tls;
using Culvert.Ftp.Wire;
using Culvert.Net;

namespace Culvert.Ftp;

/// <summary>One side of the dialogue: bytes to lines, and lines to bytes. One user at a time.</summary>
/// <param name="duplex">Owned from now on.</param>
/// <param name="speaker">Who is at the other end.</param>
/// <param name="writeTimeout">A peer that takes nothing for so long is cut off.</param>
/// <param name="time">For that.</param>
/// <param name="onRead">Told whenever a read is through, a moment before its task is. It wakes somebody, and does nothing itself.</param>
internal sealed class ControlConnection(Duplex duplex, Speaker speaker, TimeSpan writeTimeout, TimeProvider time, Action onRead) : IAsyncDisposable
{
    /// <summary>An outbox that had more to hold is given up, in bytes.</summary>
    private const int LargestKept = 1024;

    private readonly LineReader _lines = new(speaker);
    private ArrayBufferWriter<byte> _outbox = new();
    private Duplex _duplex = duplex;
    private Task _reading = Task.CompletedTask;
    private volatile Reading _state;
    private volatile bool _refused; // only ever set: reader and writer both find it out

    /// <summary>How reading ended; what was read before may still hold lines.</summary>
    public ReadEnd End { get; private set; }

    /// <summary>Why the network beneath is gone, where that is known.</summary>
    public Failure? Loss => _duplex.Loss;

    /// <summary>A read is under way: what it brings isn't here yet.</summary>
    public bool IsReading => _state == Reading.UnderWay;

    /// <summary>Whether a line was begun and not ended. Only right when <see cref="TryRead"/> has just found no line.</summary>
    public bool HasPartialLine { get; private set; }

    /// <summary>Nothing shows that the peer went away before it had read all that was said to it: its system answers that with a reset, or takes no more, or its end acknowledges not all.</summary>
    public bool HasTakenAll => !_refused && End is ReadEnd.None or ReadEnd.Ended;

    /// <summary>Takes the next line that has come.</summary>
    public bool TryRead(out FtpLine line)
    {
        // While a read is under way it owns the reader's room.
        if (_state == Reading.UnderWay)
        {
            line = default;
            return false;
        }
        _state = Reading.None;
        var found = _lines.TryRead(out line);
        HasPartialLine = !found && _lines.HasPartialLine;
        return found;
    }

    /// <summary>Begins to read more, unless that is under way; its end is told. Only after <see cref="TryRead"/> has said that there is no line. A read that
    /// has completed since then is news itself: another one would wait for bytes behind a line that nobody has taken.</summary>
    public ValueTask BeginReadAsync(CancellationToken cancellationToken)
    {
        if (_state != Reading.None || End != ReadEnd.None)
            return ValueTask.CompletedTask;
        if (_reading.IsFaulted || _reading.IsCanceled)
            return new(_reading);
        _state = Reading.UnderWay;
        _reading = FillAsync(cancellationToken);
        return ValueTask.CompletedTask;
    }

    /// <summary>Puts a line in the outbox; lines go out whole.</summary>
    public void Say(FtpLine line) => line.WriteTo(_outbox);

    /// <summary>Sends the outbox. That the peer takes no more is no news here: reading will tell. A peer that lets us wait too long is reset, so that
    /// reading tells this as well.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_outbox.WrittenCount == 0)
            return;
        var writing = _duplex.WriteAsync(_outbox.WrittenMemory, cancellationToken);
        // Nearly always it's done by now.
        var timer = writing.IsCompleted ? null : time.CreateTimer(static duplex => ((Duplex)duplex!).Abort(), _duplex, writeTimeout, Timeout.InfiniteTimeSpan);
        try
        {
            if (await writing.ConfigureAwait(false) != WriteEnd.None)
                _refused = true;
        }
        finally
        {
            timer?.Dispose();
        }
        _outbox.Clear(); // a password may be in it
        if (_outbox.Capacity > LargestKept)
            _outbox = new();
    }

    /// <summary>Encrypts from here on. Must be called when the line that led to it was the last one taken, with nothing read since.</summary>
    /// <param name="wrap">Begins TLS.</param>
    /// <param name="limit">The handshake must be done within this time.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Why it can't be; or null. What was read in clear before is never taken for something that came encrypted: if there is more than the one
    /// line, somebody has put it there (command and response injection, CVE-2011-0411), or the peer doesn't wait as it must.</returns>
    public async Task<string?> EncryptAsync(Func<Duplex, TlsDuplex> wrap, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (HasUnreadBytes)
            return "more was said in clear before TLS began";
        var tls = wrap(_duplex);
        _duplex = tls;
        try
        {
            return await tls.Handshake.WaitAsync(limit, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            tls.Abort(); // or the farewell would wait for the same
            return string.Create(CultureInfo.InvariantCulture, $"no TLS handshake within {limit.TotalSeconds:0.#} seconds");
        }
    }

    /// <summary>Whether bytes were read that no line was made of yet, or may be at any moment.</summary>
    public bool HasUnreadBytes => _state != Reading.None || _lines.HasPartialLine;

    /// <summary>The connection itself, for a relay that reads no lines any more. Only without <see cref="HasUnreadBytes"/>, and with nothing left to say.</summary>
    public Duplex Beneath => _duplex;

    /// <summary>Ends our half.</summary>
    public async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (await _duplex.EndAsync(cancellationToken).ConfigureAwait(false) != WriteEnd.None)
            _refused = true;
    }

    /// <summary>Reads on until the peer has closed too, so that closing doesn't reset the connection and take our last words with it.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        while (End == ReadEnd.None)
        {
            await BeginReadAsync(cancellationToken).ConfigureAwait(false);
            await _reading.WaitAsync(cancellationToken).ConfigureAwait(false); // it may be an earlier one, with another token
            while (TryRead(out _)) { }
        }
    }

    /// <summary>Closes; whoever reads is released.</summary>
    public async ValueTask DisposeAsync()
    {
        await _duplex.DisposeAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _lines.Release();
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        try
        {
            var read = await _duplex.ReadAsync(_lines.Room, cancellationToken).ConfigureAwait(false);
            _lines.Fill(read.Bytes.Length);
            // An end that doesn't acknowledge what was said was on its way already.
            if (read.End == ReadEnd.Ended && _duplex.IsAcknowledged == false)
                _refused = true;
            End = read.End;
        }
        finally
        {
            // From here on the room is the other's, who may be told before this task has completed.
            _state = Reading.Done;
            onRead();
        }
    }

    private enum Reading { None, UnderWay, Done }
}
