using Culvert.Ftp;
using Culvert.Ftp.Dialogue;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Ftp.Dialogue;

/// <summary>Commands that come before the replies to earlier ones, and what ABOR, REIN and failures among them do. Fuzzing found each of these.</summary>
public sealed class ConversationPipelineTests
{
    private static readonly Failure Refused = new(FailureKind.Refused, "refused");
    private static readonly PathEvent.NearListening Listens = new(1, new("127.0.0.1", 6001));
    private static readonly PathEvent.FarListening FarListens = new(1, new("127.0.0.1", 40001));

    private static Talk Forwarding() => new(new FtpRelayOptions { Active = ActiveMode.Forward });

    [Fact]
    public void AbortingATransferWhoseListenerIsStillOpeningHoldsUpNothing()
    {
        var talk = new Talk();
        talk.Client("EPSV", "STOR x");
        talk.Server("229 ok (|||5001|)");
        Assert.DoesNotContain("settle 1 Cut", talk.Client("ABOR"));
        Assert.Equal(["C< 229 Entering Extended Passive Mode (|||6001|)", "C< 426 Aborted before it began."], talk.News(Listens));
        Assert.False(talk.Holds);
    }

    [Fact]
    public void AReplyTooManyToAnAborDoesNotAnswerTheNextAbor()
    {
        var talk = new Talk();
        Assert.Equal(["S< ABOR", "S< NOOP", "S< ABOR"], talk.Client("ABOR", "ABOR"));
        talk.Client("EPSV");
        Assert.Equal(["C< 226 first", "C< 225 too many"], talk.Server("226 first", "225 too many"));
        Assert.Empty(talk.Server("200 noop"));
        Assert.Equal(["C< 502 second"], talk.Server("502 second"));
        Assert.Empty(talk.Server("200 noop"));
        Assert.Contains("listen near 1", talk.Server("229 ok (|||5001|)"));
    }

    [Fact]
    public void AFailureOfTheFarListenerIsAnsweredInItsTurn()
    {
        var talk = Forwarding();
        Assert.Equal(["S< PWD", "listen far 1 127.0.0.1"], talk.Client("PWD", "PORT 127,0,0,1,8,1"));
        Assert.Equal(["settle 1 Cut"], talk.News(new PathEvent.FarFailed(1, Refused)));
        Assert.Equal(["C< 257 /", "C< 425 Can't open data connection: refused."], talk.Server("257 /"));
    }

    [Fact]
    public void AFarListenerThatFailsWhileTheServerIsToldOfItHoldsUpNothing()
    {
        var talk = new Talk(new FtpRelayOptions { Active = ActiveMode.Auto });
        talk.Client("EPSV");
        talk.Server("502 no");
        talk.Server("502 no");
        talk.Client("LIST");
        talk.News(FarListens);
        Assert.Equal(["S< ABOR", "settle 1 Cut"], talk.News(new PathEvent.FarFailed(1, Refused)));
        Assert.Equal(["C< 425 Can't open data connection: refused."], talk.Server("200 told"));
        Assert.False(talk.Holds);
    }

    [Fact]
    public void WhereAFarListenerWasMadeNothingElseIsAsked()
    {
        var talk = new Talk(new FtpRelayOptions { Active = ActiveMode.Auto });
        talk.Client("EPSV");
        talk.Server("502 no");
        talk.Server("502 no");
        talk.News(new PathEvent.FarFailed(1, Refused));
        Assert.Equal(["listen far 2 127.0.0.1"], talk.Client("EPSV"));
        Assert.Equal(["S< PORT 127,0,0,1,156,66"], talk.News(new PathEvent.FarListening(2, new("127.0.0.1", 40002))));
        Assert.Equal(["settle 2 Cut", "C< 500 no"], talk.Server("500 no"));
    }

    [Fact]
    public void ASetupIsNotAskedAgainWhenAnAborIsOnItsWay()
    {
        var talk = new Talk();
        talk.Client("EPSV", "RETR x", "ABOR");
        Assert.Equal(["C< 500 no", "C< 426 Aborted before it began."], talk.Server("500 no").Where(line => line[0] == 'C'));
    }

    [Fact]
    public void ATransferAfterAnAbortedOneDoesNotWaitForItsSockets()
    {
        var talk = new Talk();
        talk.Client("PORT 127,0,0,1,8,1");
        talk.Server("229 ok (|||5001|)");
        Assert.Equal(["dial near 1 127.0.0.1:2049"], talk.Client("STOR x", "RETR y"));
        talk.Client("ABOR");
        talk.Server("225 nothing");
        Assert.Contains("C< 425 Can't open data connection: it ended with the transfer before.", talk.Server("200 noop"));
    }

