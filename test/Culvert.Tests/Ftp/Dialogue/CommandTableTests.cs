using Culvert.Ftp.Dialogue;
using Culvert.Ftp.Wire;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Tests.Ftp.Dialogue;

/// <summary>Every row of the command table does what its policy says, and a file can be fetched after it.</summary>
public sealed class CommandTableTests
{
    public static TheoryData<string> Verbs => [.. CommandRow.All.Select(row => row.Verb)];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void AVerbIsTreatedAsItsPolicySays(string verb)
    {
        var row = CommandRow.All.Single(row => row.Verb == verb);
        var talk = new Talk();
        var line = Sample(verb);
        var decided = talk.Client(line);
        switch (row.Policy)
        {
            case "refuse" or "answer":
                Assert.StartsWith(row.Policy == "answer" ? "C< 200 " : $"C< {row.Does[..3]}", Assert.Single(decided), StringComparison.Ordinal);
                break;
            case "rewrite":
                Assert.Equal([$"S< {line switch { "FEAT" or "HOST x" => line, "PASV" => "PASV", _ => "EPSV" }}"], decided);
                talk = new Talk(); // what becomes of their replies is asked elsewhere, and below
                break;
            default:
                Assert.Equal([$"S< {line}"], decided);
                var reply = Reply(verb);
                Assert.Contains($"C< {reply}", talk.Server(reply));
                if (verb == "QUIT")
                    talk = new Talk();
                break;
        }
        Fetch(talk);
        ProofLog.Add(ProofTables.Commands, verb, "Policy", row.Policy);
        ProofLog.Add(ProofTables.Commands, verb, "What the relay does", row.Does);
        ProofLog.Add(ProofTables.Commands, verb, ProofTables.Test, $"{nameof(CommandTableTests)}.{nameof(AVerbIsTreatedAsItsPolicySays)}");
    }

    [Fact]
    public void EachVerbStandsInOneRow() => Assert.Equal(FtpVerbs.All.Select(row => row.Verb).Distinct(), FtpVerbs.All.Select(row => row.Verb));

    private static void Fetch(Talk talk)
    {
        var line = talk.Standing().Client("RETR file");
        Assert.Equal(["S< RETR file"], line);
        talk.Server("150 go");
        talk.News(new PathEvent.FarEnded(1));
        Assert.Equal(["settle 1 InOrder", "C< 226 done"], talk.Server("226 done"));
        Assert.Contains("finished 1 Complete 226 done", talk.Told);
    }

    private static string Sample(string verb) => verb switch
    {
        "(unknown)" => "XYZZY a",
        "(no verb)" => "\x01",
        "STAT path" => "STAT /",
        "EPSV ALL" => verb,
        "PORT" => "PORT 127,0,0,1,8,1",
        "EPRT" => "EPRT |1|127.0.0.1|2049|",
        "PASV" or "EPSV" or "FEAT" or "ABOR" or "STAT" or "NOOP" or "QUIT" or "REIN" or "CDUP" or "XCUP" or "PWD" or "XPWD" or "SYST" => verb,
        "MODE" => "MODE S",
        _ => verb + " x",
    };

    private static string Reply(string verb) => verb switch
    {
        "ABOR" => "226 none",
        "REIN" => "220 new",
        "QUIT" => "221 bye",
        "RETR" or "LIST" or "NLST" or "MLSD" or "STOR" or "STOU" or "APPE" => "550 no",
        _ => "200 ok",
    };
}
