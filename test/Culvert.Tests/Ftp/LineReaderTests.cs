using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Culvert.Ftp.Wire;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Tests.Ftp;

public sealed class LineReaderTests
{
    private static List<FtpLine> Read(byte[] bytes, bool client = true, int step = int.MaxValue)
    {
        var reader = new LineReader(client ? Speaker.Client : Speaker.Server);
        var lines = new List<FtpLine>();
        ReadOnlySpan<byte> rest = bytes;
        while (!rest.IsEmpty)
        {
            while (reader.TryRead(out var line))
                lines.Add(line.Kept());
            Assert.False(reader.Room.IsEmpty, "nothing more can be read");
            var count = Math.Min(Math.Min(step, rest.Length), reader.Room.Length);
            rest[..count].CopyTo(reader.Room.Span);
            reader.Fill(count);
            rest = rest[count..];
        }
        while (reader.TryRead(out var line))
            lines.Add(line.Kept());
        return lines;
    }

    private static string[] Texts(IEnumerable<FtpLine> lines) =>
        [.. lines.Select(l => l.Fault == LineFault.None ? Encoding.Latin1.GetString(l.Bytes.Span) : l.Fault.ToString())];

    [Theory]
    [InlineData("USER a\r\nPASS b\r\n", new[] { "USER a", "PASS b" })] // CRLF
    [InlineData("USER a\nPASS b\n", new[] { "USER a", "PASS b" })] // bare LF
    [InlineData("USER a\r\r\n", new[] { "USER a" })] // line ends translated twice
    [InlineData("\r\n", new[] { "" })]
    [InlineData("NOOP\r\nQUI", new[] { "NOOP" })] // what has no line feed is no line
    [InlineData("RETR a\rb\r\n", new[] { "CarriageReturn" })]
    [InlineData("RETR a\0b\r\n", new[] { "Nul" })]
    [InlineData("PASV\0\r\nNOOP\r\n", new[] { "Nul", "NOOP" })]
    [InlineData("STOR \u00e9\u00ff\u0080\r\n", new[] { "STOR \u00e9\u00ff\u0080" })] // eight bits pass
    [InlineData("\u00ff\u00f4\u00ff\u00f2ABOR\r\n", new[] { "ABOR" })] // IAC IP IAC DM
    [InlineData("\u00ff\u00f4\u00ffABOR\r\n", new[] { "ABOR" })] // the data mark was urgent, and lost
    [InlineData("\u00f2ABOR\r\n", new[] { "ABOR" })]
    [InlineData("\u00ff\u00fb\u0001STAT\r\n", new[] { "STAT" })] // IAC WILL ECHO
    [InlineData("\u00ff\u00f1PASV\r\n", new[] { "PASV" })]
    [InlineData("\u00ff\u00ffPASV\r\n", new[] { "\u00ff\u00ffPASV" })] // an escaped data byte: no verb, refused later
    [Proves(ProofTables.Attacks, Attack.Segments)]
    [Proves(ProofTables.Attacks, Attack.Injection)]
    public void Commands(string sent, string[] lines)
    {
        var bytes = Encoding.Latin1.GetBytes(sent);
        Assert.Equal(lines, Texts(Read(bytes)));
        Assert.Equal(lines, Texts(Read(bytes, step: 1)));
        Assert.Equal(lines, Texts(Read(bytes, step: 3)));
    }

    [Theory]
    [InlineData("220 hi\r\n", new[] { "220 hi" })]
    [InlineData("257 \"a\r\0b\"\r\n", new[] { "257 \"a\r\0b\"" })] // RFC 959's way to say a carriage return in a path
    [InlineData("257 \"a\r227 x\"\r\n", new[] { "CarriageReturn" })]
    [InlineData("\u00ff\u00f4x\r\n", new[] { "\u00ff\u00f4x" })] // Telnet codes are looked for in commands only
    [Proves(ProofTables.Attacks, Attack.Segments)]
    public void Replies(string sent, string[] lines) => Assert.Equal(lines, Texts(Read(Encoding.Latin1.GetBytes(sent), client: false, step: 1)));

