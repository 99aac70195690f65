using Culvert.Ftp.Dialogue;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Tests.Ftp.Dialogue;

/// <summary>ABOR: servers answer it once, twice, three times or not at all; the client's transfer ends, and the dialogue stays in step.</summary>
public sealed class ConversationAbortTests
{
    /// <summary>Servers that see ABOR only as urgent data, which SSH doesn't carry, are stuck in their data connection when the client reads no more.</summary>
    [Theory]
    [InlineData("RETR x", "226 all sent")]
    [InlineData("STOR x", "226 all here")]
    [InlineData("RETR x", "426 cut")]
    [Proves(ProofTables.Dialogue, "ABOR that the server does not notice")]
    public void ATransferThatTheServerDoesntAbortIsCut(string transfer, string reply)
    {
        var talk = new Talk().Standing();
        talk.Client(transfer);
        talk.Server("150 go");
        Assert.Equal(["S< ABOR", "arm 1 Abort"], talk.Client("ABOR"));
        Assert.Equal(["settle 1 Cut"], talk.News(new PathEvent.TimerElapsed(1, TimerKind.Abort)));
        Assert.StartsWith("C< 426 ", Assert.Single(talk.Server(reply)), StringComparison.Ordinal);
        Assert.Equal(["C< 226 aborted"], talk.Server("226 aborted"));
        Assert.Contains(talk.Told, told => told.StartsWith("finished 1 Failed 426", StringComparison.Ordinal));
    }

    /// <summary>Pure-FTPd calls its statistics 150 when its data connection broke; a client that has aborted awaits a final reply.</summary>
    [Fact]
    public void AnotherPreliminaryReplyToAnAbortedTransferIsNotPassed()
    {
        var talk = new Talk().Standing();
        talk.Client("RETR x");
        talk.Server("150 go");
        talk.Client("ABOR");
        Assert.Empty(talk.Server("150 2.0 seconds (measured here)"));
        Assert.Equal(["settle 1 Cut", "C< 426 aborted", "C< 226 closed"], talk.Server("426 aborted", "226 closed"));
    }

    [Fact]
    public void ATransferThatTheServerAbortsInTimeIsItsOwnAffair()
    {
        var talk = new Talk().Standing();
        talk.Client("RETR x");
        talk.Server("150 go");
        talk.Client("ABOR");
        Assert.Equal(["settle 1 Cut", "C< 426 aborted", "C< 226 closed"], talk.Server("426 aborted", "226 closed"));
        Assert.Empty(talk.News(new PathEvent.TimerElapsed(1, TimerKind.Abort)));
    }

    [Fact]
    public void AbortingAnUploadThatWaitsSendsNoUpload()
    {
        var talk = new Talk();
        talk.Client("EPSV");
        talk.Server("229 ok (|||5001|)");
        talk.News(new PathEvent.NearListening(1, new("127.0.0.1", 6001)));
        talk.Client("STOR x");
        var decided = talk.Client("ABOR");
        Assert.Equal(["settle 1 Cut", "S< ABOR"], decided[..2]);
        Assert.StartsWith("C< 426", decided[2], StringComparison.Ordinal);
        Assert.Equal(["C< 225 ok"], talk.Server("225 ok"));
    }

    // Servers answer ABOR with one, two or three replies; the command after it gets its own reply in any case.
    [Theory]
    [InlineData("426 cut|226 aborted", "426 cut|226 aborted")]
    [InlineData("226 done|225 ok", "226 done|225 ok")]
    [InlineData("226 aborted", "226 aborted")]
    [InlineData("225 ok", "225 ok")]
    [InlineData("426 cut|226 aborted|225 ok", "426 cut|226 aborted|225 ok")]
    [InlineData("550 gone|226 ok", "550 gone|226 ok")]
    [Proves(ProofTables.Dialogue, "ABOR with one, two or three replies")]
    public void AfterAborTheNextCommandGetsItsOwnReply(string replies, string passed)
    {
        var talk = new Talk().Standing();
        talk.Client("RETR x");
        talk.Server("150 go");
        Assert.Equal(["S< ABOR", "arm 1 Abort"], talk.Client("ABOR"));
        var decided = talk.Server(replies.Split('|')).Where(d => d != "settle 1 Cut");
        Assert.Equal(passed.Split('|').Select(r => $"C< {r}"), decided);
        var sent = talk.Client("PWD");
        Assert.Equal("S< PWD", sent[^1]);
        if (sent.Length > 1)
        {
            Assert.Equal("S< NOOP", sent[0]); // tells where the replies to ABOR end; the client never sees its answer
            Assert.DoesNotContain("C< 200 noop", talk.Server("200 noop"));
        }
        Assert.Equal(["C< 257 /"], talk.Server("257 /"));
        Assert.StartsWith("C< 534", Assert.Single(talk.Client("AUTH TLS")), StringComparison.Ordinal);
        Assert.Equal(["S< EPSV"], talk.Client("EPSV"));
        Assert.Equal(["dial far 2 :5002", "listen near 2"], talk.Server("229 ok (|||5002|)"));
    }

    [Fact]
    public void AStray226AnswersNothingAfterAbor()
    {
        var talk = new Talk();
        talk.Client("ABOR");
        talk.Server("226 nothing to abort");
        talk.Client("XXXX");
        Assert.Equal(["C< 226 stray"], talk.Server("226 stray"));
        talk.Client("EPSV");
        Assert.Equal(["C< 500 what"], talk.Server("500 what"));
        Assert.Equal(["dial far 1 :5001", "listen near 1"], talk.Server("229 ok (|||5001|)"));
    }
}
