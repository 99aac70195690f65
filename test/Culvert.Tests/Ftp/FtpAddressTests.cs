using System.Net;
using System.Text;
using CsCheck;
using Culvert.Ftp.Wire;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Tests.Ftp;

public sealed class FtpAddressTests
{
    private static FtpLine[] Lines(string text) => [.. text.Split('\n').Select(l => new FtpLine(Encoding.Latin1.GetBytes(l)))];

    [Theory]
    [InlineData("127,0,0,1,4,1", "127.0.0.1:1025")]
    [InlineData("255,255,255,255,255,255", "255.255.255.255:65535")]
    [InlineData("127,0,0,1,4", null)]
    [InlineData("127,0,0,1,4,1,", null)]
    [InlineData("127,0,0,1,4,1 ", null)]
    [InlineData(" 127,0,0,1,4,1", null)]
    [InlineData("127,0,0,1,4,256", null)]
    [InlineData("127,0,0,1,+4,1", null)]
    [InlineData("127,0,0,1,-4,1", null)]
    [InlineData("127,0,0,1,0x4,1", null)]
    [InlineData("127, 0,0,1,4,1", null)]
    [InlineData("127,0,0,1,4,1\n", null)]
    [InlineData("localhost,4,1", null)]
    [InlineData("127,0,0,1,4,0001", null)]
    [InlineData("", null)]
    [Proves(ProofTables.Attacks, Attack.OddSpellings)]
    public void PortIsReadStrictly(string argument, string? expected)
    {
        var found = FtpAddress.ParsePort(Encoding.Latin1.GetBytes(argument), out var address);
        Assert.Equal(expected, found == AddressFound.One ? address.ToString() : null);
    }

    [Theory]
    [InlineData("|1|127.0.0.1|1025|", "127.0.0.1:1025")]
    [InlineData("|2|::1|1025|", "[::1]:1025")]
    [InlineData("!2!::1!1025!", "[::1]:1025")]
    [InlineData("|2|::ffff:10.0.0.1|1025|", "10.0.0.1:1025")]
    [InlineData("|1|127.0.0.1|0|", null)]
    [InlineData("|1|127.0.0.1|65536|", null)]
    [InlineData("|1|127.0.0.1|+1025|", null)]
    [InlineData("|1|127.0.0.1|1025", null)]
    [InlineData("|1|127.0.0.1|1025|x", null)]
    [InlineData("|1|127.1|1025|", null)]
    [InlineData("|1|0x7f.0.0.1|1025|", null)]
    [InlineData("|1|localhost|1025|", null)]
    [InlineData("|2|localhost|1025|", null)]
    [InlineData("|2|fe80::1%lo|1025|", null)]
    [InlineData("|2|[::1]|1025|", null)]
    [InlineData("|1|::1|1025|", null)]
    [InlineData("|2|127.0.0.1|1025|", null)]
    [InlineData("1111127.0.0.111102511", null)]
    [InlineData("||127.0.0.1|1025|", null)]
    [Proves(ProofTables.Attacks, Attack.OddSpellings)]
    [Proves(ProofTables.Attacks, Attack.OddAddresses)]
    public void EprtIsReadStrictly(string argument, string? expected)
    {
        var found = FtpAddress.ParseEprt(Encoding.Latin1.GetBytes(argument), out var address);
        Assert.Equal(expected, found == AddressFound.One ? address.ToString() : null);
    }

    [Fact]
    public void AnotherProtocolOfEprtIsNamedAsSuch() =>
        Assert.Equal(AddressFound.UnknownFamily, FtpAddress.ParseEprt("|3|x|1025|"u8, out _));

