using System.Net;
using Culvert.Ftp;
using Culvert.Ftp.Dialogue;
using Culvert.Ftp.Wire;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Ftp.Dialogue;

/// <summary>How sessions come to their end (shutdown, a client that is gone, silence), and rules of transfers that the other tests don't touch.</summary>
public sealed class ConversationEndTests
{
    private static readonly PathEvent.TimerElapsed FarewellIsOver = new(0, TimerKind.Farewell);

    [Fact]
    public void DuringAShutdownNothingNewBegins()
    {
        var talk = new Talk().Standing();
        talk.Client("RETR x");
        Assert.Equal(["arm 0 Grace"], talk.Shutdown());
        Assert.Equal(["S< STAT", "S< NOOP"], talk.Client("STAT", "NOOP"));
        Assert.Empty(talk.Client("CWD y"));
        talk.Server("213 half", "200 here");
        talk.News(new PathEvent.FarEnded(1));
        Assert.Contains("C< 226 done", talk.Server("226 done"));
        Assert.True(talk.IsClosed);
    }

    // ftp.md 2.5: nothing is said behind a 221. It would be the answer to a command that was said before the client heard of the end.
    [Fact]
    public void WhatAServerSaysBehindItsGoodbyeStaysHere()
    {
        var talk = new Talk();
        talk.Client("QUIT");
        Assert.Equal(["C< 221 bye"], talk.Server("221 bye"));
        Assert.Empty(talk.Server("220 hello again", "200-and", "200 more"));
        Assert.Equal(["close"], talk.ServerGone());
    }

    [Fact]
    public void DuringAShutdownACommandIsAnsweredInItsTurn()
    {
        var talk = new Talk().Standing();
        talk.Client("STOR x");
        talk.Client("EPSV");
        talk.Shutdown();
        talk.Client("RETR y");
        talk.News(new PathEvent.NearEnded(1));
        var decided = talk.Server("226 done");
        Assert.Equal("close", decided[^1]);
        Assert.DoesNotContain("S< RETR y", decided);
    }

    [Fact]
    public void WhatComesAfterTheEndIsIgnored()
    {
        var talk = new Talk();
        talk.ServerGone();
        Assert.Empty(talk.Client("NOOP"));
        Assert.Empty(talk.Server("200 ok"));
        Assert.Empty(talk.News(FarewellIsOver));
        Assert.Empty(talk.ClientGone());
        Assert.Empty(talk.ServerGone());
        Assert.Empty(talk.Shutdown());
    }

    [Fact]
    public void AHastyCommandWaitsForTheGreeting()
    {
        var talk = new Talk(greet: false);
        Assert.Empty(talk.Client("USER me"));
        Assert.Equal(["C< 220 hi", "S< USER me"], talk.Server("220 hi"));
    }

    [Fact]
    public void AHastyAborIsAnsweredHereBehindTheGreeting()
    {
        var talk = new Talk(greet: false);
        Assert.Empty(talk.Client("ABOR"));
        Assert.Equal(["C< 220 hi", "C< 226 Nothing is under way."], talk.Server("220 hi"));
    }

    [Theory]
    [InlineData("421 too many")]
    [InlineData("530 not you")]
    public void AServerThatRefusesTheSessionEndsIt(string greeting)
    {
        var talk = new Talk(greet: false);
        Assert.Equal([$"C< {greeting}", "close"], talk.Server(greeting));
    }

    [Fact]
    public void InRecordStructureTheEndOfTheConnectionIsNoEndOfAFile()
    {
        var talk = new Talk().Standing();
        talk.Client("STRU R");
        talk.Server("200 ok");
        talk.Client("RETR x");
        Assert.Equal(["end near 1"], talk.News(new PathEvent.FarEnded(1)));
        Assert.Equal(["C< 226 done"], talk.Server("226 done"));
    }

    [Fact]
    public void AlloTellsTheSizeOfTheNextUploadOnly()
    {
        var talk = new Talk().Standing();
        talk.Client("ALLO 1000");
        talk.Server("200 ok");
        talk.Client("STOR x");
        Assert.Equal("began 1 STOR x 1000", talk.Told[^1]);
        talk.News(new PathEvent.NearEnded(1));
        talk.Server("226 done");
        talk.Standing(2).Client("STOR y");
        Assert.Equal("began 2 STOR y", talk.Told[^1]);
    }

