using Culvert.Ftp.Dialogue;
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
    /// <summary>Both data connections ended in order, as many bytes left as had come, the server's final reply says success, a client that received has
    /// closed its side in order, and the client has lived on: it has said something more, or taken its leave in order, or was still there a second later.</summary>
    Complete,
    /// <summary>It was refused, cut or aborted.</summary>
    Failed,
    /// <summary>The bytes went through, but nobody heard the server say so, or the client may not have taken them all.</summary>
    Unverified,
}

/// <summary>The session in which a transfer happens.</summary>
/// <param name="Id">Unique in this process.</param>
/// <param name="Client">Who the FTP client is: its address and, on this machine, its user.</param>
/// <param name="Server">The FTP server, as configured.</param>
/// <param name="Profile">What the caller calls the relay (<see cref="FtpRelayOptions.Profile"/>).</param>
public sealed record TransferSession(long Id, Peer Client, Endpoint Server, string Profile);

/// <summary>One transfer. May be read by anyone while it runs.</summary>
public sealed class Transfer
{
    private readonly TimeProvider _time;
    private readonly long _clock;
    private Func<long> _bytes;
    private long _size;
    private long _finalBytes;
    private volatile bool _exact;
    private volatile TransferFacts _facts;
    private volatile TransferResult _result;

    internal Transfer(long id, TransferSession session, Decision.Began began, TimeProvider time, Func<long> bytes)
    {
        (Id, Session, Verb, Path, Direction, Asked, Used) = (id, session, began.Verb, began.Name, began.Direction, began.Asked, began.Used);
        _facts = began.Facts;
        _size = began.Size ?? -1;
        (_time, _clock, _bytes) = (time, time.GetTimestamp(), bytes);
        Started = time.GetUtcNow();
    }

    /// <summary>Unique in this process.</summary>
    public long Id { get; }

    /// <summary>Whose it is.</summary>
    public TransferSession Session { get; }

    /// <summary>The name by which the client logged in, escaped; null when it didn't.</summary>
    public string? User => _facts.User;

    /// <summary>RETR, STOR, LIST …, in upper case.</summary>
    public string Verb { get; }

    /// <summary>The argument as the client sent it, escaped for display; may be empty.</summary>
    public string Path { get; }

    /// <summary>The path from the server's root, escaped: <see cref="Path"/> resolved against the working directory, where a <c>..</c> may remain. Null
    /// when the dialogue doesn't tell that directory, or the server chooses the name (STOU). Certain once the server has answered the command.</summary>
    public string? FullPath => _facts.FullPath;

    /// <summary>The representation as TYPE set it, such as <c>A</c> or <c>I</c>; <c>A</c> when nobody did. Certain once the server has answered the command.</summary>
    public string Type => _facts.Type;

    /// <summary>Where in the file it begins, in bytes, as REST set it. Certain once the server has answered the command.</summary>
    public long RestartOffset => _facts.RestartOffset;

    /// <summary>Which way the bytes go.</summary>
    public TransferDirection Direction { get; }

    /// <summary>How the client asked for the data connection.</summary>
    public DataMode Asked { get; }

    /// <summary>How the server was asked for it.</summary>
    public DataMode Used { get; }

    /// <summary>Bytes to expect, when SIZE (less what REST skips), ALLO or the 150 said so. A hint: ASCII mode and REST change the count.</summary>
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

    /// <summary>How long it took, up to the server's final reply; null while it runs.</summary>
    public TimeSpan? Duration { get; private set; }

    /// <summary>The server's final reply, escaped; null when there was none.</summary>
    public string? Reply { get; private set; }

    /// <summary>How it ended. Written last: who sees an end sees all of it.</summary>
    public TransferResult Result => _result;

    /// <summary>Why it failed, for people; null when it did not.</summary>
    public string? Cause { get; private set; }

    /// <summary>What goes over the connection from now on belongs to another transfer, and what is awaited from now on isn't the file.</summary>
    internal void StopCounting()
    {
        var bytes = _bytes();
        Volatile.Write(ref _bytes, () => bytes);
        Duration = _time.GetElapsedTime(_clock);
    }

    internal void Correct(TransferFacts facts) => _facts = facts;

    internal void Expect(long size, bool exactly)
    {
        Interlocked.Exchange(ref _size, size);
        _exact = exactly;
    }

    internal void End(TransferResult result, string? reply, string? cause)
    {
        _finalBytes = _bytes();
        (Reply, Cause, Duration) = (reply, cause, Duration ?? _time.GetElapsedTime(_clock));
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

    /// <summary>A data connection was cut because its session ended, and what it carried isn't known (<see cref="Ftps.Opaque"/>).</summary>
    void UnseenDataCut() { }
}
