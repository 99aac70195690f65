using System.Globalization;
using System.Text;

namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>An FTP server that keeps the rules, in one of the ways in which servers do: one final reply to each command in the order in which they came,
/// ABOR excepted, and STAT and NOOP during a transfer. Its replies tell which command they answer:
/// <c>#7</c> the client's seventh, <c>#F</c> the relay's own NOOP, <c>#O</c> another command of its own, <c>#S</c> a setup, <c>#X</c> one reply too many.</summary>
internal sealed class SimulatedServer(Choices choices)
{
    /// <summary>A command that it has; the verb in upper case.</summary>
    private sealed class Received(string verb, string tag, Said? said)
    {
        public string Verb => verb;
        public string Tag => tag;
        public Said? Said => said;
        public bool IsTransfer => Said?.IsTransfer == true;
        public bool IsPreemptive => Verb is "ABOR" or "NOOP" || (Verb == "STAT" && Said?.Kind == SaidKind.Preemptive);
        public bool Begun { get; set; }
    }

    private readonly List<Received> _queue = [];
    private readonly Queue<Said?> _lineEnds = [];
    private readonly HashSet<int> _offered = [];
    private readonly bool _stubborn = choices.OneIn(4);
    private bool _greeted;
    private bool _hasPath;
    private int _lastPort = 20000;
    private int _uploadsWithoutVerdict;

    /// <summary>Bytes on their way to the relay.</summary>
    public ByteQueue Bytes { get; } = new();

    /// <summary>Rules were broken from here on: what is said belongs to nothing.</summary>
    public bool IsHostile { get; private set; }

    /// <summary>It has closed the control connection.</summary>
    public bool HasLeft { get; private set; }

    /// <summary>It has said 234.</summary>
    public bool AgreedToTls { get; private set; }

    /// <summary>It has said that data connections will be private.</summary>
    public bool Protects { get; private set; }

    public bool OwesReply => !HasLeft && (!_greeted || _queue.Count > 0);

    public bool HasOffered(int port) => _offered.Contains(port);

    /// <summary>A command of the relay; <paramref name="said"/> when it's the client's.</summary>
    public void Receive(ReadOnlySpan<byte> line, Said? said)
    {
        var verb = ServerEyes.VerbOf(line);
        RuleBrokenException.Unless(IsHostile || HasLeft || _uploadsWithoutVerdict == 0 || verb is "ABOR" or "STAT" or "NOOP",
            $"{verb} overtakes an upload");
        var tag = said is not null ? said.Number.ToString(CultureInfo.InvariantCulture) : verb switch { "NOOP" => "F", "ABOR" or "REST" => "O", _ => "S" };
        if (said?.Kind == SaidKind.Upload)
            _uploadsWithoutVerdict++;
        _queue.Add(new(verb, tag, said));
    }

    /// <summary>The relay has taken up the next line of ours.</summary>
    public void LineWasRead()
    {
        if (_lineEnds.TryDequeue(out var over) && over is not null)
        {
            over.Verdict = true;
            if (over.Kind == SaidKind.Upload)
                _uploadsWithoutVerdict--;
        }
    }

    /// <summary>Says something that belongs to nothing.</summary>
    public void SayHostile()
    {
        IsHostile = true;
        Bytes.Add(ServerWords.Hostile(choices));
        Bytes.Add(choices.OneIn(8) ? "\n"u8 : "\r\n"u8);
    }

    /// <summary>Does the next thing that it has to do.</summary>
    public void Act()
    {
        if (HasLeft)
            return;
        if (!_greeted)
            Greet();
        else if (_queue.Count == 0)
            return;
        else if (choices.OneIn(300))
            Leave("421 #S idle for too long");
        else if (_queue[0].IsTransfer)
            Transfer(_queue[0]);
        else
        {
            var next = _queue[0];
            _queue.RemoveAt(0);
            Answer(next);
        }
    }

    private void Greet()
    {
        if (choices.OneIn(100))
        {
            Leave("421 too many users");
            return;
        }
        if (choices.OneIn(20))
            Say("120 in a moment");
        Say(choices.OneIn(8) ? $"220-welcome\r\n227 ({ServerWords.Planted})\r\n220 hi" : "220 hi");
        _greeted = true;
    }

    private void Transfer(Received transfer)
    {
        if (!transfer.Begun && !_hasPath)
        {
            Final(transfer, choices.Of<int>([425, 503]));
            return;
        }
        if (!transfer.Begun && choices.OneIn(8))
        {
            Final(transfer, choices.Of<int>([550, 450, 425, 501]));
            return;
        }
        if (!transfer.Begun)
        {
            transfer.Begun = true;
            _hasPath = false;
            if (!choices.OneIn(10))
                Say(choices.OneIn(2) ? $"150 #{transfer.Tag} go (100 bytes)." : $"125 #{transfer.Tag} go");
            return;
        }
        if (!_stubborn && _queue.Count > 1 && _queue[1].IsPreemptive && !choices.OneIn(4))
        {
            var urgent = _queue[1];
            _queue.RemoveAt(1);
            if (urgent.Verb == "ABOR")
                AbortTransfer(transfer, urgent);
            else
                Answer(urgent);
            return;
        }
        Final(transfer, choices.Of<int>([226, 226, 226, 226, 250, 426, 451, 425, 552]));
    }

