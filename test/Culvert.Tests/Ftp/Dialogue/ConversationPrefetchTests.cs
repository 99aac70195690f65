using Culvert.Ftp;
using Culvert.Ftp.Dialogue;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Ftp.Dialogue;

/// <summary>The next passive port, asked for ahead: used once, dropped when anything else is meant, and never the client's without its asking.</summary>
public sealed class ConversationPrefetchTests
{
    private const string Greeting = "220 (vsFTPd 3.0.3)";

    private static Talk Begin(FtpRelayOptions? options = null, string greeting = Greeting)
    {
        var talk = new Talk(options ?? new() { PassivePrefetch = true }, greet: false);
        talk.Server(greeting);
        return talk.Standing();
    }

    private static Talk Downloaded(FtpRelayOptions? options = null)
    {
        var talk = Begin(options);
        Assert.Equal(["S< RETR a", "S< EPSV", "end far 1"], talk.Client("RETR a"));
        talk.Server("150 ok (3 bytes)");
        talk.News(new PathEvent.FarEnded(1));
        Assert.Equal(["settle 1 InOrder", "C< 226 done"], talk.Server("226 done"));
        return talk;
    }

    private static Talk Prefetched(FtpRelayOptions? options = null)
    {
        var talk = Downloaded(options);
        Assert.Equal(["dial far 2 :5002", "arm 2 Prefetch"], talk.Server("229 ok (|||5002|)"));
        return talk;
    }

    [Fact]
    public void TheNextSetupIsAnsweredWithoutTheServer()
    {
        var talk = Prefetched();
        talk.News(new PathEvent.FarOpen(2));
        Assert.Equal(["listen near 2"], talk.Client("EPSV"));
        Assert.Equal(["C< 229 Entering Extended Passive Mode (|||6002|)"], talk.News(new PathEvent.NearListening(2, new("127.0.0.1", 6002))));
        Assert.Equal(["S< RETR b", "S< EPSV", "end far 2"], talk.Client("RETR b"));
        talk.News(new PathEvent.NearOpen(2));
        talk.Server("150 ok");
        talk.News(new PathEvent.FarEnded(2));
        Assert.Equal(["settle 2 InOrder", "C< 226 done"], talk.Server("226 done"));
        Assert.Equal(["finished 1 Complete 226 done", "finished 2 Complete 226 done"], talk.Told.Where(told => told.StartsWith("finished", StringComparison.Ordinal)));
    }

    [Fact]
    public void ASetupInAnotherFormTakesItToo()
    {
        var talk = Prefetched();
        Assert.Equal(["listen near 2"], talk.Client("PASV"));
        Assert.Equal(["C< 227 Entering Passive Mode (127,0,0,1,23,114)."], talk.News(new PathEvent.NearListening(2, new("127.0.0.1", 6002))));
    }

    [Fact]
    public void AClientThatListensItselfTakesItToo()
    {
        var talk = Prefetched();
        Assert.Equal(["C< 200 PORT command successful."], talk.Client("PORT 127,0,0,1,8,1"));
        Assert.Equal(["dial near 2 127.0.0.1:2049"], talk.Client("STOR x"));
        Assert.Equal(["S< STOR x"], talk.News(new PathEvent.NearOpen(2)));
    }

    [Fact]
    public void ItIsUsedOnce()
    {
        var talk = Prefetched();
        talk.Client("EPSV");
        talk.News(new PathEvent.NearListening(2, new("127.0.0.1", 6002)));
        Assert.Equal(["S< EPSV"], talk.Client("EPSV"));
        Assert.Equal(["settle 2 Cut", "dial far 4 :5004", "listen near 4"], talk.Server("229 ok (|||5004|)"));
    }

    [Fact]
    public void ASetupThatComesBeforeItWaitsForIt()
    {
        var talk = Downloaded();
        Assert.Empty(talk.Client("EPSV"));
        Assert.Equal(["dial far 2 :5002", "arm 2 Prefetch", "listen near 2"], talk.Server("229 ok (|||5002|)"));
    }

    [Fact]
    public void AnAnswerFromHereDoesNotOvertakeTheServers()
    {
        var talk = Prefetched();
        Assert.Equal(["S< TYPE I"], talk.Client("TYPE I", "EPSV"));
        Assert.Equal(["C< 200 ok", "listen near 2"], talk.Server("200 ok"));
    }

    [Theory]
    [InlineData("MODE B")]
    [InlineData("REIN")]
    [InlineData("USER other")]
    [InlineData("ABOR")]
    [InlineData("SITE CHMOD 644 a")]
    [InlineData("PRET RETR b")]
    [InlineData("XYZZY")]
    public void WhatMayChangeItsMeaningDropsIt(string command)
    {
        var talk = Prefetched();
        Assert.Equal(["settle 2 Cut", $"S< {command}"], talk.Client(command));
        talk.Server(command == "ABOR" ? "225 ok" : "200 ok");
        Assert.Equal(["S< EPSV"], talk.Client("EPSV").TakeLast(1));
    }

