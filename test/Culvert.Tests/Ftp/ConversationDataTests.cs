using Culvert.Ftp;
using Culvert.Ftp.Dialogue;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Ftp;

/// <summary>Data paths and transfers: who is opened when, and what an end means.</summary>
public sealed class ConversationDataTests
{
    private static readonly Failure Prohibited = new(FailureKind.Prohibited, "administratively prohibited");

    private static PathEvent.NearListening Listening(int path, int port = 6001) => new PathEvent.NearListening(path, new("127.0.0.1", port));

    [Fact]
    public void TheChannelIsOpenedBeforeTheReplyGoesOnAndNotWaitedFor()
    {
        var talk = new Talk();
        talk.Client("PASV");
        Assert.Equal(["dial far 1 :1025", "listen near 1"], talk.Server("227 ok (10,0,0,5,4,1)"));
        Assert.True(talk.Holds);
        Assert.Equal(["C< 227 Entering Passive Mode (127,0,0,1,23,113)."], talk.News(Listening(1)));
        Assert.False(talk.Holds);
    }

    [Theory]
    [InlineData("PASV", "229 ok (|||1025|)", "C< 227 Entering Passive Mode (127,0,0,1,23,113).")]
    [InlineData("EPSV", "227 ok (1,2,3,4,4,1)", "C< 229 Entering Extended Passive Mode (|||6001|)")]
    public void TheAnswerHasTheFormThatTheClientAskedFor(string command, string reply, string answer)
    {
        var talk = new Talk();
        talk.Client(command);
        Assert.Equal(["dial far 1 :1025", "listen near 1"], talk.Server(reply));
        Assert.Equal([answer], talk.News(Listening(1)));
    }

    [Theory]
    [InlineData("227 ok (10,0,0,5,4,1) (10,0,0,6,4,1)")] // two groups
    [InlineData("227 ok (10,0,0,5,4)")]
    [InlineData("227 ok (10,0,0,5,0,80)")] // privileged
    [InlineData("227 ok (10,0,0,5,0,21)")] // the control port
    [InlineData("229 ok (|||80|)")]
    [InlineData("200 ok |||1025|")] // some clients would take it
    [InlineData("250 (10,0,0,5,4,1)")]
    public void AReplyThatNamesNoDataPortIsNotPassed(string reply)
    {
        var talk = new Talk(new FtpRelayOptions());
        talk.Client("EPSV");
        var decided = talk.Server(reply);
        if (decided is ["S< PASV"])
            decided = talk.Server("202 whatever (10,0,0,5,4,1)");
        Assert.StartsWith("C< 425", Assert.Single(decided), StringComparison.Ordinal);
    }

    [Fact]
    public void A227ReplyOfManyLinesBecomesOne()
    {
        var talk = new Talk();
        talk.Client("PASV");
        Assert.Equal(["dial far 1 :1025", "listen near 1"], talk.Server("227-hello", " (10,0,0,5,4,1)", "227 done"));
    }

    [Fact]
    public void ARefusedEpsvIsAskedAsPasvAndRemembered()
    {
        var talk = new Talk();
        Assert.Equal(["S< EPSV"], talk.Client("EPSV", "PWD")); // PWD waits: its reply must not come before the second answer
        Assert.Equal(["S< PASV"], talk.Server("500 what"));
        Assert.Equal(["dial far 1 :1025", "listen near 1"], talk.Server("227 ok (10,0,0,5,4,1)"));
        Assert.Equal(["C< 229 Entering Extended Passive Mode (|||6001|)", "S< PWD"], talk.News(Listening(1)));
        talk.Server("257 /");
        Assert.Equal(["S< PASV", "S< PWD"], talk.Client("EPSV", "PWD")); // proven: nothing need wait
    }

