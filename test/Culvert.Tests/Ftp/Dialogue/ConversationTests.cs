using Culvert.Ftp;
using Culvert.Ftp.Dialogue;
using Culvert.Ftp.Wire;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Tests.Ftp.Dialogue;

/// <summary>The dialogue as such: what passes, what is refused, and which reply belongs to which command.</summary>
public sealed class ConversationTests
{
    [Theory]
    [InlineData("USER bob")]
    [InlineData("RETR a file")] // no path: the server says so
    [InlineData("STOR x")]
    [InlineData("SITE CHMOD 644 x")]
    [InlineData("XSHA256 x")] // unknown
    [InlineData("  cwd\tx")] // as it came
    public void ACommandPassesAsItCame(string line) => Assert.Equal([$"S< {line}"], new Talk().Client(line));

    [Theory]
    [InlineData("AUTH TLS", "534")]
    [InlineData("auth ssl", "534")]
    [InlineData("ADAT x", "534")]
    [InlineData("PBSZ 0", "503")]
    [InlineData("PROT P", "503")]
    [InlineData("CCC", "503")]
    [InlineData("LPRT 4,4,1,1,1,1,2,1,1", "502")]
    [InlineData("LPSV", "502")]
    [InlineData("SPSV", "502")]
    [InlineData("CPSV", "502")]
    [InlineData("APSV", "502")]
    [InlineData("SSCN ON", "502")]
    [InlineData("ESTA", "502")]
    [InlineData("ALGS STATUS64", "502")]
    [InlineData("PASV x", "501")]
    [InlineData("EPSV 3", "501")]
    [InlineData("EPSV 2", "522")] // the client's connection is IPv4
    [InlineData("PORT 127,0,0,1,4", "501")]
    [InlineData("PORT 10,0,0,9,4,1", "500")]
    [InlineData("PORT 127,0,0,1,3,1", "504")]
    [InlineData("EPRT |1|10.0.0.9|2000|", "500")]
    [InlineData("EPRT |1|localhost|2000|", "501")]
    [InlineData("EPRT |4|x|2000|", "522")]
    [InlineData("", "500")]
    [InlineData("PA\u0001SV", "500")]
    [InlineData("PASV\v", "500")]
    [InlineData("PA\u00ff\u00f1SV", "500")]
    [InlineData("\"PASV\"", "500")]
    [Proves(ProofTables.Attacks, Attack.Bounce)]
    [Proves(ProofTables.Attacks, Attack.StartTls)]
    [Proves(ProofTables.Attacks, Attack.OddSpellings)]
    public void WhatIsNotTranslatedIsRefusedHere(string line, string code)
    {
        var decided = Assert.Single(new Talk().Client(line));
        Assert.StartsWith($"C< {code} ", decided, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatWasRewrittenIsToldAsItCame() =>
        Assert.Contains(new Talk().Standing().Told, told => told.StartsWith("rewrote 229 ok (|||5001|) -> 229 ", StringComparison.Ordinal));

    [Fact]
    public void HostNamesWhatTheUserSaid()
    {
        Assert.Equal(["S< HOST localhost"], new Talk().Client("HOST localhost"));
        var talk = new Talk(new FtpRelayOptions { HostName = "ftp.example.org" });
        Assert.Equal(["S< HOST ftp.example.org"], talk.Client("host 127.0.0.1"));
        Assert.Contains("rewrote HOST 127.0.0.1 -> HOST ftp.example.org", talk.Told);
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.Injection)]
    public void AFaultyLineIsRefusedHere()
    {
        foreach (var fault in new[] { LineFault.TooLong, LineFault.Nul, LineFault.CarriageReturn })
            Assert.StartsWith("C< 500 ", Assert.Single(new Talk().ClientFault(fault)), StringComparison.Ordinal);
    }

    // However it is spelled, the server gets the relay's own words.
    [Theory]
    [InlineData("PASV", "PASV")]
    [InlineData("pasv", "PASV")]
    [InlineData(" \tPaSv", "PASV")]
    [InlineData("PASV \t", "PASV")]
    [InlineData("\vPASV", "PASV")]
    [InlineData("epsv", "EPSV")]
    [InlineData("EPSV 1", "EPSV")]
    [InlineData("EPSV\t1", "EPSV")]
    [InlineData("port 127,0,0,1,4,1", "EPSV")]
    [InlineData("\tPORT\t127,0,0,1,4,1", "EPSV")]
    [InlineData("PORT 127,0,0,1,4,1 \t", "EPSV")]
    [InlineData("EPRT |1|127.0.0.1|2000|  ", "EPSV")]
    [InlineData("Eprt |1|127.0.0.1|2000|", "EPSV")]
    [Proves(ProofTables.Attacks, Attack.Bounce)]
    public void ASetupCommandIsNeverPassed(string line, string asked) => Assert.Equal([$"S< {asked}"], new Talk().Client(line));

    [Theory]
    [InlineData("GET / HTTP/1.1")]
    [InlineData("POST /x HTTP/1.1")]
    [InlineData("Host: localhost:1234")]
    [InlineData("SSH-2.0-OpenSSH_9.2")]
    [Proves(ProofTables.Attacks, Attack.Browser)]
    [Proves(ProofTables.Attacks, Attack.CrossProtocol)]
    public void AnotherProtocolIsClosed(string line) => Assert.Equal(["close"], new Talk(greet: false).Client(line));

    [Fact]
    [Proves(ProofTables.Attacks, Attack.CrossProtocol)]
    public void TlsIsClosed() => Assert.Equal(["close"], new Talk(greet: false).ClientFault(LineFault.ClientHello));

    [Fact]
    [Proves(ProofTables.Dialogue, "a greeting of 120 and then 220")]
    public void CommandsWaitForTheGreeting()
    {
        var talk = new Talk(greet: false);
        Assert.Empty(talk.Client("USER bob"));
        Assert.Equal(["C< 120 soon"], talk.Server("120 soon"));
        Assert.Equal(["C< 220-a", "C< 220 b", "S< USER bob"], talk.Server("220-a", "220 b"));
    }

    [Fact]
    public void ALocalAnswerDoesNotOvertake()
    {
        var talk = new Talk();
        Assert.Equal(["S< PWD"], talk.Client("PWD", "AUTH TLS"));
        Assert.Equal(["S< SYST"], talk.Client("SYST"));
        var decided = talk.Server("257 \"/\"");
        Assert.Equal("C< 257 \"/\"", decided[0]);
        Assert.StartsWith("C< 534", decided[1], StringComparison.Ordinal);
        Assert.Equal(["C< 215 UNIX"], talk.Server("215 UNIX"));
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.FakeReply)]
    public void AMultiLineReplyEndsOnlyAtItsOwnCode()
    {
        var talk = new Talk();
        talk.Client("HELP", "PWD");
        // What begins like a reply is set off: curl ends a reply at any code with a blank, ftplib at the same digits with anything but a hyphen.
        Assert.Equal(["C< 214-a", "C<  227 Entering (1,2,3,4,5,6)", "C<  226 x", "C< 214-b", "C<  2145", "C< 214 end"],
            talk.Server("214-a", "227 Entering (1,2,3,4,5,6)", "226 x", "214-b", "2145", "214 end"));
        Assert.Equal(["C< 257 x"], talk.Server("257 x"));
    }

