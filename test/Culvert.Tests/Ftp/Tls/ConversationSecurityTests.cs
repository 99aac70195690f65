using Culvert.Ftp;
using Culvert.Ftp.Dialogue;
using Culvert.Tests.Ftp.Dialogue;
using Xunit;

namespace Culvert.Tests.Ftp.Tls;

/// <summary>RFC 4217 as the conversation sees it.</summary>
public sealed class ConversationSecurityTests
{
    // Found by the fuzzer: AUTH was answered in its turn, behind the server's refusal.
    [Fact]
    public void ATlsThatCameToNothingAfterTheEndIsNoNews()
    {
        var talk = new Talk(new() { Ftps = Ftps.Terminate }, greet: false);
        talk.Client("AUTH TLS");
        Assert.Equal(["C< 450 busy", "C< 234 Begin TLS.", "encrypt client", "close"], talk.Server("450 busy"));
        var told = talk.Told.Count;
        Assert.Empty(talk.EncryptionFailed(client: true));
        Assert.Equal(told, talk.Told.Count);
    }

    // Found by the fuzzer: the listener's news would find nobody, and replies would be held for ever.
    [Fact]
    public void AChangeOfProtWhileAListenerIsAwaitedFailsItsSetup()
    {
        var talk = new Talk(new() { Ftps = Ftps.Terminate, ImplicitTls = true });
        talk.ClientEncrypted();
        talk.Client("EPSV");
        Assert.Contains("listen near 1 encrypted", talk.Server("229 ok (|||5001|)"));
        Assert.True(talk.Holds);
        Assert.Equal(["settle 1 Cut", "C< 425 Can't open data connection: what it is to be has changed meanwhile.", "C< 200 Data connections are clear."], talk.Client("PROT C"));
        Assert.False(talk.Holds);
    }

    // It would reach the server behind what was said before it, and end something else.
    [Fact]
    public void AnAbortBeforeTheServerIsSafeIsAnsweredHere()
    {
        var talk = new Talk(new() { Ftps = Ftps.Originate });
        talk.Client("USER me", "ABOR");
        talk.Server("234 go");
        talk.ServerEncrypted();
        Assert.Equal(["S< USER me"], talk.Server("200 ok", "200 private"));
        Assert.Equal(["C< 331 password", "C< 226 Nothing is under way."], talk.Server("331 password"));
    }

    private static Talk Terminating(bool encrypted = false, bool asked = false)
    {
        var talk = new Talk(new() { Ftps = Ftps.Terminate });
        if (encrypted)
        {
            talk.Client("AUTH TLS");
            talk.ClientEncrypted();
        }
        if (asked)
            talk.Client("PBSZ 0", "PROT P");
        return talk;
    }

    [Theory]
    [InlineData("AUTH TLS")]
    [InlineData("AUTH tls-c")]
    [InlineData("auth SSL ")]
    public void AuthIsAnsweredAndNothingIsReadUntilTlsHasBegun(string auth)
    {
        var talk = Terminating();
        Assert.Equal(["C< 234 Begin TLS.", "encrypt client"], talk.Client(auth));
        Assert.False(talk.WantsCommands);
        Assert.Empty(talk.ClientEncrypted());
        Assert.True(talk.WantsCommands);
        Assert.StartsWith("C< 503", Assert.Single(talk.Client("AUTH TLS")), StringComparison.Ordinal);
    }

    [Fact]
    public void AuthWaitsForTheRepliesOfEarlierCommands()
    {
        var talk = Terminating();
        talk.Client("NOOP");
        Assert.Empty(talk.Client("AUTH TLS"));
        Assert.False(talk.WantsCommands);
        Assert.Equal(["C< 200 ok", "C< 234 Begin TLS.", "encrypt client"], talk.Server("200 ok"));
    }

    [Theory]
    [InlineData("AUTH GSSAPI", "504")]
    [InlineData("AUTH", "504")]
    [InlineData("ADAT x", "503")]
    [InlineData("PBSZ 0", "503")]
    [InlineData("PROT P", "503")]
    [InlineData("CCC", "503")]
    public void WhatIsNotOfferedBeforeTls(string command, string code) =>
        Assert.StartsWith($"C< {code}", Assert.Single(Terminating().Client(command)), StringComparison.Ordinal);

    [Theory]
    [InlineData("PROT P", "200")]
    [InlineData("prot c", "200")]
    [InlineData("PROT S", "536")]
    [InlineData("PROT E", "536")]
    [InlineData("PROT X", "504")]
    [InlineData("PROT", "504")]
    [InlineData("CCC", "534")]
    [InlineData("REIN", "502")]
    public void WhatIsAnsweredInTls(string command, string code)
    {
        var talk = Terminating(encrypted: true);
        if (command.StartsWith("PROT", StringComparison.OrdinalIgnoreCase))
            Assert.StartsWith("C< 503", Assert.Single(talk.Client(command)), StringComparison.Ordinal);
        Assert.Equal(["C< 200 PBSZ=0"], talk.Client("PBSZ 0"));
        Assert.StartsWith($"C< {code}", Assert.Single(talk.Client(command)), StringComparison.Ordinal);
    }