    [Fact]
    public void WhenEveryWayIsRefusedTheClientReadsTheFirstRefusal()
    {
        var talk = new Talk();
        talk.Client("PASV");
        Assert.Equal(["S< EPSV"], talk.Server("502 no passive mode"));
        Assert.Equal(["C< 502 no passive mode"], talk.Server("500 what"));
        talk.Client("PORT 127,0,0,1,4,1");
        talk.Server("500 what");
        Assert.StartsWith("C< 425", Assert.Single(talk.Server("502 no")), StringComparison.Ordinal);
    }

    [Fact]
    public void APasvThatAnIPv6ServerCantAnswerIsAskedAsEpsv()
    {
        var talk = new Talk();
        talk.Client("PASV");
        Assert.Equal(["S< EPSV"], talk.Server("425 You cannot use PASV on IPv6 connections."));
        Assert.Equal(["dial far 1 :1025", "listen near 1"], talk.Server("229 ok (|||1025|)"));
        Assert.Equal(["C< 227 Entering Passive Mode (127,0,0,1,23,113)."], talk.News(Listening(1)));
    }

    [Fact]
    public void AWayIsNotTriedAgainBehindCommandsThatTheServerHas()
    {
        var talk = new Talk().Standing();
        Assert.Equal(["S< EPSV", "S< PWD"], talk.Client("EPSV", "PWD")); // proven
        Assert.Equal(["settle 1 Cut", "C< 500 not now"], talk.Server("500 not now"));
        Assert.Equal(["C< 257 /"], talk.Server("257 /"));
    }

    [Fact]
    public void ARefusedUserIsNoRefusedWay()
    {
        var talk = new Talk();
        talk.Client("PASV");
        Assert.Equal(["C< 530 log in"], talk.Server("530 log in"));
    }

    [Fact]
    public void OnIPv6OnlyEpsvIsOffered()
    {
        var talk = new Talk(near: "::1");
        Assert.StartsWith("C< 425", Assert.Single(talk.Client("PASV")), StringComparison.Ordinal);
        Assert.StartsWith("C< 522", Assert.Single(talk.Client("EPSV 1")), StringComparison.Ordinal);
        Assert.Equal(["S< EPSV"], talk.Client("EPSV 2"));
    }

    [Fact]
    public void TheAdvertisedAddressIsNamed()
    {
        var talk = new Talk(new FtpRelayOptions { Advertise = System.Net.IPAddress.Parse("192.0.2.7") });
        talk.Client("PASV");
        talk.Server("227 ok (10,0,0,5,4,1)");
        Assert.Equal(["C< 227 Entering Passive Mode (192,0,2,7,23,113)."], talk.News(Listening(1)));
    }

    [Fact]
    public void AnUploadWaitsForTheClientsDataSocket()
    {
        var talk = new Talk();
        talk.Client("EPSV");
        talk.Server("229 ok (|||5001|)");
        talk.News(Listening(1));
        Assert.Equal(["arm 1 UploadHold"], talk.Client("STOR x", "PWD"));
        Assert.Empty(talk.News(new PathEvent.FarOpen(1)));
        Assert.Equal(["S< STOR x"], talk.News(new PathEvent.NearOpen(1)));
        Assert.Empty(talk.Client("QUIT")); // gated behind the data
    }

    [Fact]
    public void AnUploadIsReleasedForAClientThatWaitsForThe150()
    {
        var talk = new Talk();
        talk.Client("EPSV");
        talk.Server("229 ok (|||5001|)");
        talk.News(Listening(1));
        talk.Client("STOR x");
        Assert.Equal(["S< STOR x"], talk.News(new PathEvent.TimerElapsed(1, TimerKind.UploadHold, 0)));
        Assert.Equal(["C< 150 go"], talk.Server("150 go"));
        talk.News(new PathEvent.NearOpen(1), new PathEvent.NearEnded(1));
        Assert.Equal(["settle 1 InOrder", "C< 226 ok"], talk.Server("226 ok"));
    }

