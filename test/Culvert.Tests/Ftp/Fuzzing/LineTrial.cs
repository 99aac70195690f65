using System.Buffers;
using System.Text;
using Culvert.Ftp.Wire;

namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>Random lines of both peers, through everything that reads them: framing in pieces of any size, verbs, replies.</summary>
internal static class LineTrial
{
    /// <summary>Lines of each trial, half of them of either peer.</summary>
    public const int Lines = 10;

    private static readonly string[] Ends = ["\r\n", "\r\n", "\r\n", "\n", "\r\r\n"];
    private static readonly byte[] Alphabet = [.. "PASVEORTUH 14,.|-(){}"u8, 0, 1, 9, 10, 11, 13, 0x16, 0x80, 0xA0, 0xC2, 0xE9, 0xF0, 0xF2, 0xF4, 0xFA, 0xFB, 0xFE, 0xFF];

    public static void Hold(uint[] steps)
    {
        var choices = new Choices(steps);
        choices.NextStep();
        var commands = Stream(choices, client: true);
        foreach (var line in InPieces(choices, commands, Speaker.Client))
            CheckCommand(line);
        choices.NextStep();
        CheckReplies(InPieces(choices, Stream(choices, client: false), Speaker.Server));
    }

    private static byte[] Stream(Choices choices, bool client)
    {
        var bytes = new List<byte>(256);
        for (var i = 0; i < Lines / 2; i++)
        {
            bytes.AddRange(choices.OneIn(3) ? Noise(choices) : !client ? ServerWords.Hostile(choices)
                : choices.OneIn(2) ? ClientWords.Disguised(choices) : ClientWords.Sensible(choices, i).Line);
            bytes.AddRange(Encoding.ASCII.GetBytes(choices.Of<string>(Ends)));
        }
        if (bytes[0] == 0x16)
            bytes[0] = (byte)' '; // TLS at the very beginning is another matter
        return [.. bytes];
    }

    private static byte[] Noise(Choices choices)
    {
        var noise = new byte[choices.OneIn(400) ? 4000 + choices.Next(9000) : choices.Next(24)];
        for (var i = 0; i < noise.Length; i++)
            noise[i] = Alphabet[choices.Next(Alphabet.Length)];
        return noise;
    }

    /// <summary>Reads a stream twice, as a whole and in pieces. What comes in pieces must be read as what comes at once.</summary>
    private static List<FtpLine> InPieces(Choices choices, byte[] stream, Speaker speaker)
    {
        var whole = Read(stream, speaker, choices, inPieces: false);
        var pieces = Read(stream, speaker, choices, inPieces: true);
        RuleBrokenException.Unless(whole.Count == stream.AsSpan().Count((byte)'\n'), "a line feed more or less than there are lines");
        RuleBrokenException.Unless(whole.Count == pieces.Count, "the pieces in which it comes make other lines");
        for (var i = 0; i < whole.Count; i++)
            RuleBrokenException.Unless(whole[i].Fault == pieces[i].Fault && whole[i].Bytes.Span.SequenceEqual(pieces[i].Bytes.Span), "the pieces in which it comes make another line");
        CheckFraming(whole, stream, speaker);
        return whole;
    }

    private static List<FtpLine> Read(byte[] stream, Speaker speaker, Choices choices, bool inPieces)
    {
        var reader = new LineReader(speaker);
        var bytes = new ByteQueue();
        bytes.Add(stream);
        var lines = new List<FtpLine>();
        while (true)
        {
            while (reader.TryRead(out var line))
                lines.Add(line.Kept());
            if (bytes.Count == 0)
                return lines;
            RuleBrokenException.Unless(reader.Room.Length > 0, "a reader without a line has no room for one");
            bytes.Fill(reader, inPieces ? 1 + choices.Next(choices.OneIn(8) ? 5000 : 9) : stream.Length);
        }
    }

    private static void CheckFraming(List<FtpLine> lines, ReadOnlySpan<byte> stream, Speaker speaker)
    {
        var limit = speaker == Speaker.Client ? LineReader.CommandLimit : LineReader.ReplyLimit;
        foreach (var line in lines)
        {
            var end = stream.IndexOf((byte)'\n');
            var raw = stream[..end].TrimEnd((byte)'\r');
            stream = stream[(end + 1)..];
            var text = line.Bytes.Span;
            if (line.Fault == LineFault.None)
            {
                RuleBrokenException.Unless(raw.EndsWith(text) && (speaker == Speaker.Client || raw.Length == text.Length), "a line isn't what was sent");
                RuleBrokenException.Unless(text.Length <= limit, "a line longer than the limit");
                RuleBrokenException.Unless(speaker == Speaker.Server || !text.ContainsAny((byte)'\r', (byte)0), "a command with a line end or NUL inside");
                RuleBrokenException.Unless(text.Replaced().IndexOf((byte)'\r') < 0, "a reply with a line end inside");
                var outbox = new ArrayBufferWriter<byte>(text.Length + 2);
                line.WriteTo(outbox);
                var left = outbox.WrittenSpan;
                RuleBrokenException.Unless(left.EndsWith("\r\n"u8) && left.Count((byte)'\n') == 1 && left.Length == text.Length + 2, "a line doesn't leave as one");
            }
            else
            {
                RuleBrokenException.Unless(text.IsEmpty, "a faulty line has bytes");
                RuleBrokenException.Unless(line.Fault != LineFault.TooLong || raw.Length > limit, "a line is called too long that isn't");
                RuleBrokenException.Unless(line.Fault == LineFault.TooLong || raw.ContainsAny((byte)'\r', (byte)0), "a line without a fault is refused");
            }
        }
    }

    /// <summary>The text without the one carriage return that may stand there, CR NUL.</summary>
    private static byte[] Replaced(this ReadOnlySpan<byte> text)
    {
        if (!text.Contains((byte)'\r'))
            return [];
        return Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(text).Replace("\r\0", "", StringComparison.Ordinal));
    }

    // Whatever a careless server could obey must have been recognised here, or refused.
    private static void CheckCommand(FtpLine line)
    {
        if (line.Fault != LineFault.None)
            return;
        var command = FtpCommand.Parse(line);
        if (ServerEyes.DangerIn(line.Bytes.Span) is { } danger)
            RuleBrokenException.Unless(command.Kind is VerbKind.Pasv or VerbKind.Epsv or VerbKind.Port or VerbKind.Eprt or VerbKind.Security or VerbKind.Protection
                or VerbKind.Untranslated or VerbKind.None or VerbKind.Foreign, $"some server reads {danger}, and it passes");
        var shown = command.ToString();
        RuleBrokenException.Unless(!shown.AsSpan().ContainsAnyInRange('\0', '\u001f') && shown.Length <= (Display.MaxBytes * 4) + 40, "a command can't be shown as it is");
        if (command.Name == "PASS" && !command.Argument.IsEmpty)
            RuleBrokenException.Unless(shown == "PASS ***", "a password is shown");
    }

    private static void CheckReplies(List<FtpLine> lines)
    {
        var (reader, eyes) = (new ReplyReader(), new ClientEyes());
        foreach (var line in lines)
        {
            if (line.Fault != LineFault.None)
                return;
            var placed = reader.Place(line);
            if (placed.Code == 0)
                return; // ends the session
            var ends = eyes.Read(placed.Line.Bytes.Span);
            RuleBrokenException.Unless(placed.Last == (ends != 0), "clients see the end of a reply where the relay doesn't");
            RuleBrokenException.Unless(ends == 0 || ends == placed.Code, "clients read another code");
        }
    }
}