    [Fact]
    public void WhatMayChangeItsMeaningDropsItBeforeItCame()
    {
        var talk = Downloaded();
        talk.Client("MODE B");
        Assert.Empty(talk.Server("229 ok (|||5002|)"));
        talk.Server("504 no");
        Assert.Equal(["S< EPSV"], talk.Client("EPSV"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ATransferWithoutASetupDoesNotReachAServerThatListensUnasked(bool dropped)
    {
        var talk = Prefetched();
        if (dropped)
            talk.News(new PathEvent.TimerElapsed(2, TimerKind.Prefetch));
        Assert.Equal(["C< 425 Use PORT or PASV first."], talk.Client("RETR b"));
        // A setup of the client's own puts it right.
        Assert.Equal(dropped ? ["S< EPSV"] : ["listen near 2"], talk.Client("EPSV"));
    }

    [Fact]
    public void ATransferWithoutASetupIsRefusedWhileThePortIsAskedFor()
    {
        var talk = Downloaded();
        Assert.Empty(talk.Client("RETR b"));
        Assert.Equal(["dial far 2 :5002", "arm 2 Prefetch", "C< 425 Use PORT or PASV first."], talk.Server("229 ok (|||5002|)"));
    }

    [Fact]
    public void ItExpires()
    {
        var talk = Prefetched();
        Assert.Equal(["settle 2 Cut"], talk.News(new PathEvent.TimerElapsed(2, TimerKind.Prefetch)));
        Assert.Equal(["S< EPSV"], talk.Client("EPSV"));
    }

    [Fact]
    public void OneThatIsInUseDoesNotExpire()
    {
        var talk = Prefetched();
        talk.Client("EPSV");
        talk.News(new PathEvent.NearListening(2, new("127.0.0.1", 6002)));
        Assert.Empty(talk.News(new PathEvent.TimerElapsed(2, TimerKind.Prefetch)));
    }

    [Theory]
    [InlineData("failed")]
    [InlineData("ended")]
    [InlineData("broken")]
    public void OneThatDoesNotStandIsNotUsed(string how)
    {
        var talk = Prefetched();
        talk.News(how switch
        {
            "failed" => new PathEvent.FarFailed(2, new(FailureKind.Refused, "refused")),
            "ended" => new PathEvent.FarEnded(2),
            _ => new PathEvent.FarBroken(2),
        });
        Assert.Equal("S< EPSV", talk.Client("EPSV").Last());
    }

    [Fact]
    public void ARefusalIsTheClientsToHearWhenItAsks()
    {
        var talk = Downloaded();
        Assert.Empty(talk.Server("500 what?"));
        Assert.Equal(["S< EPSV"], talk.Client("EPSV"));
        Assert.Equal(["dial far 3 :5003", "listen near 3"], talk.Server("229 ok (|||5003|)"));
        talk.News(new PathEvent.NearListening(3, new("127.0.0.1", 6003)));
        // And it is not tried again.
        Assert.Equal(["S< RETR b"], talk.Client("RETR b"));
    }

    [Fact]
    public void AForbiddenPortIsNotDialled()
    {
        var talk = Downloaded();
        Assert.Empty(talk.Server("229 ok (|||21|)"));
        Assert.Equal(["S< EPSV"], talk.Client("EPSV"));
    }

    [Fact]
    public void AnAbortedDownloadTakesItAlong()
    {
        var talk = Begin();
        talk.Client("RETR a");
        talk.Server("150 ok");
        talk.Client("ABOR");
        talk.Server("426 cut");
        Assert.Empty(talk.Server("229 ok (|||5002|)"));
        Assert.Equal(["C< 225 ok"], talk.Server("225 ok"));
        Assert.Equal("S< EPSV", talk.Client("EPSV").Last());
    }

    [Fact]
    public void APortThatComesBeforeTheDownloadsReplyEndsTheSession()
    {
        var talk = Begin();
        talk.Client("RETR a");
        talk.Server("150 ok");
        Assert.Contains("close", talk.Server("229 ok (|||5002|)"));
    }

    [Theory]
    [InlineData("220 ProFTPD Server ready.", true)]
    [InlineData("220 pyftpdlib 1.5.7 ready.", true)]
    [InlineData(Greeting, false, "end far 1")]
    public void OnlyWhenWantedAndOnlyWithServersThatTakeTurns(string greeting, bool wanted, params string[] besides) =>
        Assert.Equal(["S< RETR a", .. besides], Begin(new() { PassivePrefetch = wanted }, greeting).Client("RETR a"));

    [Fact]
    public void NotBehindAnUpload() => Assert.Equal(["S< STOR a"], Begin().Client("STOR a"));

    [Fact]
    public void NotWhenTheClientHasSaidMoreAlready()
    {
        var talk = new Talk(new() { PassivePrefetch = true }, greet: false);
        talk.Server(Greeting);
        talk.Client("PWD", "EPSV", "RETR a", "EPSV");
        talk.Server("257 /");
        Assert.DoesNotContain("S< EPSV", talk.Server("229 ok (|||5001|)"));
    }
}