    [Fact]
    public void AReleasedUploadWithoutAClientIsAbortedAndNeverASuccess()
    {
        var talk = new Talk();
        talk.Client("EPSV");
        talk.Server("229 ok (|||5001|)");
        talk.News(Listening(1), new PathEvent.FarOpen(1));
        talk.Client("STOR x");
        talk.News(new PathEvent.TimerElapsed(1, TimerKind.UploadHold, 0));
        talk.Server("150 go");
        Assert.Equal(["S< ABOR", "settle 1 Cut"], talk.News(new PathEvent.NearFailed(1, new(FailureKind.Timeout, "no connection came within 60 seconds"))));
        Assert.Equal(["C< 425 Can't open data connection: no connection came within 60 seconds."], talk.Server("226 whole file received"));
        Assert.Empty(talk.Server("225 nothing to abort"));
        Assert.Equal(["S< PWD"], talk.Client("PWD"));
    }

    [Fact]
    public void ACommandBehindAnUploadWaitsForItsFinalReply()
    {
        var talk = new Talk().Standing();
        Assert.Equal(["S< STOR x", "S< STAT", "S< NOOP"], talk.Client("STOR x", "STAT", "NOOP", "SIZE x", "QUIT"));
        Assert.Empty(talk.Client("STAT")); // in its order, like any other
        Assert.Equal(["S< ABOR", "S< NOOP"], talk.Client("ABOR")); // this NOOP tells where the replies to ABOR end
        Assert.Equal(["C< 213 fine", "C< 200 yes"], talk.Server("213 fine", "200 yes"));
        Assert.Equal(["settle 1 Cut", "C< 426 cut", "S< SIZE x", "S< QUIT", "S< STAT"], talk.Server("426 cut"));
        Assert.Equal(["C< 226 aborted", "C< 550 none"], talk.Server("226 aborted", "200 noop", "550 none"));
    }

    [Fact]
    public void ADownloadsReplyWaitsForItsDataAndItsEndForTheReply()
    {
        var talk = new Talk().Standing();
        Assert.Equal(["S< RETR x"], talk.Client("RETR x"));
        Assert.Equal(["C< 150 go"], talk.Server("150 go"));
        Assert.Equal(["arm 1 Stall"], talk.Server("226 done"));
        Assert.True(talk.Holds);
        Assert.Equal(["settle 1 InOrder", "C< 226 done"], talk.News(new PathEvent.FarEnded(1)));

        talk = new Talk().Standing();
        talk.Client("RETR x");
        Assert.Equal(["arm 1 Verdict"], talk.News(new PathEvent.FarEnded(1)));
        Assert.Equal(["settle 1 InOrder", "C< 226 done"], talk.Server("226 done"));
    }

    [Theory]
    [InlineData("426 cut")]
    [InlineData("451 disk error")]
    [InlineData("550 no such file")]
    public void ADownloadThatTheServerCallsFailedIsCut(string reply)
    {
        var talk = new Talk().Standing();
        talk.Client("RETR x");
        talk.News(new PathEvent.FarEnded(1));
        Assert.Equal(["settle 1 Cut", $"C< {reply}"], talk.Server(reply));
    }

    [Fact]
    public void ADownloadWithoutAVerdictIsCut()
    {
        foreach (var lost in new[] { false, true })
        {
            var talk = new Talk().Standing();
            talk.Client("RETR x");
            talk.News(new PathEvent.FarEnded(1));
            var decided = talk.ServerGone(lost);
            Assert.Equal("settle 1 Cut", decided[0]);
            Assert.StartsWith("C< 421", decided[1], StringComparison.Ordinal);
            Assert.Contains("finished 1 Failed", talk.Told);
        }
        var late = new Talk().Standing();
        late.Client("RETR x");
        late.News(new PathEvent.FarEnded(1));
        Assert.Equal(["settle 1 Cut"], late.News(new PathEvent.TimerElapsed(1, TimerKind.Verdict, 0)));
        Assert.StartsWith("C< 426", Assert.Single(late.Server("226 at last")), StringComparison.Ordinal);
    }

