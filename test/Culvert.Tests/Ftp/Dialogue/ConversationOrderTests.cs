using CsCheck;
using Culvert.Ftp.Dialogue;
using Xunit;

namespace Culvert.Tests.Ftp.Dialogue;

/// <summary>Whatever a client pipelines, it reads one final reply a command, each its own, in its order.</summary>
public sealed class ConversationOrderTests
{
    // Command, what an orderly server says to what it gets for it, and the code that the client must read.
    private static readonly (string Command, string Reply, string Code)[] Known =
    [
        ("PWD", "257 /", "257"),
        ("TYPE I", "200 binary", "200"),
        ("NOOP", "200 noop", "200"),
        ("STAT", "211 idle", "211"),
        ("XXXX", "250 unknown", "250"),
        ("CWD nowhere", "550 no", "550"),
        ("AUTH TLS", "", "534"),
        ("LPSV", "", "502"),
        ("PORT 1,2,3", "", "501"),
        ("EPSV", "229 ok (|||5001|)", "229"),
        ("PASV", "227 ok (1,2,3,4,19,137)", "227"),
        ("EPSV ALL", "", "200"),
        ("RETR x", "425 no connection", "425"),
        ("NLST", "550 nothing", "550"),
        ("FEAT", "211 none", "211"),
        ("HELP", "214 none", "214"),
    ];

    [Fact]
    public void EveryPairKeepsItsOrder()
    {
        foreach (var first in Known)
        {
            foreach (var second in Known)
                Run([first, second], step => step % 2 == 0);
        }
    }

    [Fact]
    public void EveryPipelineKeepsItsOrder() =>
        Gen.Select(Gen.Int[0, Known.Length - 1].Array[1, 12], Gen.Bool.Array[40]).Sample((picks, turns) =>
            Run([.. picks.Select(i => Known[i])], step => turns[step % turns.Length]));

    private static void Run((string Command, string Reply, string Code)[] commands, Func<int, bool> clientsTurn)
    {
        var talk = new Talk();
        talk.Client("USER bob");
        talk.Server("230 in");
        var pending = new Queue<string>();
        var heard = new List<string>();
        var unsaid = new Queue<(string Command, string Reply, string Code)>(commands);
        for (var step = 0; heard.Count < commands.Length; step++)
        {
            Assert.True(step < 1000, $"stuck after {string.Join(", ", heard)} of {string.Join(", ", commands.Select(c => c.Command))}");
            if (unsaid.Count > 0 && (clientsTurn(step) || pending.Count == 0))
                Note(talk.Client(unsaid.Dequeue().Command));
            else if (pending.TryDequeue(out var reply))
                Note(talk.Server(reply));
        }
        // After EPSV ALL, PASV is refused here.
        var all = false;
        var expected = commands.Select(c =>
        {
            var code = all && (c.Command is "PASV" or "PORT 1,2,3") ? "503" : c.Code;
            all |= c.Command == "EPSV ALL";
            return code;
        });
        Assert.Equal(expected, heard);
        Assert.False(talk.IsClosed);

        void Note(string[] decided)
        {
            foreach (var one in decided)
            {
                if (one.StartsWith("C< ", StringComparison.Ordinal))
                    heard.Add(one[3..6]);
                else if (one.StartsWith("S< ", StringComparison.Ordinal))
                    pending.Enqueue(Known.First(k => k.Command == one[3..]).Reply);
                else if (one.StartsWith("listen near ", StringComparison.Ordinal))
                    Note(talk.News(new PathEvent.NearListening(int.Parse(one[12..]), new("127.0.0.1", 6000))));
            }
        }
    }
}