    [Theory]
    [InlineData(LineReader.CommandLimit, true)]
    [InlineData(LineReader.CommandLimit + 1, false)]
    [InlineData(100_000, false)]
    [Proves(ProofTables.Attacks, Attack.Floods)]
    public void AnOverlongLineIsOneFaultAndTheNextLineIsRead(int length, bool fits)
    {
        var bytes = Encoding.ASCII.GetBytes(new string('x', length) + "\r\nNOOP\r\n");
        foreach (var step in new[] { 1, 4096, int.MaxValue })
        {
            var lines = Read(bytes, step: step);
            Assert.Equal(2, lines.Count);
            Assert.Equal(fits ? LineFault.None : LineFault.TooLong, lines[0].Fault);
            Assert.Equal("NOOP", Texts(lines)[1]);
        }
    }

    // A line that doesn't fit into what a waiting reader holds goes on in a borrowed buffer, wherever it was cut.
    [Theory]
    [InlineData(LineReader.SmallBuffer - 3)]
    [InlineData(LineReader.SmallBuffer - 2)] // fills it with its line end
    [InlineData(LineReader.SmallBuffer - 1)]
    [InlineData(LineReader.SmallBuffer)]
    [InlineData((2 * LineReader.SmallBuffer) + 1)]
    public void ALineIsTheSameInWhateverPiecesItComes(int length)
    {
        var line = string.Concat(Enumerable.Range(0, length).Select(i => (char)('a' + (i % 26))));
        var bytes = Encoding.ASCII.GetBytes($"NOOP\r\n{line}\r\n{line}\r\nNOOP\r\n");
        foreach (var step in new[] { 1, 7, LineReader.SmallBuffer - 6, LineReader.SmallBuffer, LineReader.SmallBuffer + 1, int.MaxValue })
            Assert.Equal(["NOOP", line, line, "NOOP"], Texts(Read(bytes, step: step)));
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.Logs)]
    public void ALineIsLentUntilTheNextOneIsAskedForAndThenWiped()
    {
        var reader = new LineReader(Speaker.Client);
        var bytes = "PASS secret\r\nNOOP\r\n"u8;
        bytes.CopyTo(reader.Room.Span);
        reader.Fill(bytes.Length);
        Assert.True(reader.TryRead(out var password));
        var kept = password.Kept();
        Assert.True(reader.TryRead(out var noop));
        Assert.Equal("NOOP"u8.ToArray(), noop.Bytes.ToArray());
        Assert.Equal(new byte["PASS secret".Length], password.Bytes.ToArray());
        Assert.Equal("PASS secret"u8.ToArray(), kept.Bytes.ToArray());
        Assert.False(reader.TryRead(out _));
        Assert.Equal(new byte[4], noop.Bytes.ToArray());
    }

    // Half a password that outgrows the small buffer goes on in a borrowed one, and leaves nothing behind; nor does one that moves to the front.
    [Theory]
    [InlineData("PASS ", true)]
    [InlineData("NOOP\r\nPASS ", false)]
    [Proves(ProofTables.Attacks, Attack.Logs)]
    public void WhatMovesLeavesNothingBehind(string before, bool fills)
    {
        var reader = new LineReader(Speaker.Client);
        var bytes = Encoding.ASCII.GetBytes(before + new string('s', fills ? LineReader.SmallBuffer - before.Length : 100));
        bytes.CopyTo(reader.Room.Span);
        Assert.True(MemoryMarshal.TryGetArray<byte>(reader.Room, out var small));
        reader.Fill(bytes.Length);
        while (reader.TryRead(out _)) { }
        Assert.False(reader.Room.IsEmpty);
        Assert.Equal(fills ? 0 : 100, small.Array!.AsSpan().Count((byte)'s'));
    }

    [Fact]
    public void ALineAllocatesNothing()
    {
        var bytes = "150 Opening BINARY mode data connection for file (1024 bytes).\r\n226 Transfer complete.\r\n"u8.ToArray();
        var reader = new LineReader(Speaker.Server);
        var lines = Read();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            lines += Read();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(2002, lines);

        int Read()
        {
            bytes.CopyTo(reader.Room);
            reader.Fill(bytes.Length);
            var count = 0;
            while (reader.TryRead(out _))
                count++;
            return count;
        }
    }

    // Two readers are what a session costs while nothing is said in it: a thousand of them wait for a few that speak.
    [Fact]
    public void AReaderThatWaitsHoldsLittle()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var reader = new LineReader(Speaker.Server);
        var first = reader.Room.Length;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, LineReader.SmallBuffer, 2 * LineReader.SmallBuffer);
        Assert.Equal(LineReader.SmallBuffer, first);
        foreach (var said in new[] { LineReader.SmallBuffer / 2, LineReader.SmallBuffer, 5000, 40_000 })
        {
            ReadOnlySpan<byte> rest = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("211-a line of many\r\n", said / 20)));
            var largest = 0;
            while (!rest.IsEmpty)
            {
                var room = reader.Room.Span;
                largest = Math.Max(largest, room.Length);
                var count = Math.Min(rest.Length, room.Length);
                rest[..count].CopyTo(room);
                reader.Fill(count);
                rest = rest[count..];
                while (reader.TryRead(out _)) { }
            }
            Assert.Equal(LineReader.SmallBuffer, reader.Room.Length);
            Assert.Equal(said > LineReader.SmallBuffer, largest > LineReader.SmallBuffer); // much that comes at once is not read in small pieces
        }
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.Logs)]
    public void ABorrowedBufferIsGivenBackEmpty()
    {
        var reader = new LineReader(Speaker.Client);
        var bytes = Encoding.ASCII.GetBytes("PASS " + new string('s', 2000));
        for (var at = 0; at < bytes.Length;)
        {
            var count = Math.Min(bytes.Length - at, reader.Room.Length);
            bytes.AsSpan(at, count).CopyTo(reader.Room.Span);
            reader.Fill(count);
            at += count;
            Assert.False(reader.TryRead(out _));
        }
        var borrowed = reader.Room; // the pool's, with a password before it
        reader.Release();
        Assert.Equal(LineReader.SmallBuffer, reader.Room.Length);
        Assert.True(MemoryMarshal.TryGetArray<byte>(borrowed, out var buffer));
        Assert.DoesNotContain((byte)'s', buffer.Array!);
    }

    [Fact]
    public void TlsIsSeenWithoutALineFeed()
    {
        Assert.Equal(["ClientHello"], Texts(Read([0x16, 0x03], step: 1)));
        Assert.Equal(["ClientHello"], Texts(Read([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])));
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.Injection)]
    public void ALineLeavesWithCarriageReturnAndLineFeed()
    {
        var outbox = new ArrayBufferWriter<byte>();
        FtpLine.Of("NOOP").WriteTo(outbox);
        Assert.Equal("NOOP\r\n"u8.ToArray(), outbox.WrittenSpan.ToArray());
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.Logs)]
    public void WhatIsShownIsEscaped() =>
        Assert.Equal(@"é\x1B[0m\x5Cx\xFF\xE2\x80\xAE", Display.Escape([.. "é\e[0m\\x"u8, 0xFF, .. "\u202e"u8]));

    [Theory]
    [InlineData("PASS secret", "PASS ***")]
    [InlineData("  pass\tsecret", "PASS ***")]
    [InlineData("ACCT secret", "ACCT ***")]
    [InlineData("ADAT secret", "ADAT ***")]
    [InlineData("PSAS secret", "PSAS ***")] // mistyped
    [InlineData("USER\u00a0bob secret", "(no verb)")]
    [InlineData("USER bob", "USER bob")]
    [Proves(ProofTables.Attacks, Attack.Logs)]
    public void SecretsAreNotShown(string line, string shown) =>
        Assert.Equal(shown, FtpCommand.Parse(new(Encoding.Latin1.GetBytes(line))).ToString());
}
