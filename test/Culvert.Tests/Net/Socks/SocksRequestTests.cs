using System.Text;
using CsCheck;
using Culvert.Net;
using Culvert.Net.Socks;
using Xunit;

namespace Culvert.Tests.Net.Socks;

public sealed class SocksRequestTests
{
    // Text stands between quotes, everything else is hexadecimal.
    internal static byte[] Bytes(string form)
    {
        var bytes = new List<byte>();
        foreach (var word in form.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            bytes.AddRange(word[0] == '\'' ? Encoding.Latin1.GetBytes(word.Trim('\'')) : Convert.FromHexString(word));
        return [.. bytes];
    }

    // Feeds as much as each step asks for, and says what became of it, what was said, and how much was left.
    private static (SocksStep Last, string Said, int Left) Feed(byte[] all)
    {
        var said = new StringBuilder();
        for (var at = 0; ;)
        {
            var step = SocksRequest.Next(all.AsSpan(0, at));
            if (step is not SocksStep.More more)
                return (step, said.ToString(), all.Length - at);
            Assert.True(more.Count > 0);
            said.Append(Convert.ToHexString(more.First.Span));
            if (at + more.Count > all.Length)
                return (step, said.ToString(), all.Length - at);
            at += more.Count;
            Assert.True(at <= SocksRequest.LongestRequest, "more is asked for than a request can have");
        }
    }

    [Theory]
    [InlineData("04 01 0015 7f000001 'me' 00", "", "127.0.0.1", 21, 4)]
    [InlineData("04 01 1234 c0000201 00", "", "192.0.2.1", 0x1234, 4)]
    [InlineData("04 01 0050 00000001 'me' 00 'ftp.example.org' 00", "", "ftp.example.org", 80, 4)]
    [InlineData("04 01 0050 00000000 00", "", "0.0.0.0", 80, 4)]
    [InlineData("05 01 00 05 01 00 01 7f000001 0015", "0500", "127.0.0.1", 21, 5)]
    [InlineData("05 02 02 00 05 01 00 03 09 'localhost' 0015", "0500", "localhost", 21, 5)]
    [InlineData("05 01 00 05 01 00 04 20010db8000000000000000000000001 0015", "0500", "2001:db8::1", 21, 5)]
    [InlineData("05 01 00 05 01 00 04 00000000000000000000ffff7f000001 0015", "0500", "127.0.0.1", 21, 5)]
    [InlineData("05 01 00 05 01 00 03 03 '::1' ffff", "0500", "::1", 65535, 5)]
    public void A_request_is_read_and_nothing_behind_it(string form, string said, string host, int port, int version)
    {
        var all = Bytes(form + " 'data'");
        var (step, answer, left) = Feed(all);
        Assert.Equal(new SocksStep.Connect(new Endpoint(host, port), version), step);
        Assert.Equal(said, answer);
        Assert.Equal(4, left);
    }

    [Theory]
    [InlineData("04 02 0015 7f000001 00", "005B000000000000")]
    [InlineData("04 01 0000 7f000001 00", "005B000000000000")]
    [InlineData("04 01 0015 00000001 00 00", "005B000000000000")]
    [InlineData("04 01 0015 00000001 00 'a' 20 'b' 00", "005B000000000000")]
    [InlineData("05 00", "05FF")]
    [InlineData("05 02 01 02", "05FF")]
    [InlineData("05 01 00 05 02 00 01 7f000001 0015", "05070001000000000000")]
    [InlineData("05 01 00 05 03 00 01 7f000001 0015", "05070001000000000000")]
    [InlineData("05 01 00 05 09 00 03 01 'a' 0015", "05070001000000000000")]
    [InlineData("05 01 00 05 01 00 02 7f000001 0015", "05080001000000000000")]
    [InlineData("05 01 00 05 01 00 03 00 0015", "05010001000000000000")]
    [InlineData("05 01 00 05 01 00 03 05 'a' 0a 'b' 1b 'c' 0015", "05010001000000000000")]
    [InlineData("05 01 00 05 01 00 03 04 '-oPx' 0015", "05010001000000000000")]
    [InlineData("05 01 00 05 01 00 01 7f000001 0000", "05010001000000000000")]
    [InlineData("05 01 00 04 01 00 01 7f000001 0015", "")]
    [InlineData("'GET'", "")]
    [InlineData("16 03 01", "")]
    [InlineData("00", "")]
    public void What_cannot_be_served_is_refused_with_the_code_that_says_why(string form, string answer)
    {
        var refused = Assert.IsType<SocksStep.Refuse>(Feed(Bytes(form)).Last);
        Assert.Equal(answer, Convert.ToHexString(refused.Answer.Span));
        Assert.NotEqual("", refused.Reason);
    }

    [Theory]
    [InlineData("04 01 0015 7f000001", 256)]
    [InlineData("04 01 0015 00000001 00", 256)]
    public void A_text_without_end_is_given_up(string head, int length)
    {
        byte[] all = [.. Bytes(head), .. Enumerable.Repeat((byte)'a', 2000)];
        var (step, _, left) = Feed(all);
        Assert.IsType<SocksStep.Refuse>(step);
        Assert.Equal(Bytes(head).Length + length, all.Length - left);
    }

    [Fact]
    public void Whatever_comes_the_end_is_reached_within_the_longest_request_and_no_host_holds_what_a_terminal_obeys() =>
        Gen.Select(Gen.OneOf(Gen.Const((byte)4), Gen.Const((byte)5), Gen.Byte), Gen.Byte.Array[0, 700]).Sample((first, rest) =>
        {
            byte[] all = [first, .. rest];
            if (Feed(all).Last is SocksStep.Connect(var to, _))
            {
                Assert.InRange(to.Port, 1, 65535);
                Assert.DoesNotContain(to.Host, c => char.IsControl(c) || char.IsWhiteSpace(c) || c > '~');
            }
        });

    [Theory]
    [InlineData(FailureKind.Prohibited, "x", 2)]
    [InlineData(FailureKind.Refused, "x", 5)]
    [InlineData(FailureKind.Unreachable, "No route to host", 4)]
    [InlineData(FailureKind.Unreachable, "open failed: connect failed: Network is unreachable", 3)]
    [InlineData(FailureKind.UnknownName, "x", 4)]
    [InlineData(FailureKind.Timeout, "x", 4)]
    [InlineData(FailureKind.NetworkLost, "x", 3)]
    [InlineData(FailureKind.Shortage, "x", 1)]
    public void A_failure_becomes_the_reply_that_says_it(FailureKind kind, string text, byte code)
    {
        var outcome = new DialOutcome(null, new Failure(kind, text));
        Assert.Equal(code, SocksReply.Of(5, outcome)[1]);
        Assert.Equal(91, SocksReply.Of(4, outcome)[1]);
    }
}