    // What servers answer to an ABOR during a transfer: two replies, one, or three.
    private void AbortTransfer(Received transfer, Received abort)
    {
        _queue.Remove(transfer);
        switch (choices.Next(6))
        {
            case 0: Say($"426 #{transfer.Tag} cut", transfer.Said); Say($"226 #{abort.Tag} aborted", abort.Said); break;
            case 1: Say($"226 #{transfer.Tag} done", transfer.Said); Say($"225 #{abort.Tag} nothing to abort", abort.Said); break;
            case 2: Say($"426 #{transfer.Tag} cut", transfer.Said); Say($"225 #{abort.Tag} aborted", abort.Said); break;
            case 3: Say($"226 #{abort.Tag} aborted", transfer.Said); break;
            case 4: Say($"426 #{transfer.Tag} cut", transfer.Said); break;
            default: Say($"426 #{transfer.Tag} cut", transfer.Said); Say($"226 #{abort.Tag} aborted", abort.Said); Say("225 #X nothing to abort"); break;
        }
    }

    private void Answer(Received command)
    {
        switch (command.Verb)
        {
            case "PASV" or "EPSV" or "PORT" or "EPRT" when command.Said is null:
                AnswerSetup(command.Verb);
                break;
            case "AUTH":
                AgreedToTls = !choices.OneIn(6);
                Final(command, AgreedToTls ? 234 : 502);
                break;
            case "PBSZ" when command.Said is null:
                Final(command, choices.OneIn(8) ? 503 : 200);
                break;
            case "PROT" when command.Said is null:
                Protects = !choices.OneIn(8);
                Final(command, Protects ? 200 : 534);
                break;
            case "ABOR":
                Final(command, choices.Of<int>([225, 226, 226, 500, 502]));
                break;
            case "NOOP":
                Final(command, 200);
                break;
            case "STAT" when command.IsPreemptive:
                Final(command, choices.Of<int>(_queue.Exists(other => other.Begun) ? [211, 212, 213] : [211, 212, 213, 450, 500]));
                break;
            case "QUIT":
                Leave($"221 #{command.Tag} bye", command.Said);
                break;
            case "FEAT" when !choices.OneIn(4):
                Say($"211-#{command.Tag} features\r\n AUTH TLS\r\n EPSV\r\n    PROT\r\n211-CPSV\r\n\r\n UTF8\r\n211 #{command.Tag} end", command.Said);
                break;
            case "FEAT":
                Final(command, choices.Of<int>([500, 502])); // "211 none" may be replaced by what the relay offers itself
                break;
            case "REIN":
                Final(command, choices.Of<int>([220, 220, 502]));
                break;
            case "USER" or "PASS" when !choices.OneIn(4):
                Final(command, command.Verb == "USER" ? 331 : 230);
                break;
            default:
                Final(command, choices.Of<int>(command.Verb == "XFOO" ? [200, 250, 500, 502] : [200, 200, 211, 213, 250, 257, 350, 450, 500, 530, 550]));
                break;
        }
    }

    private void AnswerSetup(string verb)
    {
        if (choices.OneIn(6))
        {
            Say(choices.OneIn(3) ? $"500-#S no\r\n227 x ({ServerWords.Planted})\r\n500 #S no" : $"{choices.Of<int>([500, 502, 522, 425, 530, 450])} #S no");
            return;
        }
        if (verb is "PORT" or "EPRT")
        {
            _hasPath = true;
            Say("200 #S fine");
            return;
        }
        var port = ++_lastPort;
        _hasPath = true;
        var passive = verb == "PASV" != choices.OneIn(20);
        var address = passive ? $"({ServerWords.Planted[..8]},{port >> 8},{port & 255})" : $"(|||{port}|)";
        var code = passive ? 227 : 229;
        if (choices.OneIn(20))
            address = passive ? "(10,9,8,7,3,1)" : "(|||80|)"; // not a data port
        else if (choices.OneIn(30))
            address = "none";
        else
            _offered.Add(port);
        Say(choices.Next(8) switch
        {
            0 => $"{code}-{address}\r\n{code} that was it",
            1 => $"{code}-look\r\n 227 in the middle\r\n{code} {address}",
            2 => $"{code} {address} and again {address}",
            _ => $"{code} it is {address}.",
        });
    }

    private void Final(Received command, int code)
    {
        _queue.Remove(command);
        Say(choices.OneIn(10)
            ? $"{code}-#{command.Tag} of several lines\r\n299 text\r\n227 x ({ServerWords.Planted})\r\n{code}-more\r\n{code} #{command.Tag} end"
            : $"{code} #{command.Tag} answer", command.Said);
    }

    private void Leave(string word, Said? over = null)
    {
        Say(word, over);
        HasLeft = true;
        _queue.Clear();
    }

    private void Say(string text, Said? over = null)
    {
        Span<byte> bytes = stackalloc byte[512];
        var length = Encoding.Latin1.GetBytes(text, bytes);
        Bytes.Add(bytes[..length]);
        Bytes.Add(choices.OneIn(8) ? "\n"u8 : "\r\n"u8);
        for (var i = bytes[..length].Count((byte)'\n'); i > 0; i--)
            _lineEnds.Enqueue(null);
        _lineEnds.Enqueue(over);
    }
}
