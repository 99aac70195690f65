using Culvert.Ftp.Dialogue;
using Culvert.Ftp.Wire;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Tests.Ftp.Dialogue;

/// <summary>What a peer may do how often, and how long it may take: nobody holds a session for nothing.</summary>
public sealed class ConversationLimitTests
{
    private static readonly PathEvent.TimerElapsed LoginIsOver = new(0, TimerKind.Login);

    [Fact]
    [Proves(ProofTables.Attacks, Attack.Browser)]
    public void WhoDoesntWaitForTheGreetingIsClosed()
    {
        var talk = new Talk(greet: false);
        Assert.Empty(talk.Client("USER bob"));
        Assert.Equal(["close"], talk.Client("PASS x"));
    }

    [Theory]
    [InlineData("EHLO there", "MAIL FROM", "RCPT TO")] // another protocol's words
    [InlineData("PASV\u0001", "\"x\"", "{}")]
    [InlineData("XYZZY", "", "XYZZY")]
    [Proves(ProofTables.Attacks, Attack.CrossProtocol)]
    public void ThreeBadCommandsBeforeTheLoginEndTheSession(params string[] lines)
    {
        var talk = new Talk();
        foreach (var line in lines[..2])
            Assert.DoesNotContain("close", talk.Client(line));
        var decided = talk.Client("XYZZY");
        Assert.StartsWith("C< 421", decided[^2], StringComparison.Ordinal);
        Assert.Equal("close", decided[^1]);
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.CrossProtocol)]
    public void ThreeFaultyLinesBeforeTheLoginEndTheSession()
    {
        var talk = new Talk();
        talk.ClientFault(LineFault.TooLong);
        talk.ClientFault(LineFault.Nul);
        Assert.Equal("close", talk.ClientFault(LineFault.CarriageReturn)[^1]);
    }

    [Fact]
    public void WhatFtpClientsSayBeforeTheLoginIsNotBad()
    {
        var talk = new Talk();
        talk.Client("AUTH TLS", "AUTH SSL", "PBSZ 0", "PROT P", "FEAT", "HOST x", "CLNT x", "SYST", "HELP", "USER bob");
        Assert.False(talk.IsClosed);
    }

    [Theory]
    [InlineData("USER bob / 230 in")]
    [InlineData("USER bob / 331 password / PASS x / 230 in")]
    [InlineData("USER bob / 331 password / PASS x / 202 not needed")]
    [InlineData("USER bob / 331 password / PASS x / 332 account / ACCT y / 230 in")]
    [InlineData("EPSV / 229 (|||5001|)")] // no login is needed there
    public void AfterTheLoginThereIsNoHurry(string dialogue)
    {
        var talk = new Talk();
        foreach (var (line, turn) in dialogue.Split(" / ").Select((line, turn) => (line, turn)))
        {
            if (turn % 2 == 0)
                talk.Client(line);
            else
                talk.Server(line);
        }
        Assert.Empty(talk.News(LoginIsOver));
        talk.Client("X1", "X2", "X3", "X4");
        Assert.False(talk.IsClosed);
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.SlowPeers)]
    public void WithoutALoginTheSessionEnds()
    {
        var talk = new Talk();
        talk.Client("USER bob");
        talk.Server("331 password");
        talk.Client("PASS x");
        talk.Server("530 no");
        Assert.Equal(["C< 421 No login within 120 seconds.", "close"], talk.News(LoginIsOver));
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.SlowPeers)]
    public void AServerThatDoesntGreetIsToldOf() =>
        Assert.Equal(["C< 421 The FTP server did not greet within 120 seconds.", "close"], new Talk(greet: false).News(LoginIsOver));

    [Fact]
    public void AfterReinTheLoginIsAwaitedAgain()
    {
        var talk = new Talk();
        talk.Client("USER bob");
        talk.Server("230 in");
        talk.Client("REIN");
        Assert.Contains("arm 0 Login", talk.Server("220 again"));
        Assert.Equal("close", talk.News(LoginIsOver)[^1]);
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.SlowPeers)]
    public void HalfACommandEndsTheSession() =>
        Assert.Equal(["C< 421 A command was not ended within 60 seconds.", "close"], new Talk().News(new PathEvent.TimerElapsed(0, TimerKind.PartialLine)));

    [Fact]
    public void HalfAReplyEndsTheSession() =>
        Assert.Equal(["C< 421 The FTP server didn't end a line within 300 seconds.", "close"], new Talk().News(new PathEvent.TimerElapsed(0, TimerKind.PartialReply)));

    [Theory]
    [InlineData(nameof(LineFault.TooLong), "500 Command longer than 4096 bytes.")]
    [InlineData(nameof(LineFault.Nul), "500 Command with a NUL byte.")]
    [InlineData(nameof(LineFault.CarriageReturn), "500 Command with a carriage return inside.")]
    public void AFaultyCommandIsRefusedWithItsFault(string fault, string reply) =>
        Assert.Equal([$"C< {reply}"], new Talk().ClientFault(Enum.Parse<LineFault>(fault)));

    [Theory]
    [InlineData("227 welcome (10,9,8,7,78,32)")]
    [InlineData("229 welcome (|||5001|)")]
    public void AGreetingNamesNoAddress(string greeting) => Assert.Equal("close", new Talk(greet: false).Server(greeting)[^1]);
}
