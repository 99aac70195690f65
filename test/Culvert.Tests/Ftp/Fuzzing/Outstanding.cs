using System.Buffers.Text;
using System.Text;
using Culvert.Ftp;

namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>What the client still waits for, and the rule for what may come: the final replies to its commands in their order, each the server's own to
/// that very command or one of the answers that the relay is documented to give. ABOR alone makes replies fewer or more, and only its
/// own and those of the transfers that it ends.</summary>
/// <param name="ftps">What becomes of TLS.</param>
internal sealed class Outstanding(Ftps ftps)
{
    private readonly List<Said> _said = [];
    private readonly List<int> _transfers = [];
    private int _received;
    private bool _extendedOnly;
    private bool _reinitialized;

    public int Count => _said.Count;
    public bool AbortSeen { get; private set; }
    public bool Greeted { get; set; }

    /// <summary>Modes were asked for in which the end of a connection says nothing about a file.</summary>
    public bool DataEndsInside { get; private set; }

    /// <summary>Everything that is left may stay without a reply.</summary>
    public bool OnlyDroppable => _said.TrueForAll(MayStayWithoutReply);

    public void Add(Said said)
    {
        _said.Add(said);
        AbortSeen |= said.Kind == SaidKind.Abort;
        if (said.IsTransfer)
            _transfers.Add(said.Number);
    }

    /// <summary>The client's command that the server has just received, if it is one.</summary>
    public Said? Receive(ReadOnlySpan<byte> line)
    {
        _reinitialized |= ServerEyes.VerbOf(line) == "REIN";
        if (Ascii.EqualsIgnoreCase(line, "ABOR"u8))
        {
            foreach (var said in _said)
                said.Aborted |= said is { IsTransfer: true, Received: true, Verdict: false };
        }
        foreach (var said in _said)
        {
            if (!said.Received && !said.IsAnsweredHere && !said.IsSetup && said.Kind != SaidKind.Noise && (said.Kind == SaidKind.Abort ? Ascii.EqualsIgnoreCase(line, "ABOR"u8) : line.SequenceEqual(said.Line)))
            {
                said.ReceivedAs = ++_received;
                DataEndsInside |= Ascii.EqualsIgnoreCase(line, "MODE B"u8) || Ascii.EqualsIgnoreCase(line, "STRU R"u8);
                return said;
            }
        }
        return null;
    }

    /// <summary>The transfer with this verb and name, as the client said it.</summary>
    public Said? Find(string verb, string name)
    {
        Span<byte> line = stackalloc byte[64];
        if (verb.Length + 1 + name.Length > line.Length)
            return null;
        var length = Encoding.Latin1.GetBytes(verb, line);
        line[length++] = (byte)' ';
        length += Encoding.Latin1.GetBytes(name, line[length..]);
        foreach (var said in _said)
        {
            if (said.IsTransfer && Ascii.EqualsIgnoreCase(said.Line, line[..length]))
                return said;
        }
        return null;
    }

    /// <summary>Whether the client said a transfer after this REST and before that transfer.</summary>
    public bool HadTransferBetween(Said restart, Said transfer) => _transfers.Exists(number => number > restart.Number && number < transfer.Number);

    /// <summary>A final reply reached the client.</summary>
    public void Answered(int code, ReadOnlySpan<byte> line)
    {
        if (TagIn(line, out var number))
            AnsweredByServer(code, number);
        else if (line.Length > 5 && line[4] == '#')
            AnsweredByServersOther(code, (char)line[5]);
        else
            AnsweredHere(code, line);
    }

    /// <summary>A preliminary reply reached the client: it has asked for this.</summary>
    public void Preliminary(ReadOnlySpan<byte> line)
    {
        var known = TagIn(line, out var number) && _said.Exists(said => said.Number == number && said.IsTransfer);
        RuleBrokenException.Unless(known || line.StartsWith("120"u8), "a preliminary reply to a command that is not outstanding");
    }

    private void AnsweredByServer(int code, int number)
    {
        var at = _said.FindIndex(said => said.Number == number);
        if (at < 0)
        {
            RuleBrokenException.Unless(AbortSeen && code is 225 or 226 or 426, $"a second reply to #{number}");
            return;
        }
        var said = _said[at];
        RuleBrokenException.Unless(said.Kind is not (SaidKind.Refused or SaidKind.ExtendedOnly) && !said.IsSetup && (said.Kind != SaidKind.Security || ftps == Ftps.Opaque), $"#{number} was to be answered here");
        CheckEndOfData(said, code);
        // The only reply of a server that gives one for both.
        if (said.Kind == SaidKind.Abort && _said.FindIndex(0, at, earlier => earlier is { IsTransfer: true, Aborted: true, Received: true } && earlier.ReceivedAs < said.ReceivedAs) is >= 0 and var ended)
            at = ended;
        TakeAt(at, said.Kind is SaidKind.Preemptive or SaidKind.Abort);
    }

