using Culvert.Broker.Config;
using CsCheck;
using Xunit;

namespace Culvert.Tests.Broker.Xml;

/// <summary>Whatever is in a file, it is used as it was meant, or all of its mistakes are told with their places.</summary>
public sealed class XmlMistakesTests
{
    private const string File = "/c.xml";

    private const string Whole = """
        <?xml version="1.0" encoding="UTF-8"?>
        <!DOCTYPE secsh-broker SYSTEM "ssh-broker-ng-config-1.dtd">
        <secsh-broker version="1.0" xmlns:culvert="urn:culvert:config">
          <general><key-stores><user-keys directory="%D/.ssh2"/></key-stores><known-hosts directory="%D/.ssh2/hostkeys"/></general>
          <default-settings user="%USERNAME%" culvert:ftps="refuse">
            <ciphers><cipher name="aes256-ctr"/></ciphers><rekey bytes="1000000000"/>
            <authentication-methods><auth-publickey/><auth-password/></authentication-methods>
            <idle-timeout time="30"/><address-family type="any"/>
          </default-settings>
          <profiles>
            <profile id="a" name="gateway" host="gw.example.org" port="22" user="batch1">
              <exclusive-connection enable="no"/>
              <tunnels>
                <local-tunnel type="ftp" listen-address="127.0.0.1" listen-port="2121" dst-host="localhost" dst-port="21" allow-relay="no"/>
                <remote-tunnel type="ftp" listen-port="3021" dst-host="localhost" dst-port="21"/>
              </tunnels>
            </profile>
          </profiles>
          <static-tunnels><tunnel type="ftp" listen-port="2122" dst-host="ftp.example" dst-port="21" profile="a"/></static-tunnels>
          <logging><log-target file="%D/broker.log"/><log-events facility="discard">Key_store_*</log-events></logging>
        </secsh-broker>
        """;

    /// <summary>What breaks a file in interesting ways.</summary>
    private static readonly string[] Pieces = ["", "<", ">", "&", "\"", "</profile>", "<!--", "]]>", "%", "${", "$", "\0", "<tunnels>"];

    private static XmlConfiguration Read(string text) => XmlConfiguration.Read(new FakeMachine().With(File, text).Machine, [File]);

    private static IReadOnlyList<string> Mistakes(string text) => Assert.Throws<ConfigException>(() => Read(text)).Lines;