    [Fact]
    public void AHeldReplyIsReleasedOnlyWhenNothingMoves()
    {
        var talk = new Talk().Standing();
        talk.Client("RETR x");
        talk.Server("226 done");
        Assert.Equal(["arm 1 Stall"], talk.News(new PathEvent.TimerElapsed(1, TimerKind.Stall, 100)));
        Assert.Equal(["arm 1 Stall"], talk.News(new PathEvent.TimerElapsed(1, TimerKind.Stall, 200)));
        Assert.Equal(["settle 1 WhenDrained", "C< 226 done"], talk.News(new PathEvent.TimerElapsed(1, TimerKind.Stall, 200)));
    }

    [Fact]
    public void AHeldReplyIsNotReleasedBeforeTheClientHasConnected()
    {
        var talk = new Talk();
        talk.Client("EPSV");
        talk.Server("229 ok (|||5001|)");
        talk.News(Listening(1), new PathEvent.FarOpen(1));
        talk.Client("RETR x");
        talk.Server("150 go", "226 done");
        Assert.Equal(["arm 1 Stall"], talk.News(new PathEvent.TimerElapsed(1, TimerKind.Stall, 0)));
        Assert.Equal(["arm 1 Stall"], talk.News(new PathEvent.TimerElapsed(1, TimerKind.Stall, 0)));
        Assert.StartsWith("C< 425", talk.News(new PathEvent.NearFailed(1, new(FailureKind.Timeout, "late")))[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RETR x")]
    [InlineData("STOR x")]
    public void AResetOfTheClientsDataIsNeverASuccess(string verb)
    {
        var talk = new Talk().Standing();
        talk.Client(verb);
        talk.Server("150 go");
        Assert.Equal(["settle 1 Cut"], talk.News(new PathEvent.NearBroken(1)));
        Assert.StartsWith("C< 426", Assert.Single(talk.Server("226 done")), StringComparison.Ordinal);
    }

    [Fact]
    public void AServerThatStopsBeforeTheEndOfAnUploadCutsTheClient()
    {
        var talk = new Talk().Standing();
        talk.Client("STOR x");
        Assert.Equal(["settle 1 Cut"], talk.News(new PathEvent.FarEnded(1)));
        Assert.Equal(["C< 452 disk full"], talk.Server("452 disk full"));

        talk = new Talk().Standing();
        talk.Client("STOR x");
        Assert.Equal(["settle 1 Cut", "C< 452 disk full"], talk.Server("452 disk full"));

        talk = new Talk().Standing();
        talk.Client("STOR x");
        var decided = talk.Server("226 done"); // and the client hasn't ended
        Assert.Equal("settle 1 Cut", decided[0]);
        Assert.StartsWith("C< 426", decided[1], StringComparison.Ordinal);
    }

    [Fact]
    public void ARefusedChannelIsToldBeforeTheServerHearsOfTheTransfer()
    {
        foreach (var verb in new[] { "RETR x", "STOR x" })
        {
            var talk = new Talk(new FtpRelayOptions { Explain = f => $"{f.Text} (PermitOpen?)" });
            talk.Client("EPSV");
            talk.Server("229 ok (|||5001|)");
            talk.News(Listening(1));
            Assert.Empty(talk.News(new PathEvent.FarFailed(1, Prohibited)));
            Assert.Equal(["settle 1 Cut", "C< 425 Can't open data connection: administratively prohibited (PermitOpen?)."], talk.Client(verb));
        }
    }

    [Fact]
    public void ARefusedChannelAfterTheCommandIsToldInTheFinalReply()
    {
        var talk = new Talk();
        talk.Client("EPSV");
        talk.Server("229 ok (|||5001|)");
        talk.News(Listening(1));
        talk.Client("RETR x");
        Assert.Equal(["S< ABOR", "settle 1 Cut"], talk.News(new PathEvent.FarFailed(1, Prohibited)));
        Assert.Equal(["C< 425 Can't open data connection: administratively prohibited."], talk.Server("425 no connection"));
        Assert.Empty(talk.Server("226 aborted"));
    }

    [Fact]
    public void ARefusedListenerIsTold()
    {
        var talk = new Talk();
        talk.Client("EPSV");
        talk.Server("229 ok (|||5001|)");
        Assert.Equal(["settle 1 Cut", "C< 425 Can't open data connection: administratively prohibited."], talk.News(new PathEvent.NearFailed(1, Prohibited)));
    }

    [Fact]
    public void AConvertedPortReachesTheClientBeforeTheServerHearsOfTheTransfer()
    {
        var talk = new Talk();
        Assert.Equal(["S< EPSV"], talk.Client("PORT 127,0,0,1,4,1"));
        Assert.Equal(["dial far 1 :5001", "C< 200 PORT command successful."], talk.Server("229 ok (|||5001|)"));
        Assert.Equal(["dial near 1 127.0.0.1:1025"], talk.Client("STOR x"));
        Assert.Equal(["S< STOR x"], talk.News(new PathEvent.NearOpen(1)));
        talk.News(new PathEvent.FarOpen(1), new PathEvent.NearEnded(1));
        Assert.Equal(["settle 1 InOrder", "C< 226 ok"], talk.Server("226 ok"));
    }

    [Fact]
    public void AConvertedPortThatCantBeReachedIsToldHere()
    {
        var talk = new Talk();
        talk.Client("PORT 127,0,0,1,4,1");
        talk.Server("229 ok (|||5001|)");
        talk.Client("STOR x");
        Assert.Equal(["settle 1 Cut", "C< 425 Can't open data connection: administratively prohibited."], talk.News(new PathEvent.NearFailed(1, Prohibited)));
    }

    [Theory]
    [InlineData("ftp.example", "PORT 127,0,0,1,4,1", "127.0.0.1", "PORT 127,0,0,1,156,64")]
    [InlineData("::1", "EPRT |1|127.0.0.1|2000|", "::1", "EPRT |2|::1|40000|")]
    public void AForwardedPortNamesTheFarListener(string destination, string command, string address, string sent)
    {
        var talk = new Talk(new FtpRelayOptions { Active = ActiveMode.Forward }, destination: destination);
        Assert.Equal([$"listen far 1 {address}"], talk.Client(command, "PWD"));
        Assert.Equal([$"S< {sent}", "S< PWD"], talk.News(new PathEvent.FarListening(1, new(address, 40000))));
        Assert.Equal([$"C< 200 {command[..4]} command successful."], talk.Server("200 fine"));
        talk.Server("257 /");
        Assert.StartsWith("dial near 1 ", Assert.Single(talk.Client("RETR x")), StringComparison.Ordinal);
        Assert.Equal(["S< RETR x"], talk.News(new PathEvent.NearOpen(1)));
    }

    [Fact]
    public void AForwardedPortWithoutAListenerIsToldHere()
    {
        var talk = new Talk(new FtpRelayOptions { Active = ActiveMode.Forward });
        talk.Client("PORT 127,0,0,1,4,1");
        Assert.Equal(["settle 1 Cut", "C< 425 Can't open data connection: administratively prohibited."], talk.News(new PathEvent.FarFailed(1, Prohibited)));
    }

    [Fact]
    public void APipelinedSetupAndTransferKeepTheirOrder()
    {
        var talk = new Talk().Standing();
        Assert.Equal(["S< RETR a", "S< EPSV", "S< RETR b"], talk.Client("RETR a", "EPSV", "RETR b"));
        talk.Server("150 a");
        talk.News(new PathEvent.FarEnded(1));
        Assert.Equal(["settle 1 InOrder", "C< 226 a"], talk.Server("226 a"));
        Assert.Equal(["dial far 2 :5002", "listen near 2"], talk.Server("229 ok (|||5002|)"));
        Assert.Equal(["C< 229 Entering Extended Passive Mode (|||6002|)"], talk.News(Listening(2, 6002)));
        talk.News(new PathEvent.FarOpen(2), new PathEvent.NearOpen(2), new PathEvent.FarEnded(2));
        Assert.Equal(["C< 150 b", "settle 2 InOrder", "C< 226 b"], talk.Server("150 b", "226 b"));
    }

    [Fact]
    public void ANewSetupEndsTheUnusedPath()
    {
        var talk = new Talk().Standing();
        talk.Client("EPSV");
        Assert.Equal(["settle 1 Cut", "dial far 2 :5002", "listen near 2"], talk.Server("229 ok (|||5002|)"));
    }

    [Fact]
    public void ARefusedTransferTakesItsRestBack()
    {
        var talk = new Talk();
        talk.Client("EPSV");
        talk.Server("229 ok (|||5001|)");
        talk.News(Listening(1), new PathEvent.FarFailed(1, Prohibited));
        talk.Client("REST 100");
        talk.Server("350 ok");
        Assert.Equal(["settle 1 Cut", "S< REST 0"], talk.Client("RETR x"));
        Assert.StartsWith("C< 425", Assert.Single(talk.Server("350 restarting at 0")), StringComparison.Ordinal);
    }

    [Fact]
    public void RestStaysBesideItsTransfer()
    {
        var talk = new Talk().Standing();
        Assert.Equal(["S< REST 100", "S< RETR x"], talk.Client("REST 100", "RETR x"));
    }

    [Fact]
    public void AbortingAnUploadThatWaitsSendsNoUpload()
    {
        var talk = new Talk();
        talk.Client("EPSV");
        talk.Server("229 ok (|||5001|)");
        talk.News(Listening(1));
        talk.Client("STOR x");
        var decided = talk.Client("ABOR");
        Assert.Equal(["settle 1 Cut", "S< ABOR"], decided[..2]);
        Assert.StartsWith("C< 426", decided[2], StringComparison.Ordinal);
        Assert.Equal(["C< 225 ok"], talk.Server("225 ok"));
    }

    [Fact]
    public void InBlockModeAnEndIsNoEndOfFile()
    {
        var talk = new Talk();
        talk.Client("MODE B");
        talk.Server("200 block");
        talk.Standing();
        talk.Client("RETR a");
        Assert.Equal(["C< 226 a"], talk.Server("226 a")); // neither held nor settled
        Assert.Equal(["S< RETR b"], talk.Client("RETR b")); // on the same connection
        Assert.Equal(["end near 1"], talk.News(new PathEvent.FarEnded(1)));
        Assert.Equal(["C< 226 b"], talk.Server("226 b"));
    }

    [Fact]
    public void AnUploadOfAClientThatVanishedIsNotCalledComplete()
    {
        foreach (var (quit, result) in new[] { (false, "Unverified"), (true, "Complete") })
        {
            var talk = new Talk().Standing();
            talk.Client(quit ? ["STOR x", "QUIT"] : ["STOR x"]);
            talk.News(new PathEvent.NearEnded(1));
            talk.ClientGone();
            talk.Server("226 done");
            Assert.Contains($"finished 1 {result} 226 done", talk.Told);
        }
    }

    [Fact]
    public void TheSizeToExpectIsTold()
    {
        var talk = new Talk().Standing();
        talk.Client("SIZE x");
        talk.Server("213 77");
        talk.Client("RETR x");
        talk.Server("150 Opening BINARY mode data connection for x (123 bytes).");
        Assert.Contains("began 1 RETR x 77", talk.Told);
        Assert.Contains("expect 1 123", talk.Told);
    }
}