    private void AnsweredByServersOther(int code, char tag)
    {
        if (tag == 'X')
            return; // one reply too many, after ABOR
        RuleBrokenException.Unless(tag == 'S', $"the reply to a command of the relay's own (#{tag}) reached the client");
        var at = FirstThatMustBeAnswered();
        RuleBrokenException.Unless(at >= 0 && (_said[at].IsSetup || _said[at].Kind == SaidKind.Noise), "a refused setup answers something else");
        RuleBrokenException.Unless(code >= 400 || _said[at].Kind == SaidKind.Noise, "the server's own word on a setup is passed on, and it is no refusal");
        TakeAt(at, preemptive: false);
    }

    private void AnsweredHere(int code, ReadOnlySpan<byte> line)
    {
        // A transfer that ABOR ended may be answered here as well; an ABOR has its own.
        var at = _said.FindIndex(said => MayAnswerHere(said, code) || !MayStayWithoutReply(said));
        RuleBrokenException.Unless(at >= 0 || (AbortSeen && code is 225 or 226 or 426), "a reply to nothing");
        if (at < 0)
            return;
        var said = _said[at];
        RuleBrokenException.Unless(MayAnswerHere(said, code), $"{code} is no answer of the relay to #{said.Number} ({said.Kind})");
        if (said.Kind == SaidKind.Active && code == 200)
            RuleBrokenException.Unless(line.EndsWith(" command successful."u8), "a PORT is answered in words that are not the relay's");
        RuleBrokenException.Unless(!_extendedOnly || _reinitialized || said.Kind is not (SaidKind.Passive or SaidKind.Active) || code >= 400, "a setup other than EPSV after EPSV ALL");
        _extendedOnly |= said.Kind == SaidKind.ExtendedOnly && code == 200;
        TakeAt(at, preemptive: false);
    }

    private bool MayAnswerHere(Said said, int code) => code == 421 || said.Kind switch
    {
        SaidKind.Passive => code is 227 or 425 or 501 or 503,
        SaidKind.ExtendedPassive => code is 229 or 425 or 501 or 522,
        SaidKind.Active => code is 200 or 425 or 500 or 501 or 503 or 504 or 522,
        SaidKind.Download or SaidKind.Upload => code is 425 or 426,
        SaidKind.ExtendedOnly => code == 200,
        SaidKind.Refused => code >= 425,
        SaidKind.Noise => code is 200 or 227 or 229 or >= 425 || (code == 234 && Terminates),
        SaidKind.Abort => code == 226 && said.IsAnsweredHere,
        SaidKind.Security => code >= 425 || (code is 200 or 234 && Terminates),
        SaidKind.Plain => code == 502 && (Terminates || Originates) && ServerEyes.VerbOf(said.Line) == "REIN",
        _ => false,
    };

    // A download's success is said after the end of its data, or when its client had long stopped to read; an upload's after the client's own end. Who says ABOR knows that there is no whole file.
    private void CheckEndOfData(Said said, int code)
    {
        if (DataEndsInside || said.Aborted || !said.IsTransfer || said.Path is not { } path || code is < 200 or >= 400)
            return;
        RuleBrokenException.Unless(!path.Broke || path.ClientWasSlow, "success is said of a transfer whose data connection broke");
        RuleBrokenException.Unless(said.Kind == SaidKind.Upload ? path.NearEnded : path.FarEnded || path.ClientWasSlow, "success is said before the end of the data");
    }

    private bool Terminates => ftps is Ftps.Terminate or Ftps.Both;

    private bool Originates => ftps is Ftps.Originate or Ftps.Both;

    private static bool MayStayWithoutReply(Said said) => said.Kind == SaidKind.Abort || said.Aborted;

    private int FirstThatMustBeAnswered() => _said.FindIndex(said => !MayStayWithoutReply(said));

    private void TakeAt(int at, bool preemptive)
    {
        for (var i = at - 1; i >= 0; i--)
        {
            if (MayStayWithoutReply(_said[i]))
            {
                if (preemptive)
                    continue;
                _said.RemoveAt(i);
                at--;
            }
            else
                RuleBrokenException.Unless(preemptive, $"the reply to #{_said[at].Number} overtakes the one to #{_said[i].Number}");
        }
        _said.RemoveAt(at);
    }

    public static bool TagIn(ReadOnlySpan<byte> line, out int number)
    {
        number = 0;
        return line.Length > 5 && line[4] == '#' && Utf8Parser.TryParse(line[5..], out number, out _);
    }
}