    [Fact]
    public void All_of_them_are_told_at_once()
    {
        var mistakes = Mistakes("""
            <secsh-broker xmlns:culvert="urn:culvert:config">
              <default-settings culvert:ftps="refus" culvert:nix="1">
                <frobnicate/>
                <idle-timeout time="x"/>
                <tunnels/>
              </default-settings>
              <profiles>
                <profile id="a" host="h" port="70000" usr="x">stray
                  <tunnels>
                    <local-tunnel type="ftpx" listen-port="1" dst-port="21" allow-relay="no"/>
                    <remote-tunnel type="socks" listen-port="1" dst-port="21"/>
                    <local-tunnel dst-port="21"/>
                    <local-tunnel listen-port="2"/>
                    <local-tunnel listen-port="2" dst-port="0"/>
                    <local-tunnel listen-address="192.0.2.1" listen-port="2" dst-port="1" allow-relay="no"/>
                    <local-tunnel listen-port="2" dst-host="a b" dst-port="1"/>
                    <local-tunnel listen-port="2" dst-port="1" allow-relay="maybe"/>
                  </tunnels>
                </profile>
                <profile id="a" host="b"/>
                <profile host="b"/>
                <profile id="g" host="b" gateway-profile="nix"/>
                <profile id="r" host="b" gateway-profile="r"/>
                <profile id="m" host="b"><macs><mac name="hmac-nix"/></macs></profile>
              </profiles>
              <static-tunnels><tunnel listen-port="1" dst-port="2" profile="nix"/><tunnel listen-port="1" dst-port="2"/></static-tunnels>
            </secsh-broker>
            """);
        Assert.All(mistakes, mistake => Assert.Matches(@"^/c\.xml:\d+:\d+: ", mistake));
        string[] wanted =
        [
            "2:21: unsupported option \"refus\"", "2:42: Culvert has no setting nix", "3:6: unknown element <frobnicate>", "4:19: time is a number", "5:6: <tunnels> can't stand in <default-settings>",
            "8:30: port is a number from 1 to 65535, not \"70000\"", "8:43: <profile> has no attribute usr", "8:51: <profile> holds no text",
            "10:23: type is tcp or ftp, or socks, not \"ftpx\"", "11:24: type is tcp or ftp, not \"socks\"", "12:10: <local-tunnel> needs listen-port", "13:10: <local-tunnel> needs dst-port",
            "14:39: dst-port is a number from 1 to 65535, not \"0\"", "15:23: 192.0.2.1 lets other machines in, and allow-relay says no", "16:39: \"a b\" can't be a host",
            "17:52: allow-relay is yes or no, not \"maybe\"", "20:6: there is another profile with the id a", "21:6: a profile needs an id", "22:30: there is no profile nix", "23:30: the gateways lead in a ring: r → r",
            "24:31: Bad SSH2 MAC spec 'hmac-nix'", "26:56: there is no profile nix", "26:72: a static tunnel needs a profile",
        ];
        Assert.Equal(wanted.Length, mistakes.Count);
        Assert.All(wanted.Zip(mistakes), pair => Assert.StartsWith($"{File}:{pair.First}", pair.Second, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("<a/>", "1:2: the root is <a>; it must be <secsh-broker>, or <profiles> in a file that holds nothing else")]
    [InlineData("<secsh-broker xmlns=\"urn:x\"/>", "1:2: the root is <secsh-broker>")]
    [InlineData("<secsh-broker>\n<profiles>\n</secsh-broker>", "3:3: ")]
    [InlineData("<secsh-broker>\n", "")]
    [InlineData("", "")]
    public void What_is_no_such_file_is_told_with_its_place(string text, string start) => Assert.StartsWith($"{File}:{start}", Assert.Single(Mistakes(text)), StringComparison.Ordinal);

    [Theory]
    [InlineData("<!DOCTYPE s [<!ENTITY e \"lol\">]><secsh-broker><profiles><profile id=\"a\" host=\"&e;\"/></profiles></secsh-broker>")]
    [InlineData("<!DOCTYPE s [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><secsh-broker><logging><log-events>&e;</log-events></logging></secsh-broker>")]
    [InlineData("<!DOCTYPE s [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><secsh-broker>&b;</secsh-broker>")]
    public void Entities_are_refused(string text) => Assert.StartsWith($"{File}:1:", Assert.Single(Mistakes(text)), StringComparison.Ordinal);

    [Theory]
    [InlineData("<log-target/>", "<log-target> needs a file, or the type syslog or discard")]
    [InlineData("<log-target type=\"console\"/>", "type is file, syslog or discard, not \"console\"")]
    [InlineData("<log-events facility=\"mail\">a</log-events>", "facility is normal, daemon, user, auth, local0, ")]
    [InlineData("<log-events severity=\"loud\"/>", "severity is informational, notice, ")]
    public void Logging_that_can_not_be_meant_is_a_mistake(string inner, string start) =>
        Assert.Contains(start, Assert.Single(Mistakes($"<secsh-broker><logging>{inner}</logging></secsh-broker>")), StringComparison.Ordinal);

    [Fact]
    public void An_unknown_element_among_tunnels_is_one_mistake() => Assert.EndsWith(
        "unknown element <bogus>", Assert.Single(Mistakes("""<profiles><profile id="a" host="h"><tunnels><bogus/></tunnels></profile></profiles>""")), StringComparison.Ordinal);

    /// <summary>Building such a tree would take minutes.</summary>
    [Fact]
    public void What_is_nested_too_deeply_is_refused_before_it_is_built() => Assert.EndsWith(
        "more than 64 elements stand in one another",
        Assert.Single(Mistakes($"<secsh-broker>{string.Concat(Enumerable.Repeat("<gui>", 500_000))}{string.Concat(Enumerable.Repeat("</gui>", 500_000))}</secsh-broker>")), StringComparison.Ordinal);

    [Fact]
    public void A_document_type_is_passed_over_and_never_fetched() => Assert.Single(Read(Whole).ProfileIds);

    [Fact]
    public void What_has_no_effect_is_noted_once_by_name_and_line()
    {
        var notes = Read("""
            <secsh-broker>
              <general><crypto-lib mode="fips"/></general>
              <profiles>
                <profile id="a" host="h"><forwards><forward type="agent" state="on"/></forwards></profile>
                <profile id="b" host="h"><forwards><forward type="x11" state="on"/></forwards></profile>
                <profile id="c" host="*"/>
              </profiles>
              <filter-engine ip-generate-start="198.18.0.1"><rule anything="goes"/></filter-engine>
            </secsh-broker>
            """).Notes;
        Assert.Equal(4, notes.Count);
        Assert.StartsWith($"{File}:2:13: <crypto-lib> is ignored: ", notes[0], StringComparison.Ordinal);
        Assert.StartsWith($"{File}:4:31: <forwards> is ignored: ", notes[1], StringComparison.Ordinal);
        Assert.StartsWith($"{File}:6:6: profile c is ignored: ", notes[2], StringComparison.Ordinal);
        Assert.StartsWith($"{File}:8:4: <filter-engine> is ignored: ", notes[3], StringComparison.Ordinal);
    }

    /// <summary>A file that somebody broke anywhere is used or refused, and never ends in anything else.</summary>
    [Fact]
    public void Broken_files_are_read_or_refused_with_a_place() =>
        Gen.Select(Gen.Int[0, Whole.Length - 1], Gen.Int[0, 40], Gen.OneOf(Gen.String[0, 8], Gen.Int[0, Pieces.Length - 1].Select(piece => Pieces[piece])))
            .Sample((at, length, put) =>
            {
                var broken = Whole[..at] + put + Whole[Math.Min(Whole.Length, at + length)..];
                try
                {
                    _ = Read(broken).ToBroker();
                }
                catch (ConfigException e)
                {
                    Assert.All(e.Lines, line => Assert.Matches(@"^/c\.xml:\d+:\d+: .+", line));
                }
            }, iter: 2000);
}