    [Fact]
    public void AbortingATransferThatWaitsDoesNotTouchThePathOfTheOneThatRuns()
    {
        var talk = new Talk().Standing();
        talk.Client("STOR x", "RETR y");
        Assert.DoesNotContain("settle 1 Cut", talk.Client("ABOR"));
        Assert.Equal(["began 1 STOR x"], talk.Told.Where(told => told.StartsWith("began", StringComparison.Ordinal)));
        talk.Server("426 cut");
        Assert.Single(talk.Told, told => told.StartsWith("finished", StringComparison.Ordinal));
    }

    [Fact]
    public void AfterReinATransferFindsNoPath()
    {
        var talk = new Talk();
        talk.Client("EPSV");
        talk.Server("229 ok (|||5001|)");
        talk.News(Listens);
        talk.Client("REIN");
        Assert.Contains("settle 1 Cut", talk.Server("220 again"));
        Assert.Equal(["S< STOR x"], talk.Client("STOR x"));
    }

    [Fact]
    public void ARestBehindAReinIsNotForgotten()
    {
        var talk = new Talk();
        talk.Client("REIN", "REST 5", "EPSV", "STOR x");
        talk.Server("220 again", "350 rest", "229 ok (|||5001|)");
        talk.News(Listens);
        Assert.Contains("S< REST 0", talk.News(new PathEvent.NearFailed(1, Refused)));
    }

    [Fact]
    public void InBlockModeTransfersOnOneConnectionFollowEachOther()
    {
        var talk = new Talk().Standing();
        talk.Client("MODE B");
        talk.Server("200 ok");
        Assert.Equal(["S< RETR a"], talk.Client("RETR a", "RETR b"));
        Assert.Contains("S< RETR b", talk.Server("226 done"));
    }

    [Fact]
    public void InBlockModeAConnectionThatWasCutCarriesNoOtherTransfer()
    {
        var talk = new Talk();
        talk.Client("MODE B");
        talk.Server("200 ok");
        talk.Client("EPSV");
        talk.Server("229 ok (|||5001|)");
        talk.News(Listens);
        talk.Client("RETR a");
        Assert.Contains("settle 1 Cut", talk.Server("550 none"));
        Assert.Equal(["S< STOR b"], talk.Client("STOR b"));
    }

    [Fact]
    public void A229BeforeTheEndOfATransferThatRunsAnswersNoSetupBehindIt()
    {
        var talk = new Talk().Standing();
        talk.Client("RETR x", "EPSV");
        talk.Server("150 go");
        Assert.Equal("close", talk.Server("229 ok (|||5002|)")[^1]);
    }

    [Fact]
    public void A227IsNoAnswerToAPort()
    {
        var talk = Forwarding();
        talk.Client("PORT 127,0,0,1,8,1");
        talk.News(FarListens);
        Assert.Equal("close", talk.Server("227 ok (127,0,0,1,19,137)")[^1]);
    }

    [Fact]
    public void A421IsHeardEvenWhereTheRelayAwaitsAReplyOfItsOwn()
    {
        var talk = new Talk();
        talk.Client("ABOR", "PWD");
        talk.Server("226 nothing");
        Assert.Equal(["C< 421 idle", "close"], talk.Server("421 idle"));
    }

    [Fact]
    public void BeyondSixtyFourCommandsTheClientIsNotRead()
    {
        var talk = new Talk();
        for (var i = 0; i < FtpConversation.MaxOutstanding; i++)
        {
            Assert.True(talk.WantsCommands);
            talk.Client("PWD");
        }
        Assert.False(talk.WantsCommands);
        talk.Server("257 /");
        Assert.True(talk.WantsCommands);
    }

    [Fact]
    public void AnswersOfTheRelayNeverStandInsideAReplyOfTheServer()
    {
        var talk = new Talk();
        Assert.Equal(["C< 211-nobody asked"], talk.Server("211-nobody asked"));
        Assert.Empty(talk.Client("AUTH TLS"));
        Assert.Equal(["C< 211 end", "C< 534 Refused: SSH encrypts this connection already; go on without TLS."], talk.Server("211 end"));
    }

    [Fact]
    public void AbortingTheLastTransferOfAShutdownSaysNothingAfterTheEnd()
    {
        var talk = new Talk().Standing();
        talk.Client("RETR x");
        talk.Server("226 done");
        talk.Shutdown();
        Assert.Equal("close", talk.Client("ABOR")[^1]);
    }

    [Theory]
    [InlineData("STAT", "250 fine")]
    [InlineData("STAT", "350 well")]
    [InlineData("NOOP", "220 ready")]
    [InlineData("NOOP", "257 /")]
    public void AnOddReplyToStatOrNoopHoldsUpNothingWhenNoTransferRuns(string command, string reply)
    {
        var talk = new Talk();
        talk.Client(command, "AUTH TLS");
        Assert.StartsWith("C< 534", talk.Server(reply)[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("200", "C< 200 ")]
    [InlineData("200-of|200", "C< 200-of|C< 200 ")]
    public void ABareCodeGetsItsBlank(string lines, string passed)
    {
        var talk = new Talk();
        talk.Client("CWD x");
        Assert.Equal(passed.Split('|'), talk.Server(lines.Split('|')));
    }
}
