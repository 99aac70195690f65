using System.Net;
using Culvert.Ftp.Wire;
using Culvert.Net;

namespace Culvert.Ftp.Dialogue;

/// <summary>What the conversation wants done. The relay does it in this order; a line that stands before a decision of another kind
/// is on its way before that is done.</summary>
internal abstract record Decision
{
    private Decision() { }

    /// <summary>A line to the client.</summary>
    public sealed record ToClient(FtpLine Line) : Decision;

    /// <summary>A line to the server.</summary>
    public sealed record ToServer(FtpLine Line) : Decision;

    /// <summary>The client says no more: end our half towards the server.</summary>
    public sealed record EndServer : Decision;

    /// <summary>Open the far side: connect to this port of the destination host, or of another one that is allowed. Nobody waits for it.</summary>
    public sealed record DialFar(int Path, int Port, IPAddress? Host) : Decision;

    /// <summary>Listen for the client; answered by <see cref="PathEvent.NearListening"/> or <see cref="PathEvent.NearFailed"/>.</summary>
    public sealed record ListenNear(int Path) : Decision
    {
        /// <summary>The client has asked for TLS on data connections.</summary>
        public bool Encrypted { get; init; }
    }

    /// <summary>Connect to the address in the client's PORT or EPRT.</summary>
    public sealed record DialNear(int Path, IPEndPoint Client) : Decision
    {
        /// <summary>The client has asked for TLS on data connections.</summary>
        public bool Encrypted { get; init; }
    }

    /// <summary>The client has read that it may begin TLS: encrypt its side. Answered by <see cref="FtpConversation.ClientEncrypted"/> or
    /// <see cref="FtpConversation.EncryptionFailed"/>.</summary>
    public sealed record EncryptClient : Decision;

    /// <summary>The server expects TLS to begin: encrypt its side. Answered likewise, by <see cref="FtpConversation.ServerEncrypted"/>.</summary>
    public sealed record EncryptServer : Decision;

    /// <summary>The server agreed to speak TLS with the client itself: open the ports for their data, pass on these lines, and from then on bytes.</summary>
    public sealed record StepAside(IReadOnlyList<FtpLine> Lines) : Decision;

    /// <summary>The server has been told what its data connection is for: TLS may begin there. There are servers that break off a handshake which comes before
    /// they know (pyftpdlib 1.5.7), and it costs no time: the command leaves with the request to connect.</summary>
    public sealed record EncryptFar(int Path) : Decision;

    /// <summary>Listen on the far side for the server; answered by <see cref="PathEvent.FarListening"/> or <see cref="PathEvent.FarFailed"/>.</summary>
    public sealed record ListenFar(int Path, IPAddress Address) : Decision;

    /// <summary>The server ended the data in a mode where that is no end of a file: pass it on.</summary>
    public sealed record EndNear(int Path) : Decision;

    /// <summary>The server has sent a whole file: tell it that nothing comes the other way. ProFTPD holds its final reply back until it
    /// reads that end (TimeoutLinger, 10 seconds), while the client's end waits here for that reply.</summary>
    public sealed record EndFar(int Path) : Decision;

    /// <summary>End both sides; nothing more of this path matters to the conversation.</summary>
    public sealed record Settle(int Path, Ending How) : Decision;

    /// <summary>Start a timer; answered by <see cref="PathEvent.TimerElapsed"/>. Path 0 is the session.</summary>
    public sealed record Arm(int Path, TimerKind Timer) : Decision;

    /// <summary>A transfer begins: its command goes out next.</summary>
    public sealed record Began(int Path, string Verb, string Name, TransferDirection Direction, DataMode Asked, DataMode Used, long? Size, TransferFacts Facts) : Decision;

    /// <summary>Commands before the transfer were still unanswered when it began; now they are, and it's known what they made of it.</summary>
    public sealed record Corrected(int Path, TransferFacts Facts) : Decision;

    /// <summary>The server said how many bytes will come.</summary>
    /// <param name="Path">The transfer's.</param>
    /// <param name="Size">Bytes.</param>
    /// <param name="Exactly">No mode of this transfer changes the count.</param>
    public sealed record Expect(int Path, long Size, bool Exactly) : Decision;

    /// <summary>A transfer ended.</summary>
    public sealed record Finished(int Path, TransferResult Result, string? Reply, string? Cause) : Decision;

