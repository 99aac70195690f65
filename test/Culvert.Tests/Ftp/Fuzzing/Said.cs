namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>What a client's line may be answered with.</summary>
internal enum SaidKind
{
    /// <summary>Passes; the server's own answer comes back.</summary>
    Plain,
    Passive,
    ExtendedPassive,
    Active,
    Download,
    Upload,
    Restart,
    Abort,
    /// <summary>STAT and NOOP: a server may answer them while a transfer runs.</summary>
    Preemptive,
    /// <summary>EPSV ALL: answered here.</summary>
    ExtendedOnly,
    /// <summary>Refused here, whatever the server would say.</summary>
    Refused,
    /// <summary>AUTH, PBSZ, PROT: refused here, answered here, or passed, as <see cref="Culvert.Ftp.Ftps"/> has it.</summary>
    Security,
    /// <summary>A line that no client should say: refused, or some setup in disguise.</summary>
    Noise,
}

/// <summary>A line of the client on its way through the relay and back.</summary>
/// <param name="number">Counts the client's lines; where the line has room for it, it stands there.</param>
/// <param name="kind">What it may be answered with.</param>
/// <param name="line">Without terminator.</param>
internal sealed class Said(int number, SaidKind kind, byte[] line)
{
    public int Number => number;
    public SaidKind Kind => kind;
    public byte[] Line => line;

    public bool IsTransfer => kind is SaidKind.Download or SaidKind.Upload;
    public bool IsSetup => kind is SaidKind.Passive or SaidKind.ExtendedPassive or SaidKind.Active;

    /// <summary>The server has it.</summary>
    public bool Received => ReceivedAs > 0;

    /// <summary>As which of its commands it came to the server; 0 when it has not.</summary>
    public int ReceivedAs { get; set; }

    /// <summary>The server takes it up: 1xx was said.</summary>
    public bool Begun { get; set; }

    /// <summary>An ABOR that didn't go to the server at once never will.</summary>
    public bool IsAnsweredHere { get; set; }

    /// <summary>The relay has read the server's final reply to it.</summary>
    public bool Verdict { get; set; }

    /// <summary>An ABOR of the client or the relay reached the server while it ran there: its own reply may never come.</summary>
    public bool Aborted { get; set; }

    /// <summary>The data path that the transfer took, when it began with one.</summary>
    public SimulatedPath? Path { get; set; }
}
