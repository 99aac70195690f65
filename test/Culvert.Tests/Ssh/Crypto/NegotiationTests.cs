using Culvert.Ssh.Crypto;
using Xunit;

namespace Culvert.Tests.Ssh.Crypto;

public sealed class NegotiationTests
{
    private static readonly AlgorithmOffer Server = Offer(["b", "a"], ["k2", "k1"], ["aes128-ctr", "aes128-gcm@openssh.com"], ["m1"]);

    [Fact]
    public void The_first_of_the_client_that_the_server_has_is_taken()
    {
        var (agreed, error) = Negotiation.Negotiate(Offer(["x", "a", "b"], ["k1", "k2"], ["aes128-gcm@openssh.com"], ["none-of-it"]), Server, theyAreServer: true);
        Assert.Null(error);
        Assert.Equal(new("a", "k1", new("aes128-gcm@openssh.com", null), new("aes128-gcm@openssh.com", null)), agreed);
    }

    [Theory]
    [InlineData("x", "k1", "aes128-ctr", "m1", "no matching key exchange method found. Their offer: b,a")]
    [InlineData("a", "x", "aes128-ctr", "m1", "no matching host key type found. Their offer: k2,k1")]
    [InlineData("a", "k1", "x", "m1", "no matching cipher found. Their offer: aes128-ctr,aes128-gcm@openssh.com")]
    [InlineData("a", "k1", "aes128-ctr", "x", "no matching MAC found. Their offer: m1")]
    public void Without_a_match_it_says_what_they_offer(string exchange, string hostKey, string cipher, string mac, string expected) =>
        Assert.Equal(expected, Negotiation.Negotiate(Offer([exchange], [hostKey], [cipher], [mac]), Server, theyAreServer: true).Error);

    [Fact]
    public void Signals_are_never_chosen()
    {
        var both = Offer(["ext-info-c", "kex-strict-c-v00@openssh.com"], ["k1"], ["aes128-ctr"], ["m1"]);
        Assert.StartsWith("no matching key exchange method found", Negotiation.Negotiate(both, both, theyAreServer: true).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("b", "k2", true)]
    [InlineData("a", "k2", false)]
    [InlineData("b", "k1", false)]
    public void A_guess_is_right_when_both_first_names_are(string exchange, string hostKey, bool expected) =>
        Assert.Equal(expected, Negotiation.GuessIsRight(Offer([exchange], [hostKey], [], []), Server));

    [Theory]
    [InlineData("aes256-ctr,aes128-ctr", "aes256-ctr,aes128-ctr")]
    [InlineData("aes*-ctr", "aes128-ctr,aes192-ctr,aes256-ctr")]
    [InlineData("^aes192-ctr", "aes192-ctr,A,B")]
    [InlineData("+aes192-ctr,A", "A,B,aes192-ctr")]
    [InlineData("-A", "B")]
    [InlineData("-*", "")]
    [InlineData("aes128-ctr,aes128-ctr", "aes128-ctr")]
    public void Lists_are_read_as_OpenSSH_reads_them(string text, string expected)
    {
        string[] defaults = ["aes128-gcm@openssh.com", "aes256-ctr"];
        string Names(string t) => t.Replace("A", defaults[0], StringComparison.Ordinal).Replace("B", defaults[1], StringComparison.Ordinal);
        var list = AlgorithmList.Parse(AlgorithmKind.Cipher, Names(text), defaults);
        Assert.Equal(Names(expected), string.Join(',', list.Names));
        Assert.Empty(list.Unknown);
    }

    [Fact]
    public void Old_unsupported_and_unknown_names_are_told_apart()
    {
        var ciphers = AlgorithmList.Parse(AlgorithmKind.Cipher, "3des-cbc,aes128-ctr,aes999-ctr,arcfour");
        Assert.Equal(["aes128-ctr"], ciphers.Names);
        Assert.Equal(["3des-cbc", "arcfour"], ciphers.Old);
        Assert.Equal(["aes999-ctr"], ciphers.Unknown);
        var macs = AlgorithmList.Parse(AlgorithmKind.Mac, "umac-128@openssh.com,hmac-sha1");
        Assert.Empty(macs.Names);
        Assert.Equal(["umac-128@openssh.com"], macs.Unsupported);
        Assert.Equal(["hmac-sha1"], macs.Old);
        Assert.Equal(["ssh-rsa", "ssh-dss"], AlgorithmList.Parse(AlgorithmKind.HostKey, "ssh-rsa,ssh-dss").Old);
    }

    [Fact]
    public void Nothing_in_the_table_is_old() =>
        Assert.DoesNotContain(Enum.GetValues<AlgorithmKind>().SelectMany(Algorithms.Of), Algorithms.IsOld);

    private static AlgorithmOffer Offer(string[] exchanges, string[] hostKeys, string[] ciphers, string[] macs) =>
        new(exchanges, hostKeys, ciphers, ciphers, macs, macs, ["none"], ["none"]);
}