    [Theory]
    [InlineData("PASV", "227-x")]
    [InlineData("STOR x", "226-x")]
    [InlineData(null, "421-x")]
    [Proves(ProofTables.Attacks, Attack.Floods)]
    public void AReplyThatIsCollectedEndsSomewhereWhateverItsLines(string? command, string first)
    {
        foreach (var line in new[] { "", "x", new string('x', 1000) })
        {
            var talk = new Talk().Standing();
            if (command is not null)
                talk.Client(command);
            talk.Server(first);
            for (var lines = 0; !talk.IsClosed; lines++)
            {
                Assert.True(lines < 10_000, "it is still collecting");
                talk.Server(line);
            }
        }
    }

    // A client that doesn't compare codes would read "200 fake" as the end, and the rest as the answer to its next PASV.
    [Fact]
    [Proves(ProofTables.Attacks, Attack.FakeReply)]
    public void AReplyPlantedInTextIsNoReplyToAnyClient()
    {
        var talk = new Talk();
        talk.Client("TYPE I");
        string[] sent = ["200-hi", "200fake", "227 Entering Passive Mode (10,0,0,9,4,1)", "2290 (|||1025|)", "999 x", "200 ok"];
        var heard = talk.Server(sent).Select(line => line[3..]).ToArray();
        Assert.Equal([sent[0], " " + sent[1], " " + sent[2], " " + sent[3], " " + sent[4], sent[5]], heard);
    }

    [Theory]
    [InlineData("200 hello")]
    [InlineData("230 you are in")]
    public void AnOddGreetingIsOne(string greeting)
    {
        var talk = new Talk(greet: false);
        talk.Client("PWD");
        Assert.Equal([$"C< {greeting}", "S< PWD"], talk.Server(greeting));
    }