    [Fact]
    public void DataIsEncryptedAfterProtPAlone()
    {
        var talk = Terminating(encrypted: true, asked: true);
        talk.Client("EPSV");
        Assert.Contains("listen near 1 encrypted", talk.Server("229 ok (|||5001|)"));
        talk.News(new PathEvent.NearListening(1, new("127.0.0.1", 6001)));
        // A listener that was opened for one level isn't used at another.
        Assert.Equal(["settle 1 Cut", "C< 200 Data connections are clear."], talk.Client("PROT C"));
        talk.Client("EPSV");
        Assert.Contains("listen near 2", talk.Server("229 ok (|||5002|)"));
        talk.News(new PathEvent.NearListening(2, new("127.0.0.1", 6002)));
        talk.Client("PROT P", "PORT 127,0,0,1,100,1");
        talk.Server("229 ok (|||5003|)");
        Assert.Contains("dial near 3 127.0.0.1:25601 encrypted", talk.Client("RETR f"));
    }

    [Fact]
    public void FeatOffersWhatIsOffered()
    {
        string[] added = ["C<  AUTH TLS", "C<  PBSZ", "C<  PROT"];
        var talk = Terminating();
        talk.Client("FEAT");
        Assert.Equal(["C< 211-Features", "C<  UTF8", .. added, "C< 211 End"], talk.Server("211-Features", " AUTH TLS;TLS-C", " UTF8", " PROT", " CCC", "211 End"));
        talk.Client("FEAT");
        Assert.Equal(["C< 211-Features:", .. added, "C< 211 End"], talk.Server("211 none"));
        talk.Client("FEAT");
        Assert.Equal(["C< 500 what?"], talk.Server("500 what?"));
        var refusing = new Talk();
        refusing.Client("FEAT");
        Assert.Equal(["C< 211-Features", "C< 211 End"], refusing.Server("211-Features", " AUTH TLS", " PBSZ", " PROT", "211 End"));
        var opaque = new Talk(new() { Ftps = Ftps.Opaque, PassivePorts = new(50000, 50001) });
        opaque.Client("FEAT");
        Assert.Equal(["C< 211-Features", "C<  AUTH TLS", "C<  PROT", "C< 211 End"], opaque.Server("211-Features", " AUTH TLS", " PROT", " SPSV", "211 End"));
    }

    private static Talk Originating(string[] greeted, params string[] client)
    {
        var talk = new Talk(new() { Ftps = Ftps.Originate }, greet: false);
        Assert.Equal(greeted, talk.Server("220 ready"));
        Assert.Empty(talk.Client(client));
        return talk;
    }

    [Fact]
    public void NothingOfTheClientReachesAServerThatIsNotSafe()
    {
        var talk = Originating(["C< 220 ready", "S< AUTH TLS"], "USER me", "PASS secret", "ABOR", "STAT");
        Assert.Equal(["encrypt server"], talk.Server("234 go"));
        Assert.Empty(talk.Client("NOOP"));
        Assert.Equal(["S< PBSZ 0", "S< PROT P"], talk.ServerEncrypted());
        Assert.Empty(talk.Server("200 PBSZ=0"));
        Assert.Equal(["S< USER me", "S< PASS secret", "S< STAT"], talk.Server("200 private").Take(3));
    }

    [Theory]
    [InlineData("502 what?")]
    [InlineData("534 no")]
    [InlineData("200 fine, go on")]
    public void AServerThatRefusesTlsEndsTheSession(string reply)
    {
        var talk = Originating(["C< 220 ready", "S< AUTH TLS"], "USER me");
        var decided = talk.Server(reply);
        Assert.StartsWith("C< 421", decided[0], StringComparison.Ordinal);
        Assert.DoesNotContain(decided, one => one.StartsWith("S< ", StringComparison.Ordinal));
        Assert.True(talk.IsClosed);
    }

    [Fact]
    public void AServerThatRefusesProtPEndsTheSession()
    {
        var talk = Originating(["C< 220 ready", "S< AUTH TLS"], "USER me");
        talk.Server("234 go");
        talk.ServerEncrypted();
        Assert.Empty(talk.Server("503 PBSZ?")); // what counts is PROT
        Assert.StartsWith("C< 421", talk.Server("536 no")[0], StringComparison.Ordinal);
        Assert.True(talk.IsClosed);
    }

    [Fact]
    public void AReplyThatNobodyAskedForBeforeTlsEndsTheSession()
    {
        var talk = Originating(["C< 220 ready", "S< AUTH TLS"]);
        talk.Server("234 go");
        var decided = talk.Server("331 for the USER to come");
        Assert.StartsWith("C< 421", decided[0], StringComparison.Ordinal);
        Assert.True(talk.IsClosed);
    }

    [Fact]
    public void TheClientsAuthIsRefusedWhereOnlyTheServerSpeaksTls()
    {
        var talk = Originating(["C< 220 ready", "S< AUTH TLS"]);
        talk.Server("234 go");
        talk.ServerEncrypted();
        talk.Server("200 ok", "200 ok");
        Assert.StartsWith("C< 534", Assert.Single(talk.Client("AUTH TLS")), StringComparison.Ordinal);
        Assert.StartsWith("C< 502", Assert.Single(talk.Client("REIN")), StringComparison.Ordinal);
    }

    [Fact]
    public void WhenSteppingAsideAuthGoesAloneAndNothingFollowsIt()
    {
        var talk = new Talk(new() { Ftps = Ftps.Opaque, PassivePorts = new(50000, 50001) });
        talk.Client("NOOP");
        Assert.Empty(talk.Client("AUTH TLS"));
        Assert.Equal(["C< 200 ok", "S< AUTH TLS"], talk.Server("200 ok"));
        Assert.False(talk.WantsCommands);
        Assert.Equal(["step aside 234-now / 234 go"], talk.Server("234-now", "234 go"));
    }
}
