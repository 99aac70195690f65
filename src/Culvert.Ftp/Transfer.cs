using Culvert.Net;

namespace Culvert.Ftp;

/// <summary>Which way the bytes of a transfer go.</summary>
public enum TransferDirection
{
    /// <summary>From the server to the client: RETR and listings.</summary>
    Download,
    /// <summary>From the client to the server: STOR, STOU, APPE.</summary>
    Upload,
}

/// <summary>How a data connection was set up.</summary>
public enum DataMode
{
    /// <summary>PASV: the server listens, IPv4.</summary>
    Pasv,
    /// <summary>EPSV: the server listens (RFC 2428).</summary>
    Epsv,
    /// <summary>PORT: the client listens, IPv4.</summary>
    Port,
    /// <summary>EPRT: the client listens (RFC 2428).</summary>
    Eprt,
}

/// <summary>How a transfer ended.</summary>
public enum TransferResult
{
    /// <summary>It has not.</summary>
    Running,
    /// <summary>Both data connections ended in order, as many bytes left as had come, the server's final reply says success, and a client that received has
    /// closed its side in order.</summary>
    Complete,
    /// <summary>It was refused, cut or aborted.</summary>
    Failed,
    /// <summary>The bytes went through, but nobody heard the server say so, or the client may not have taken them all.</summary>
    Unverified,
}

/// <summary>One transfer. May be read by anyone while it runs.</summary>
public sealed class Transfer
{
    private readonly TimeProvider _time;
    private readonly long _clock;
    private readonly Func<long> _bytes;
    private long _size;
    private long _finalBytes;
    private volatile bool _exact;
    private volatile TransferResult _result;

    internal Transfer(long id, string verb, string path, TransferDirection direction, DataMode asked, DataMode used, long? size,
        TimeProvider time, Func<long> bytes)
    {
        (Id, Verb, Path, Direction, Asked, Used) = (id, verb, path, direction, asked, used);
        _size = size ?? -1;
        (_time, _clock, _bytes) = (time, time.GetTimestamp(), bytes);
        Started = time.GetUtcNow();
    }

    /// <summary>Unique in this process.</summary>
    public long Id { get; }

    /// <summary>RETR, STOR, LIST …, in upper case.</summary>
    public string Verb { get; }

    /// <summary>The argument as the client sent it, escaped for display; may be empty.</summary>
    public string Path { get; }

    /// <summary>Which way the bytes go.</summary>
    public TransferDirection Direction { get; }

    /// <summary>How the client asked for the data connection.</summary>
    public DataMode Asked { get; }

    /// <summary>How the server was asked for it.</summary>
    public DataMode Used { get; }

    /// <summary>Bytes to expect, when SIZE, ALLO or the 150 said so. A hint: ASCII mode and REST change the count.</summary>
    public long? ExpectedSize
    {
        get => Interlocked.Read(ref _size) is >= 0 and var size ? size : null;
    }

    /// <summary>The server announced another count than it sent, in a mode that doesn't change it, and called the transfer complete all the same.
    /// A file that grows does this; so does one that was cut at the server. False while it runs.</summary>
    public bool CountDiffers => _result == TransferResult.Complete && _exact && ExpectedSize != Bytes;

    /// <summary>When its command went out.</summary>
    public DateTimeOffset Started { get; }

    /// <summary>Bytes that were handed to the receiving side so far.</summary>
    public long Bytes => _result == TransferResult.Running ? _bytes() : _finalBytes;

    /// <summary>How long it took; null while it runs.</summary>
    public TimeSpan? Duration { get; private set; }

    /// <summary>The server's final reply, escaped; null when there was none.</summary>
    public string? Reply { get; private set; }

    /// <summary>How it ended. Written last: who sees an end sees all of it.</summary>
    public TransferResult Result => _result;

    /// <summary>Why it failed, for people; null when it did not.</summary>
    public string? Cause { get; private set; }

    internal void Expect(long size, bool exactly)
    {
        Interlocked.Exchange(ref _size, size);
        _exact = exactly;
    }

    internal void End(TransferResult result, string? reply, string? cause)
    {
        _finalBytes = _bytes();
        (Reply, Cause, Duration) = (reply, cause, _time.GetElapsedTime(_clock));
        _result = result;
    }
}

/// <summary>Sees what relays do. Called on the sessions' own tasks: an implementation is quick, thread-safe, and doesn't throw.</summary>
public interface ITransferObserver
{
    /// <summary>A transfer's command is about to go to the server.</summary>
    void Started(Transfer transfer);

    /// <summary>A transfer has ended; its properties don't change any more.</summary>
    void Ended(Transfer transfer);

    /// <summary>An address line was replaced on its way, e.g. the server's 227 by ours.</summary>
    void AddressRewritten(string from, string to);

    /// <summary>A data connection is being opened on the far network.</summary>
    void ChannelOpening(Endpoint to);
}
