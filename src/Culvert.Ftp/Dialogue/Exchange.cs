using Culvert.Ftp.Wire;

namespace Culvert.Ftp.Dialogue;

/// <summary>Where a command stands on its way.</summary>
internal enum ExchangeState
{
    /// <summary>Not sent: something before it, or its data path, isn't ready.</summary>
    Waiting,
    /// <summary>Taken up, but what must be sent isn't known yet (the port of a listener on the far side).</summary>
    Preparing,
    /// <summary>The server has it; its final reply is outstanding.</summary>
    Sent,
    /// <summary>Answered here; the answer waits for the replies of earlier commands.</summary>
    Answered,
}

/// <summary>One command and its final reply. The exchanges of a session stand in one list, in the order in which the client will read the replies.</summary>
internal sealed class Exchange(FtpCommand command)
{
    public FtpCommand Command { get; } = command;
    public VerbKind Kind => Command.Kind;
    public ExchangeState State { get; set; }

    /// <summary>The relay's own command: its replies are swallowed.</summary>
    public bool Own { get; init; }

    /// <summary>The greeting: a reply without a command, expected once.</summary>
    public bool IsGreeting { get; init; }

    /// <summary>A setup command passed as it came (tests only, <see cref="FtpRelayOptions.RewritingOff"/>).</summary>
    public bool Verbatim { get; init; }

    /// <summary>The answer given here, for <see cref="ExchangeState.Answered"/>.</summary>
    public FtpLine Answer { get; set; }

    /// <summary>The answer, once the client has it, is followed by its TLS handshake.</summary>
    public bool BeginsTls { get; init; }

    /// <summary>The data path that a setup command makes, or that a transfer uses.</summary>
    public PathState? Path { get; set; }

    /// <summary>Setup: how to ask the server, the best way first; the one in use has been taken out.</summary>
    public Queue<DataMode> Asks { get; } = [];

    /// <summary>Setup: what the server said to the first way that it refused.</summary>
    public IReadOnlyList<FtpLine>? Refusal { get; set; }

    /// <summary>Transfer: ABOR went out after it. Servers then give one, two or three replies for both, so that its own may never come.</summary>
    public bool Aborted { get; set; }

    /// <summary>Transfer: the server has taken it up (1xx).</summary>
    public bool HasBegun { get; set; }

    /// <summary>Transfer: the final reply that waits for the data.</summary>
    public IReadOnlyList<FtpLine>? Held { get; set; }

    /// <summary>Transfer: the REST before it.</summary>
    public Exchange? Restart { get; set; }

    /// <summary>Transfer: what was last told of it.</summary>
    public TransferFacts? Facts { get; set; }

    /// <summary>The server refused it; its reply has gone to the client.</summary>
    public bool WasRefused { get; set; }

    public bool IsTransfer => Kind is VerbKind.Download or VerbKind.Upload;
    public bool IsSetup => !Verbatim && Kind is VerbKind.Pasv or VerbKind.Epsv or VerbKind.Port or VerbKind.Eprt;

    /// <summary>Its reply may come before the final reply of a transfer that runs.</summary>
    public bool IsPreemptive => Kind is VerbKind.Abor or VerbKind.Stat or VerbKind.Noop;

    /// <summary>A reply that fits a later command shows that its own won't come any more.</summary>
    public bool IsDroppable => Kind == VerbKind.Abor || (IsTransfer && Aborted) || (Own && Kind == VerbKind.Noop);

    /// <summary>Whether a reply with this code can be an answer to this command. After ABOR, more 225, 226 and 426 may come than
    /// there are commands for them: none of these ever answers anything else.</summary>
    /// <param name="code">100–599, except 421, which answers anything.</param>
    /// <param name="abortSeen">An ABOR was sent in this session.</param>
    /// <param name="behindTransfer">A transfer runs that was sent before: only what can't be its reply may be taken for this command's.</param>
    public bool Accepts(int code, bool abortSeen, bool behindTransfer)
    {
        if (IsGreeting)
            return code is 120 or (>= 200 and < 300 and not (227 or 229)) or >= 400;
        if (Verbatim)
            return true;
        if (IsSetup)
            return Ordinary(code) || (code is 227 or 229 && Path!.Used is DataMode.Pasv or DataMode.Epsv);
        return Kind switch
        {
            VerbKind.Download or VerbKind.Upload =>
                code is (>= 100 and < 200) or 200 or (> 201 and < 211) or (> 221 and < 225) or 226 or 228 or (>= 230 and < 300) or >= 400,
            // A 4xx or 5xx that is about a file answers a later command.
            VerbKind.Abor => code is 225 or 226 or 426 or 500 or 501 or 502 or 503 or 530,
            VerbKind.Stat or VerbKind.Noop when !behindTransfer && !Own => Ordinary(code),
            VerbKind.Stat => code is (>= 200 and < 220) or >= 400 && Ordinary(code),
            VerbKind.Noop => code is (>= 200 and < 211) or 250 or >= 400 && Ordinary(code),
            VerbKind.Other => code is not (227 or 229) && (!abortSeen || Ordinary(code)),
            _ => Ordinary(code),
        };
    }

    private static bool Ordinary(int code) => code is not (225 or 226 or 227 or 229 or 426);
}