    [Fact]
    public void RepliesTooManyToTheRelaysOwnAborStayHere()
    {
        var talk = new Talk();
        talk.Client("EPSV");
        talk.Server("229 ok (|||5001|)");
        talk.News(new PathEvent.NearListening(1, new("127.0.0.1", 6001)));
        talk.Client("RETR x");
        talk.News(new PathEvent.NearFailed(1, new(FailureKind.Timeout, "nobody came")));
        Assert.Equal(["C< 425 Can't open data connection: nobody came."], talk.Server("426 cut"));
        Assert.Empty(talk.Server("226 aborted"));
        Assert.Empty(talk.Server("225 nothing to abort"));
    }

    [Theory]
    [InlineData("ftp.example", null, "127.0.0.1")]
    [InlineData("192.0.2.1", null, "127.0.0.1")]
    [InlineData("2001:db8::1", null, "::1")]
    [InlineData("ftp.example", "192.0.2.9", "192.0.2.9")]
    public void TheFarSideListensWhereTheServerCanReachIt(string destination, string? configured, string at)
    {
        var talk = new Talk(new FtpRelayOptions { Active = ActiveMode.Forward, ActiveAddress = configured is null ? null : IPAddress.Parse(configured) }, destination: destination);
        Assert.Equal([$"listen far 1 {at}"], talk.Client("PORT 127,0,0,1,8,1"));
    }

    [Fact]
    public void AnUploadWhoseClientIsGoneNeverBegins()
    {
        var talk = new Talk();
        talk.Client("EPSV");
        talk.Server("229 ok (|||5001|)");
        talk.News(new PathEvent.NearListening(1, new("127.0.0.1", 6001)));
        Assert.Equal(["arm 1 UploadHold"], talk.Client("STOR x"));
        talk.ClientGone();
        var decided = talk.News(new PathEvent.TimerElapsed(1, TimerKind.UploadHold));
        Assert.DoesNotContain("S< STOR x", decided);
        Assert.Contains("end server", decided);
    }

    [Fact]
    public void AnUploadWithoutAClientIsNoSuccess()
    {
        var talk = new Talk();
        talk.Client("EPSV");
        talk.Server("229 ok (|||5001|)");
        talk.News(new PathEvent.NearListening(1, new("127.0.0.1", 6001)));
        talk.Client("STOR x");
        talk.News(new PathEvent.TimerElapsed(1, TimerKind.UploadHold));
        Assert.Equal("C< 425 Can't open data connection: the client didn't connect.", talk.Server("226 empty")[^1]);
    }

    [Fact]
    public void AClientThatIsGoneIsAwaitedWhileItsDataFlows()
    {
        var talk = new Talk().Standing();
        talk.Client("STOR x");
        Assert.Contains("arm 0 Farewell", talk.ClientGone());
        Assert.Empty(talk.ClientGone());
        for (var i = 0; i < 30; i++)
            Assert.Equal(["arm 0 Farewell"], talk.News(FarewellIsOver));
        talk.News(new PathEvent.NearEnded(1));
        for (var i = 0; i < 10; i++)
            Assert.Equal(["arm 0 Farewell"], talk.News(FarewellIsOver));
        Assert.Equal(["settle 1 InOrder", "close"], talk.News(FarewellIsOver));
        Assert.Equal("finished 1 Unverified", talk.Told[^1]);
    }

    [Fact]
    public void SilenceIsNoIdlenessWhileTheServerOwesAReply()
    {
        var talk = new Talk(new FtpRelayOptions { IdleTimeout = TimeSpan.FromMinutes(1) });
        Assert.Equal(["arm 0 Idle", "S< SITE long"], talk.Client("SITE long"));
        Assert.Equal(["arm 0 Idle"], talk.News(new PathEvent.TimerElapsed(0, TimerKind.Idle)));
        talk.Server("200 done");
        Assert.Equal(["C< 421 Idle for 60 seconds.", "close"], talk.News(new PathEvent.TimerElapsed(0, TimerKind.Idle)));
    }

    [Theory]
    [InlineData(nameof(LineFault.TooLong))]
    [InlineData(nameof(LineFault.CarriageReturn))]
    public void AFaultyReplyEndsTheSession(string fault)
    {
        var decided = new Talk().ServerFault(Enum.Parse<LineFault>(fault));
        Assert.StartsWith("C< 421", decided[0], StringComparison.Ordinal);
        Assert.Equal("close", decided[^1]);
    }

    [Fact]
    public void APortOfAUserWhoIsNotLoggedInGetsTheServersWords()
    {
        var talk = new Talk();
        talk.Client("PORT 127,0,0,1,8,1");
        Assert.Equal(["C< 530 log in first"], talk.Server("530 log in first"));
    }
}
