using Culvert.Ftp;
using Culvert.Ftp.Dialogue;
using Culvert.Net;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Tests.Ftp.Dialogue;

/// <summary>How data paths come to be: what the server is asked, who is opened when, and what the client reads.</summary>
public sealed class ConversationSetupTests
{
    private static readonly Failure Prohibited = new(FailureKind.Prohibited, "administratively prohibited");

    private static PathEvent.NearListening Listening(int path, int port = 6001) => new PathEvent.NearListening(path, new("127.0.0.1", port));

    [Fact]
    [Proves(ProofTables.Attacks, Attack.ServerPortTheft)]
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
    [Proves(ProofTables.Attacks, Attack.Redirect)]
    [Proves(ProofTables.Attacks, Attack.PrivilegedPorts)]
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
    public void ARefusedListenerIsTold()
    {
        var talk = new Talk();
        talk.Client("EPSV");
        talk.Server("229 ok (|||5001|)");
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
    public void AutoForwardsAPortWhereTheServerRefusesPassiveModeAndRemembersIt()
    {
        var talk = new Talk(new FtpRelayOptions { Active = ActiveMode.Auto });
        Assert.Equal(["S< EPSV"], talk.Client("PORT 127,0,0,1,4,1", "PWD"));
        Assert.Equal(["S< PASV"], talk.Server("500 what"));
        Assert.Equal(["listen far 1 127.0.0.1"], talk.Server("502 no passive mode"));
        Assert.Equal(["S< PORT 127,0,0,1,156,64", "S< PWD"], talk.News(new PathEvent.FarListening(1, new("127.0.0.1", 40000))));
        Assert.Equal(["C< 200 PORT command successful."], talk.Server("200 fine"));
        talk.Server("257 /");
        Assert.Equal(["listen far 2 127.0.0.1"], talk.Client("PORT 127,0,0,1,4,1")); // refused ways come last
    }

    [Fact]
    public void AutoConvertsWhereTheServerAllowsPassiveMode()
    {
        var talk = new Talk(new FtpRelayOptions { Active = ActiveMode.Auto });
        Assert.Equal(["S< EPSV"], talk.Client("PORT 127,0,0,1,4,1"));
        Assert.Equal(["dial far 1 :5001", "C< 200 PORT command successful."], talk.Server("229 ok (|||5001|)"));
    }

    [Fact]
    public void ARefusedPortIsToldInTheServersWords()
    {
        var talk = new Talk(new FtpRelayOptions { Active = ActiveMode.Auto });
        talk.Client("PORT 127,0,0,1,4,1");
        talk.Server("500 what");
        talk.Server("502 no passive mode");
        talk.News(new PathEvent.FarListening(1, new("127.0.0.1", 40000)));
        Assert.Equal(["settle 1 Cut", "C< 500 Illegal PORT command."], talk.Server("500 Illegal PORT command."));
    }

    [Theory]
    [InlineData("PASV", "C< 227 Entering Passive Mode (127,0,0,1,23,113).", ActiveMode.Auto)]
    [InlineData("EPSV", "C< 229 Entering Extended Passive Mode (|||6001|)", ActiveMode.Auto)]
    [InlineData("PASV", "C< 227 Entering Passive Mode (127,0,0,1,23,113).", ActiveMode.Forward)]
    public void APassiveClientReachesAnActiveOnlyServer(string command, string answer, ActiveMode active)
    {
        var talk = new Talk(new FtpRelayOptions { Active = active });
        talk.Client(command);
        talk.Server("500 what");
        Assert.Equal(["listen far 1 127.0.0.1"], talk.Server("500 what"));
        Assert.Equal(["S< PORT 127,0,0,1,156,64"], talk.News(new PathEvent.FarListening(1, new("127.0.0.1", 40000))));
        Assert.Equal(["listen near 1"], talk.Server("200 fine"));
        Assert.Equal([answer], talk.News(Listening(1)));
        Assert.Equal(["S< RETR x"], talk.Client("RETR x"));
        talk.News(new PathEvent.FarOpen(1), new PathEvent.NearOpen(1), new PathEvent.FarEnded(1));
        Assert.Equal(["settle 1 InOrder", "C< 226 done"], talk.Server("226 done"));
    }

    [Theory]
    [InlineData("227 ok (10,0,0,5,4,1)", "dial far 1 10.0.0.5:1025")]
    [InlineData("227 ok (10,1,0,5,4,1)", "C< 425 Can't open data connection: the server's reply names 10.1.0.5, which is none of the data hosts.")]
    [InlineData("227 ok (0,0,0,0,4,1)", "C< 425 Can't open data connection: the server's reply names 0.0.0.0, which is none of the data hosts.")]
    [InlineData("229 ok (|||1025|)", "dial far 1 :1025")] // it names no address
    [InlineData("229 ok (|1|10.0.0.5|1025|)", "dial far 1 :1025")]
    [Proves(ProofTables.Attacks, Attack.Redirect)]
    public void TheAddressInA227IsUsedWhereTheUserWantsAndListedIt(string reply, string decided)
    {
        var talk = new Talk(new FtpRelayOptions { DataAddress = DataAddress.Reply, DataHosts = [System.Net.IPNetwork.Parse("192.0.2.7/32"), System.Net.IPNetwork.Parse("10.0.0.0/24")] });
        talk.Client("PASV");
        Assert.Equal(decided, talk.Server(reply)[0]);
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.ServerPortTheft)]
    public void WithoutForwardingNothingIsOpenedOnTheFarSide()
    {
        var talk = new Talk();
        talk.Client("PASV");
        talk.Server("500 what");
        Assert.Equal(["C< 500 what"], talk.Server("500 no"));
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.Floods)]
    public void ANewSetupEndsTheUnusedPath()
    {
        var talk = new Talk().Standing();
        talk.Client("EPSV");
        Assert.Equal(["settle 1 Cut", "dial far 2 :5002", "listen near 2"], talk.Server("229 ok (|||5002|)"));
    }
}