    /// <summary>An address line was replaced.</summary>
    public sealed record Rewrote(string From, string To) : Decision;

    /// <summary>Something was refused, or looks wrong: for the log.</summary>
    public sealed record Notice(string What, string Why) : Decision;

    /// <summary>The session ends; lines already decided are still sent.</summary>
    public sealed record Close(string Why) : Decision;
}

/// <summary>What earlier commands make of a transfer.</summary>
/// <param name="User">The name in the last USER that the server took; null when there was none.</param>
/// <param name="FullPath">The name, resolved against the working directory; null when that isn't known.</param>
/// <param name="Type">The argument of the last TYPE that the server took, in upper case.</param>
/// <param name="RestartOffset">Where it begins, as REST had it.</param>
internal sealed record TransferFacts(string? User, string? FullPath, string Type, long RestartOffset);

/// <summary>How a data path ends.</summary>
internal enum Ending
{
    /// <summary>With a reset, at once: something is missing, or nothing was meant to come.</summary>
    Cut,
    /// <summary>In order, at once: all that belongs to the transfer has been written.</summary>
    InOrder,
    /// <summary>In order when the server's last byte has been written to the client; with a reset if that fails.</summary>
    WhenDrained,
}

/// <summary>The timers of a session.</summary>
internal enum TimerKind
{
    /// <summary>An upload waits for the client's data socket.</summary>
    UploadHold,
    /// <summary>A download's end waits for the server's final reply.</summary>
    Verdict,
    /// <summary>A server that sent a file should call it complete; if it doesn't, it's told that nothing comes the other way.</summary>
    End,
    /// <summary>The client aborted a transfer: the server should say something.</summary>
    Abort,
    /// <summary>A final reply waits for the data: look whether it moves.</summary>
    Stall,
    /// <summary>The client must have logged in. Starts with the session.</summary>
    Login,
    /// <summary>A command line that was begun must be ended.</summary>
    PartialLine,
    /// <summary>A reply line that was begun must be ended.</summary>
    PartialReply,
    /// <summary>The client says nothing, and nothing runs.</summary>
    Idle,
    /// <summary>A data path that was made ahead waits for a client that asks for it.</summary>
    Prefetch,
    /// <summary>Shutdown: transfers may run so much longer.</summary>
    Grace,
    /// <summary>The client is gone: what it has asked for should come to its end, and the server close the session.</summary>
    Farewell,
    /// <summary>The client has outlived its transfer. The shell's own: the conversation never sees it.</summary>
    LifeSign,
}

/// <summary>News of a data path, or of a timer.</summary>
internal abstract record PathEvent(int Path)
{
    /// <summary>The near listener stands.</summary>
    public sealed record NearListening(int Path, Endpoint At) : PathEvent(Path);

    /// <summary>The client's data socket stands and is admitted.</summary>
    public sealed record NearOpen(int Path) : PathEvent(Path);

    /// <summary>There will be no client's data socket.</summary>
    public sealed record NearFailed(int Path, Failure Failure) : PathEvent(Path);

    /// <summary>The client ended its half in order; posted before the far side's half is ended, so that it is known before any reply to that.</summary>
    public sealed record NearEnded(int Path) : PathEvent(Path);

    /// <summary>The client's data socket was reset or lost.</summary>
    public sealed record NearBroken(int Path) : PathEvent(Path);

    /// <summary>The far listener stands.</summary>
    public sealed record FarListening(int Path, Endpoint At) : PathEvent(Path);

    /// <summary>The far side is connected.</summary>
    public sealed record FarOpen(int Path) : PathEvent(Path);

    /// <summary>There will be no far side.</summary>
    public sealed record FarFailed(int Path, Failure Failure) : PathEvent(Path);

    /// <summary>The far side ended its half, and every byte before that was written to the client.</summary>
    public sealed record FarEnded(int Path) : PathEvent(Path);

    /// <summary>The far side was reset or lost.</summary>
    public sealed record FarBroken(int Path) : PathEvent(Path);

    /// <summary>A timer ran out; <paramref name="Delivered"/> bytes have reached the client so far, and more may wait for it to read
    /// (<paramref name="ClientIsSlow"/>), or for the server to send.</summary>
    public sealed record TimerElapsed(int Path, TimerKind Timer, long Delivered = 0, bool ClientIsSlow = false) : PathEvent(Path);
}