    [Fact]
    public void AMultiLineReplyMayEndInTheThreeDigitsAlone()
    {
        var talk = new Talk();
        talk.Client("HELP", "PWD");
        Assert.Equal(["C< 214-a", "C< 214 ", "C< 257 x"], talk.Server("214-a", "214", "257 x"));
    }

    [Theory]
    [InlineData("227 Entering Passive Mode (127,0,0,1,4,1)")]
    [InlineData("229 Entering Extended Passive Mode (|||1025|)")]
    [Proves(ProofTables.Attacks, Attack.Unsolicited)]
    public void AnUnsolicited227Or229EndsTheSession(string reply)
    {
        foreach (var before in new[] { [], new[] { "PWD" }, ["RETR x"], ["XXXX"], ["NOOP"] })
        {
            var talk = new Talk();
            talk.Client(before);
            var decided = talk.Server(reply);
            Assert.StartsWith("C< 421 ", decided[0], StringComparison.Ordinal);
            Assert.Equal("close", decided[^1]);
        }
    }

    [Fact]
    public void A421EndsTheSessionAtAnyTime()
    {
        Assert.Equal(["C< 421 idle", "close"], new Talk().Server("421 idle"));
        var talk = new Talk().Standing();
        talk.Client("RETR x");
        Assert.Equal(["settle 1 Cut", "C< 421 idle", "close"], talk.Server("421 idle"));
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.FakeReply)]
    public void WhatIsNoReplyEndsTheSession() => Assert.Equal("close", new Talk().Server("hello")[^1]);

    [Fact]
    public void FeatIsFiltered()
    {
        var talk = new Talk();
        talk.Client("FEAT");
        string[] reply = ["211-Features:", " AUTH TLS", "    AUTH SSL", "211-AUTH TLS-C;", " PBSZ", " PROT", " CCC", " CPSV", " SSCN", " lpsv", " EPSV", " MLST size*;", "", " UTF8", "211 End"];
        Assert.Equal(["C< 211-Features:", "C<  EPSV", "C<  MLST size*;", "C< ", "C<  UTF8", "C< 211 End"], talk.Server(reply));
    }

    /// <summary>Pure-FTPd knows no STAT while it sends, and goes on sending.</summary>
    [Theory]
    [InlineData("STAT", "500 Unknown command")]
    [InlineData("NOOP", "502 Not now")]
    [Proves(ProofTables.Dialogue, "a STAT or NOOP that is refused during a transfer")]
    public void ARefusedStatDuringATransferIsNotTheTransfersVerdict(string command, string refusal)
    {
        var talk = new Talk().Standing();
        talk.Client("RETR x");
        talk.Server("150 go");
        talk.Client(command);
        Assert.Equal([$"C< {refusal}"], talk.Server(refusal));
        talk.News(new PathEvent.FarEnded(1));
        Assert.Equal(["settle 1 InOrder", "C< 226 done"], talk.Server("226 done"));
        Assert.Contains("finished 1 Complete 226 done", talk.Told);
    }

    [Theory]
    [InlineData("220 ready")]
    [InlineData("230 ready")] // pyftpdlib
    [Proves(ProofTables.Dialogue, "REIN, answered by 220 or 230")]
    public void ReinForgetsWhatTheSessionHasLearned(string reply)
    {
        var talk = new Talk();
        talk.Client("EPSV ALL", "REIN");
        Assert.Contains("arm 0 Login", talk.Server(reply));
        Assert.Equal(["S< PASV"], talk.Client("PASV"));
    }

    [Fact]
    [Proves(ProofTables.Dialogue, "EPSV ALL, then PASV")]
    public void EpsvAllIsAnsweredHereAndThenHolds()
    {
        var talk = new Talk();
        Assert.StartsWith("C< 200", Assert.Single(talk.Client("EPSV all")), StringComparison.Ordinal);
        Assert.StartsWith("C< 503", Assert.Single(talk.Client("PASV")), StringComparison.Ordinal);
        Assert.StartsWith("C< 503", Assert.Single(talk.Client("PORT 127,0,0,1,4,1")), StringComparison.Ordinal);
        Assert.StartsWith("C< 503", Assert.Single(talk.Client("EPRT |1|127.0.0.1|2000|")), StringComparison.Ordinal);
        Assert.Equal(["S< EPSV"], talk.Client("EPSV"));
        talk.Server("500 no");
        talk.Server("500 no");
        talk.Client("REIN");
        talk.Server("220 new");
        Assert.StartsWith("S< ", Assert.Single(talk.Client("PASV")), StringComparison.Ordinal);
    }

    [Fact]
    public void AStatDuringATransferIsAnsweredBeforeIt()
    {
        var talk = new Talk().Standing();
        Assert.Equal(["S< RETR x", "S< STAT"], talk.Client("RETR x", "STAT"));
        Assert.Equal(["C< 150 go"], talk.Server("150 go"));
        Assert.Equal(["C< 213-half", "C< 213 of it"], talk.Server("213-half", "213 of it"));
        talk.News(new PathEvent.FarEnded(1));
        Assert.Equal(["settle 1 InOrder", "C< 226 done"], talk.Server("226 done"));
    }

    [Fact]
    public void TheServersEndIs421ForTheClientUnlessItSaidGoodbye()
    {
        Assert.StartsWith("C< 421", new Talk().ServerGone()[0], StringComparison.Ordinal);
        Assert.StartsWith("C< 421", new Talk().ServerGone(lost: true)[0], StringComparison.Ordinal);
        var talk = new Talk();
        talk.Client("QUIT");
        talk.Server("221 bye");
        Assert.Equal(["close"], talk.ServerGone());
    }

    [Fact]
    public void TheClientsEndIsPassedOnBehindItsCommands()
    {
        var talk = new Talk().Standing();
        talk.Client("STOR x", "QUIT");
        Assert.Equal(["arm 0 Farewell"], talk.ClientGone());
        talk.News(new PathEvent.NearEnded(1));
        Assert.Equal(["settle 1 InOrder", "C< 226 done", "S< QUIT", "end server"], talk.Server("226 done"));
    }

    [Fact]
    public void AServerThatSaysNothingDoesNotKeepTheSessionOfAClientThatHasGone()
    {
        foreach (var greet in new[] { false, true })
        {
            var talk = new Talk(greet: greet);
            talk.Client(greet ? ["EPSV", "PWD"] : ["USER bob"]); // something waits behind what the server doesn't answer
            Assert.Equal(["arm 0 Farewell"], talk.ClientGone());
            Assert.Equal(["close"], talk.News(new PathEvent.TimerElapsed(0, TimerKind.Farewell, 0)));
        }
    }

    [Fact]
    public void AtShutdownAnIdleSessionEndsAtOnceAndATransferGetsItsGrace()
    {
        Assert.StartsWith("C< 421", new Talk().Shutdown()[0], StringComparison.Ordinal);

        var talk = new Talk().Standing();
        talk.Client("RETR x");
        Assert.Equal(["arm 0 Grace"], talk.Shutdown());
        talk.News(new PathEvent.FarEnded(1));
        var decided = talk.Server("226 done");
        Assert.Equal(["settle 1 InOrder", "C< 226 done"], decided[..2]);
        Assert.StartsWith("C< 421", decided[2], StringComparison.Ordinal);

        talk = new Talk().Standing();
        talk.Client("RETR x");
        talk.Shutdown();
        decided = talk.News(new PathEvent.TimerElapsed(0, TimerKind.Grace, 0));
        Assert.Equal("settle 1 Cut", decided[0]);
        Assert.StartsWith("C< 421", decided[1], StringComparison.Ordinal);
    }

    [Fact]
    public void UnknownCommandsCanBeRefused()
    {
        var talk = new Talk(new FtpRelayOptions { RefuseUnknownCommands = true });
        Assert.Equal(["C< 502 XYZZY is not known here."], talk.Client("XYZZY x").Where(said => said.StartsWith("C<", StringComparison.Ordinal)));
        Assert.Contains("S< MDTM x", talk.Client("MDTM x"));
    }

    [Fact]
    public void WithTheRewritingOffEverythingPasses()
    {
        var talk = new Talk(new FtpRelayOptions { RewritingOff = true });
        Assert.Equal(["S< PASV"], talk.Client("PASV"));
        Assert.Equal(["C< 227 ok (10,0,0,5,4,1)"], talk.Server("227 ok (10,0,0,5,4,1)"));
        Assert.Equal(["S< PORT 10,0,0,9,4,1"], talk.Client("PORT 10,0,0,9,4,1"));
        Assert.Equal(["C< 200 ok"], talk.Server("200 ok"));
        Assert.Equal(["S< RETR x"], talk.Client("RETR x"));
        Assert.Equal(["C< 150 go", "C< 226 ok"], talk.Server("150 go", "226 ok"));
    }
}
