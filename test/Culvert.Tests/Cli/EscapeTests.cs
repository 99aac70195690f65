using System.Text;
using CsCheck;
using Culvert.Cli.Sessions;
using Culvert.Cli.Terminal;
using Xunit;

namespace Culvert.Tests.Cli;

/// <summary>What is typed in a session, and what of it the session never sees.</summary>
public sealed class EscapeTests
{
    [Theory]
    [InlineData("ls", "ls")]
    [InlineData("~.", "[Disconnect]")]
    [InlineData("x~.", "x~.")]
    [InlineData("x\r~.", "x\r[Disconnect]")]
    [InlineData("x\n~#y", "x\n[ListForwards]y")]
    [InlineData("~~.", "~.")]
    [InlineData("\r~~~.", "\r~~.")]
    [InlineData("~x.", "~x.")]
    [InlineData("~\r~.", "~\r[Disconnect]")]
    [InlineData("~?~s~.", "[Help][Statistics][Disconnect]")]
    [InlineData("~r\r~R", "[Rekey]\r[Rekey]")]
    [InlineData("~c~u\r~U", "[Channels][UploadKey]\r[UploadKey]")]
    [InlineData("~V~\u001a", "[Version][Suspend]")]
    [InlineData("~-\r~.\r~.", "[Disabled]\r~.\r~.")]
    [InlineData("a\rb~\r~", "a\rb~\r")]
    public void Escapes_stand_after_a_newline(string typed, string expected)
    {
        Assert.Equal(expected, Read('~', [typed]));
        // Key by key it's the same.
        Assert.Equal(expected, Read('~', [.. typed.Select(c => c.ToString())]));
    }

    [Fact]
    public void Another_character_is_another_character() => Assert.Equal("~.\r[Disconnect]", Read('%', ["~.\r%."]));

    [Fact]
    public void What_is_no_escape_comes_through_unchanged_however_it_is_cut() =>
        Gen.Select(Gen.Char["ab~\r\n."].Array[0, 40], Gen.Int[1, 5].Array[1, 40]).Sample((typed, cuts) =>
        {
            var text = new string(typed);
            var pieces = new List<string>();
            for (int at = 0, i = 0; at < text.Length; i++)
            {
                var length = Math.Min(cuts[i % cuts.Length], text.Length - at);
                pieces.Add(text.Substring(at, length));
                at += length;
            }
            Assert.Equal(Read('~', [text]), Read('~', pieces));
        });

    [Fact]
    public void Lines_of_ours_end_with_a_return_only_in_raw_mode()
    {
        var raw = false;
        var written = new MemoryStream();
        using var stream = new CarriageReturns(written, () => raw);
        stream.Write("a\nb\n"u8);
        raw = true;
        stream.Write("c\nd\n"u8);
        Assert.Equal("a\nb\nc\r\nd\r\n", Encoding.ASCII.GetString(written.ToArray()));
    }

    private static string Read(char escape, IReadOnlyList<string> pieces)
    {
        var reader = new EscapeReader(escape);
        var said = new StringBuilder();
        foreach (var step in pieces.SelectMany(piece => reader.Read(Encoding.ASCII.GetBytes(piece))))
        {
            said.Append(Encoding.ASCII.GetString(step.Bytes.Span));
            if (step.Action != EscapeAction.None)
                said.Append('[').Append(step.Action).Append(']');
        }
        return said.ToString();
    }
}
