using Culvert.Ftp.Dialogue;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Tests.Ftp.Dialogue;

/// <summary>When the server of a download hears that nothing comes the other way.</summary>
public sealed class ConversationOurEndTests
{
    [Fact]
    [Proves(ProofTables.Attacks, Attack.Truncation)]
    public void AServerThatWaitsForOurEndIsTold()
    {
        var talk = new Talk();
        var path = 0;
        for (var i = 0; i < 3; i++)
            ToldAfterAMoment();
        for (var i = 0; i < 256; i++)
            ToldAtOnce();
        // One more look, and it is as it was.
        ToldAfterAMoment();
        ToldAtOnce();

        void ToldAfterAMoment()
        {
            talk.Standing(++path).Client("RETR x");
            Assert.Equal([$"arm {path} End", $"arm {path} Verdict"], talk.News(new PathEvent.FarEnded(path)));
            Assert.Equal([$"end far {path}"], talk.News(new PathEvent.TimerElapsed(path, TimerKind.End)));
            Assert.Equal([$"settle {path} InOrder", "C< 226 done"], talk.Server("226 done"));
        }

        void ToldAtOnce()
        {
            talk.Standing(++path).Client("RETR x");
            Assert.Equal([$"end far {path}", $"arm {path} Verdict"], talk.News(new PathEvent.FarEnded(path)));
            Assert.Empty(talk.News(new PathEvent.TimerElapsed(path, TimerKind.End)));
            Assert.Equal([$"settle {path} InOrder", "C< 226 done"], talk.Server("226 done"));
        }
    }

    [Theory]
    [InlineData("220 (vsFTPd 3.0.3)", true, "end far 1")]
    [InlineData("220 (vsFTPd 3.0.3)", false)] // alone, it would hold up what sshd sends next
    [InlineData("220 ProFTPD Server ready.", true)]
    public void AServerThatIsKnownNotToMindIsToldTogetherWithTheCommand(string greeting, bool stands, params string[] told)
    {
        var talk = new Talk(greet: false);
        talk.Server(greeting);
        talk.Client("EPSV");
        talk.Server("229 ok (|||5001|)");
        talk.News(new PathEvent.NearListening(1, new("127.0.0.1", 6001)), new PathEvent.NearOpen(1));
        if (stands)
            talk.News(new PathEvent.FarOpen(1));
        Assert.Equal(["S< RETR x", .. told], talk.Client("RETR x"));
        Assert.Empty(talk.News(new PathEvent.FarOpen(1)));
        var armed = told.Length > 0 ? (string[])["arm 1 Verdict"] : ["arm 1 End", "arm 1 Verdict"];
        Assert.Equal(armed, talk.News(new PathEvent.FarEnded(1)));
        Assert.Equal(["settle 1 InOrder", "C< 226 done"], talk.Server("226 done"));
    }

    [Theory]
    [InlineData("226 done", false, true)]
    [InlineData("550 no", false, false)]
    [InlineData("226 done", true, false)] // the client has ended its half, which the server heard
    public void AVerdictThatCameByItselfCountsForTheNext(string reply, bool clientEnded, bool counts)
    {
        var talk = new Talk();
        var path = 0;
        Silent();
        Silent();
        talk.Standing(++path).Client("RETR x");
        if (clientEnded)
            talk.News(new PathEvent.NearEnded(path));
        Assert.Equal([$"arm {path} End", $"arm {path} Verdict"], talk.News(new PathEvent.FarEnded(path)));
        talk.Server(reply);
        Silent();
        talk.Standing(++path).Client("RETR x");
        Assert.Equal(counts ? $"arm {path} End" : $"end far {path}", talk.News(new PathEvent.FarEnded(path))[0]);

        void Silent()
        {
            talk.Standing(++path).Client("RETR x");
            talk.News(new PathEvent.FarEnded(path), new PathEvent.TimerElapsed(path, TimerKind.End));
            talk.Server("226 done");
        }
    }
}
