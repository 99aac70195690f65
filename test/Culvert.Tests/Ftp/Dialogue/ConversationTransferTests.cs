using Culvert.Ftp;
using Culvert.Ftp.Dialogue;
using Culvert.Net;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Tests.Ftp.Dialogue;

/// <summary>When a transfer starts, and what its end means for both sides.</summary>
public sealed class ConversationTransferTests
{
    private static readonly Failure Prohibited = new(FailureKind.Prohibited, "administratively prohibited");

    private static PathEvent.NearListening Listening(int path, int port = 6001) => new PathEvent.NearListening(path, new("127.0.0.1", port));

    [Fact]
    [Proves(ProofTables.Attacks, Attack.Truncation)]
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

    /// <summary>Two tasks tell the news of a path: the end may be told before the beginning.</summary>
    [Fact]
    public void AnEndThatIsToldBeforeItsBeginningIsAnEnd()
    {
        var talk = new Talk();
        talk.Client("EPSV", "STOR x");
        talk.Server("229 ok (|||5001|)");
        talk.News(new PathEvent.NearListening(1, new("127.0.0.1", 6001)), new PathEvent.FarOpen(1));
        Assert.Equal(["S< STOR x"], talk.News(new PathEvent.NearEnded(1), new PathEvent.NearOpen(1)));
        Assert.Equal(["C< 150 go", "settle 1 InOrder", "C< 226 done"], talk.Server("150 go", "226 done"));
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
    [Proves(ProofTables.Attacks, Attack.Truncation)]
    public void ACommandBehindAnUploadWaitsForItsFinalReply()
    {
        var talk = new Talk().Standing();
        Assert.Equal(["S< STOR x", "S< STAT", "S< NOOP"], talk.Client("STOR x", "STAT", "NOOP", "SIZE x", "QUIT"));
        Assert.Empty(talk.Client("STAT")); // in its order, like any other
        Assert.Equal(["S< ABOR", "arm 1 Abort", "S< NOOP"], talk.Client("ABOR")); // this NOOP tells where the replies to ABOR end
        Assert.Equal(["C< 213 fine", "C< 200 yes"], talk.Server("213 fine", "200 yes"));
        Assert.Equal(["settle 1 Cut", "C< 426 cut", "S< SIZE x", "S< QUIT", "S< STAT"], talk.Server("426 cut"));
        Assert.Equal(["C< 226 aborted", "C< 550 none"], talk.Server("226 aborted", "200 noop", "550 none"));
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.Truncation)]
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
        Assert.Equal(["arm 1 End", "arm 1 Verdict"], talk.News(new PathEvent.FarEnded(1)));
        Assert.Equal(["settle 1 InOrder", "C< 226 done"], talk.Server("226 done"));
    }

    [Theory]
    [InlineData("426 cut")]
    [InlineData("451 disk error")]
    [InlineData("550 no such file")]
    [Proves(ProofTables.Attacks, Attack.Truncation)]
    public void ADownloadThatTheServerCallsFailedIsCut(string reply)
    {
        var talk = new Talk().Standing();
        talk.Client("RETR x");
        talk.News(new PathEvent.FarEnded(1));
        Assert.Equal(["settle 1 Cut", $"C< {reply}"], talk.Server(reply));
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.Truncation)]
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
        Assert.Equal(["arm 1 Stall"], talk.News(new PathEvent.TimerElapsed(1, TimerKind.Stall, 100, true)));
        Assert.Equal(["arm 1 Stall"], talk.News(new PathEvent.TimerElapsed(1, TimerKind.Stall, 200, true)));
        Assert.Equal(["settle 1 WhenDrained", "C< 226 done"], talk.News(new PathEvent.TimerElapsed(1, TimerKind.Stall, 200, true)));
    }

    // The 226 came on its own channel; the data may be stuck in a link that nobody knows to be dead yet.
    [Fact]
    public void AHeldReplyIsNotReleasedWhileTheServersDataIsMissing()
    {
        var talk = new Talk(new FtpRelayOptions { StallTimeout = TimeSpan.FromSeconds(30), VerdictTimeout = TimeSpan.FromSeconds(90) }).Standing();
        talk.Client("RETR x");
        talk.Server("226 done");
        for (var look = 0; look < 3; look++)
            Assert.Equal(["arm 1 Stall"], talk.News(new PathEvent.TimerElapsed(1, TimerKind.Stall, 100)));
        var decided = talk.News(new PathEvent.TimerElapsed(1, TimerKind.Stall, 100));
        Assert.Equal("settle 1 Cut", decided[0]);
        Assert.StartsWith("C< 426", decided[1], StringComparison.Ordinal);
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
    [Proves(ProofTables.Attacks, Attack.Truncation)]
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

    [Fact]
    public void APipelinedSetupAndTransferKeepTheirOrder()
    {
        var talk = new Talk().Standing();
        Assert.Equal(["S< RETR a"], talk.Client("RETR a", "EPSV", "RETR b"));
        talk.Server("150 a");
        talk.News(new PathEvent.FarEnded(1));
        Assert.Equal(["settle 1 InOrder", "C< 226 a", "S< EPSV", "S< RETR b"], talk.Server("226 a"));
        Assert.Equal(["dial far 2 :5002", "listen near 2"], talk.Server("229 ok (|||5002|)"));
        Assert.Equal(["C< 229 Entering Extended Passive Mode (|||6002|)"], talk.News(Listening(2, 6002)));
        talk.News(new PathEvent.FarOpen(2), new PathEvent.NearOpen(2), new PathEvent.FarEnded(2));
        Assert.Equal(["C< 150 b", "settle 2 InOrder", "C< 226 b"], talk.Server("150 b", "226 b"));
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
    public void ARefusedTransferTakesItsRestBackAlsoWhenItWasPipelined()
    {
        var talk = new Talk();
        talk.Client("EPSV");
        talk.Server("229 ok (|||5001|)");
        talk.News(Listening(1), new PathEvent.FarFailed(1, Prohibited));
        // Otherwise the next file would begin at 100, and its 226 would call it whole.
        Assert.Equal(["S< REST 100", "settle 1 Cut", "S< REST 0"], talk.Client("REST 100", "RETR x"));
        Assert.Equal(["C< 350 ok"], talk.Server("350 ok"));
        Assert.StartsWith("C< 425", Assert.Single(talk.Server("350 restarting at 0")), StringComparison.Ordinal);
    }

    // The server's port was taken by somebody quicker, or its wait is over: its reset arrives through SSH as an end.
    [Theory]
    [InlineData("RETR x")]
    [InlineData("STOR x")]
    [Proves(ProofTables.Attacks, Attack.ServerPortTheft)]
    public void ADataConnectionThatEndedBeforeItsTransferIsNoEmptyFile(string verb)
    {
        var talk = new Talk().Standing();
        Assert.Empty(talk.News(new PathEvent.FarEnded(1)));
        var decided = talk.Client(verb);
        Assert.Equal("settle 1 Cut", decided[0]);
        Assert.StartsWith("C< 425", decided[1], StringComparison.Ordinal);
    }

    [Fact]
    [Proves(ProofTables.Dialogue, "REST stays next to its transfer")]
    public void RestStaysBesideItsTransfer()
    {
        var talk = new Talk().Standing();
        Assert.Equal(["S< REST 100", "S< RETR x"], talk.Client("REST 100", "RETR x"));
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
        Assert.Contains("settle 1 WhenDrained", talk.Client("EPSV").Concat(talk.Server("229 ok (|||5002|)"))); // what the client hasn't read yet is still on its way
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

    [Theory]
    [InlineData("TYPE I", "RETR x", " exactly")]
    [InlineData("type l 8", "RETR x", " exactly")]
    [InlineData("TYPE A", "RETR x", "")]
    [InlineData("TYPE I", "LIST", "")]
    [InlineData("REST 5", "RETR x", "")]
    public void AnAnnouncedSizeIsExactOnlyWhereNothingChangesTheCount(string before, string transfer, string exactly)
    {
        var talk = new Talk();
        talk.Client("TYPE I");
        talk.Server("200 binary");
        talk.Standing();
        talk.Client(before);
        talk.Server(before[0] == 'R' ? "350 ok" : "200 ok");
        talk.Client(transfer);
        talk.Server("150 Opening data connection (123 bytes).");
        Assert.Contains($"expect 1 123{exactly}", talk.Told);
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