    // The forms that were seen in the wild, and what no two clients agree on.
    [Theory]
    [InlineData("227 Entering Passive Mode (10,0,0,5,4,1).", 1025)]
    [InlineData("227 Entering Passive Mode (10,0,0,5,4,1)", 1025)]
    [InlineData("227 Entering Passive Mode 10,0,0,5,4,1", 1025)]
    [InlineData("227 =10,0,0,5,4,1", 1025)]
    [InlineData("227 [10,0,0,5,4,1] go on", 1025)]
    [InlineData("227 (010,000,000,005,004,001)", 1025)]
    [InlineData("227 (10, 0, 0, 5, 4, 1)", 1025)]
    [InlineData("227 host2 (10,0,0,5,4,1)", 1025)]
    [InlineData("227-look\n227 (10,0,0,5,4,1)", 1025)]
    [InlineData("227-(10,0,0,5,4,1)\n227 done", 1025)]
    [InlineData("227 (10,0,0,5,4,1) or (10,0,0,5,4,1)", 1025)]
    [InlineData("227 (0,0,0,0,4,1)", 1025)]
    [InlineData("227 (10,0,0,5,4,1) or (10,0,0,6,4,1)", -2)]
    [InlineData("227-(10,0,0,5,4,1)\n227 (10,0,0,5,4,2)", -2)]
    [InlineData("227 (10,0,0,5,4)", -1)]
    [InlineData("227 (10,0,0,5,4,1,7)", -1)]
    [InlineData("227 (10,0,0,5,4,256)", -1)]
    [InlineData("227 (10,0,0,5,4,-1)", -1)]
    [InlineData("227 (-10,0,0,5,4,1,)", -1)]
    [InlineData("227 (10,0,0,5,0,0)", -1)]
    [InlineData("227 (10,0,0,\n227 5,4,1)", -1)]
    [InlineData("227 Entering Passive Mode", -1)]
    [Proves(ProofTables.Attacks, Attack.Redirect)]
    public void A227IsReadLiberally(string reply, int expected) => Assert.Equal(expected, FtpAddress.Parse227(Lines(reply), out var address) switch
    {
        AddressFound.One => address.Port,
        AddressFound.Several => -2,
        _ => -1,
    });

    [Theory]
    [InlineData("229 Entering Extended Passive Mode (|||6446|)", 6446)]
    [InlineData("229 Entering Extended Passive Mode (|||6446|).", 6446)]
    [InlineData("229 ok (!!!6446!)", 6446)]
    [InlineData("229 ok |||6446|", 6446)]
    [InlineData("229 ok (|1|10.0.0.5|6446|)", 6446)]
    [InlineData("229 ok (|2|fe80::1|6446|)", 6446)]
    [InlineData("229 (really) ok (|||6446|)", 6446)]
    [InlineData("229-ok\n229 (|||6446|)", 6446)]
    [InlineData("229 (|||6446|) (|||6447|)", -2)]
    [InlineData("229 (|||0|)", -1)]
    [InlineData("229 (|||65536|)", -1)]
    [InlineData("229 (|||6446)", -1)]
    [InlineData("229 (||6446|)", -1)]
    [InlineData("229 (111644611)", -1)]
    [InlineData("229 (|||6446!)", -1)]
    public void A229IsReadLiberally(string reply, int expected) => Assert.Equal(expected, FtpAddress.Parse229(Lines(reply), out var port) switch
    {
        AddressFound.One => port,
        AddressFound.Several => -2,
        _ => -1,
    });

    [Fact]
    public void WhatIsEmittedIsCanonicalAndReadBack()
    {
        Assert.Equal("227 Entering Passive Mode (127,0,0,1,4,1).", FtpAddress.Passive(IPAddress.Loopback, 1025).ToString());
        Assert.Equal("229 Entering Extended Passive Mode (|||1025|)", FtpAddress.ExtendedPassive(1025).ToString());
        Assert.Equal("PORT 127,0,0,1,4,1", FtpAddress.Active(IPAddress.Loopback, 1025).ToString());
        Assert.Equal("EPRT |2|::1|1025|", FtpAddress.Active(IPAddress.IPv6Loopback, 1025).ToString());

        Gen.Select(Gen.Byte.Array[4], Gen.Int[1, 65535]).Sample((ip, port) =>
        {
            var address = new IPAddress(ip);
            return FtpAddress.Parse227([FtpAddress.Passive(address, port)], out var back) == AddressFound.One && back.Equals(new IPEndPoint(address, port))
                && FtpAddress.Parse229([FtpAddress.ExtendedPassive(port)], out var extended) == AddressFound.One && extended == port
                && FtpAddress.ParsePort(FtpAddress.Active(address, port).Bytes.Span[5..], out var active) == AddressFound.One && active.Equals(new IPEndPoint(address, port));
        });
    }

    [Fact]
    public void NoTextOfAServerThrows() => Gen.Byte.Array[0, 60].Sample(bytes =>
    {
        _ = FtpAddress.Parse227([new(bytes)], out _);
        _ = FtpAddress.Parse229([new(bytes)], out _);
        _ = FtpAddress.ParsePort(bytes, out _);
        _ = FtpAddress.ParseEprt(bytes, out _);
    });
}
