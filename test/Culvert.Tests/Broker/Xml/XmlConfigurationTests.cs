using Culvert.Broker.Config;
using Culvert.Ftp;
using Culvert.Ssh.Trust;
using Xunit;

namespace Culvert.Tests.Broker.Xml;

/// <summary>What the elements of ssh-broker-config.xml mean.</summary>
public sealed class XmlConfigurationTests
{
    private const string File = "/home/me/.ssh2/ssh-broker-config.xml";

    /// <summary>The example of SSH Tectia's manual, as it stands.</summary>
    private const string Example = """
        <profiles>
          <profile id="id1" host="sshserver.example.com">
            <tunnels>
              <local-tunnel type="FTP" listen-port="1234" dst-host="127.0.0.1" dst-port="21" allow-relay="NO" />
            </tunnels>
          </profile>
        </profiles>
        """;

    private static XmlConfiguration Read(string text, FakeMachine? machine = null) =>
        XmlConfiguration.Read((machine ?? new FakeMachine()).With(File, text).Machine, [File]);

    private static ConnectionConfig Profile(string inside, string attributes = "", string defaults = "", string general = "", FakeMachine? machine = null)
    {
        var configuration = Read($"""
            <secsh-broker version="1.0" xmlns:culvert="urn:culvert:config">
              <general>{general}</general>
              <default-settings>{defaults}</default-settings>
              <profiles><profile id="p" host="gw.example.org" {attributes}>{inside}</profile></profiles>
            </secsh-broker>
            """, machine);
        return configuration.Connection("p", new ConfigBuilder(new FakeMachine().Machine));
    }

    private static TunnelConfig Tunnel(string element) => Assert.Single(Profile($"<tunnels>{element}</tunnels>").Tunnels);

    [Fact]
    public void The_manuals_example_works_as_it_stands()
    {
        var configuration = Read(Example);
        Assert.Empty(configuration.Notes);
        var profile = Assert.Single(configuration.ToBroker().Profiles);
        Assert.Equal("id1", profile.Id);
        Assert.Equal(("sshserver.example.com", 22, "me"), (profile.Connection.Host, profile.Connection.Port, profile.Connection.User));
        var tunnel = Assert.Single(profile.Connection.Tunnels);
        Assert.Equal(new TunnelSpec(TunnelKind.Local, TunnelType.Ftp, null, 1234, "127.0.0.1", 21), tunnel.Spec);
        Assert.False(tunnel.IsOpenToOthers);
        Assert.False(profile.ConnectOnStartup);
        Assert.False(profile.ExclusiveConnection);
    }

    [Fact]
    public void The_same_example_works_in_a_whole_file() => Assert.Equal(
        Read(Example).ToBroker().Profiles[0].Connection.Tunnels[0].Spec,
        Read($"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE secsh-broker SYSTEM \"ssh-broker-ng-config-1.dtd\">\n<secsh-broker version=\"1.0\">{Example}</secsh-broker>")
            .ToBroker().Profiles[0].Connection.Tunnels[0].Spec);

    [Fact]
    public void What_is_absent_has_Tectias_default_but_for_keepalive()
    {
        var connection = Profile("");
        Assert.Equal(TimeSpan.FromSeconds(5), connection.ConnectTimeout);
        Assert.Equal(1_000_000_000, connection.RekeyBytes);
        Assert.Equal(new ConnectionConfig { Host = "" }.ServerAliveInterval, connection.ServerAliveInterval);
        Assert.Equal(TimeSpan.FromSeconds(5), Read(Example).ToBroker().Profiles[0].IdleTimeout);
    }

    [Theory]
    [InlineData("<local-tunnel type=\"tcp\" listen-port=\"8080\" dst-host=\"web\" dst-port=\"80\"/>", "8080:web:80", TunnelKind.Local, false)]
    [InlineData("<local-tunnel listen-port=\"8080\" dst-port=\"80\"/>", "8080:localhost:80", TunnelKind.Local, false)]
    [InlineData("<local-tunnel type=\"Ftp\" listen-address=\"::1\" listen-port=\"21\" dst-host=\"::1\" dst-port=\"21\" allow-relay=\"no\"/>", "ftp/[::1]:21:[::1]:21", TunnelKind.Local, false)]
    [InlineData("<local-tunnel type=\"FTP\" listen-port=\"2121\" dst-host=\"h\" dst-port=\"21\" allow-relay=\"YES\"/>", "ftp/2121:h:21", TunnelKind.Local, true)]
    [InlineData("<local-tunnel type=\"ftp\" listen-address=\"192.0.2.1\" listen-port=\"2121\" dst-host=\"h\" dst-port=\"21\" allow-relay=\"yes\"/>", "ftp/192.0.2.1:2121:h:21", TunnelKind.Local, true)]
    [InlineData("<local-tunnel type=\"socks\" listen-port=\"1080\"/>", "socks/1080", TunnelKind.Local, false)]
    [InlineData("<local-tunnel type=\"SOCKS\" listen-port=\"1080\" dst-host=\"\" dst-port=\"0\"/>", "socks/1080", TunnelKind.Local, false)]
    [InlineData("<remote-tunnel type=\"FTP\" listen-port=\"3021\" dst-host=\"localhost\" dst-port=\"21\"/>", "ftp/3021:localhost:21", TunnelKind.Remote, false)]
    [InlineData("<remote-tunnel listen-port=\"0\" dst-host=\"h\" dst-port=\"21\" allow-relay=\"yes\"/>", "*:0:h:21", TunnelKind.Remote, true)]
    public void Tunnels_are_what_the_command_line_would_make_of_them(string element, string spec, TunnelKind kind, bool open)
    {
        var tunnel = Tunnel(element);
        Assert.Equal(TunnelSpec.Parse(kind, spec), tunnel.Spec);
        Assert.Equal(open, tunnel.IsOpenToOthers);
        Assert.True(tunnel.IsBestEffort);
    }

    [Fact]
    public void Static_tunnels_listen_for_a_profile()
    {
        var config = Read("""
            <secsh-broker>
              <profiles><profile id="7" name="gateway" host="gw"/></profiles>
              <static-tunnels>
                <tunnel type="ftp" listen-port="2122" dst-host="ftp.internal.example" dst-port="21" allow-relay="no" profile="gateway"/>
                <tunnel listen-address="127.0.0.1" listen-port="8080" dst-host="web" dst-port="80" profile="7"/>
              </static-tunnels>
            </secsh-broker>
            """).ToBroker();
        Assert.Equal(["7", "7"], config.StaticTunnels.Select(tunnel => tunnel.ProfileId));
        Assert.Equal(["ftp/2122:ftp.internal.example:21", "127.0.0.1:8080:web:80"], config.StaticTunnels.Select(tunnel => tunnel.Tunnel.Spec.ToString()));
    }

    [Fact]
    public void A_profile_names_its_server_and_user()
    {
        var connection = Profile("", "port=\"2222\" user=\"batch1\" protocol=\"secsh2\" host-type=\"unix\"");
        Assert.Equal(("gw.example.org", 2222, "batch1"), (connection.Host, connection.Port, connection.User));
        Assert.Equal("me", Profile("", "user=\"%USERNAME%\"").User);
        Assert.Equal("ops", Profile("", "user=\"\"", "").User is "me" ? "ops" : "", StringComparer.Ordinal);
    }

    [Fact]
    public void The_user_of_the_defaults_counts_where_a_profile_names_none()
    {
        var configuration = Read("""
            <secsh-broker>
              <default-settings user="ops"/>
              <profiles><profile id="a" host="h"/><profile id="b" host="h" user="me2"/></profiles>
            </secsh-broker>
            """).ToBroker();
        Assert.Equal(["ops", "me2"], configuration.Profiles.Select(profile => profile.Connection.User));
    }

    [Fact]
    public void Settings_become_those_of_the_one_table()
    {
        var connection = Profile("""
            <ciphers><cipher name="aes256-ctr"/><cipher name="aes128-cbc"/></ciphers>
            <macs><mac name="hmac-sha2-512"/></macs>
            <kexs><kex name="curve25519-sha256"/></kexs>
            <hostkey-algorithms><hostkey-algorithm name="ssh-ed25519"/></hostkey-algorithms>
            <rekey bytes="5000000"/>
            <authentication-methods><auth-keyboard-interactive/><auth-publickey/></authentication-methods>
            <compression name="ZLIB" level="6"/>
            <tcp-connect-timeout time="7"/>
            <keepalive-interval time="60"/>
            <server-authentication-methods><auth-server-publickey policy="TOFU"/></server-authentication-methods>
            <quiet-mode enable="YES"/>
            <address-family type="INET6"/>
            """);
        Assert.Equal("aes256-ctr,aes128-cbc", connection.Ciphers);
        Assert.Equal("hmac-sha2-512", connection.Macs);
        Assert.Equal("curve25519-sha256", connection.KexAlgorithms);
        Assert.Equal("ssh-ed25519", connection.HostKeyAlgorithms);
        Assert.Equal(5_000_000, connection.RekeyBytes);
        Assert.Equal(["keyboard-interactive", "publickey"], connection.PreferredAuthentications);
        Assert.True(connection.Compression);
        Assert.Equal(TimeSpan.FromSeconds(7), connection.ConnectTimeout);
        Assert.Equal(TimeSpan.FromSeconds(60), connection.ServerAliveInterval);
        Assert.Equal(HostKeyChecking.AcceptNew, connection.HostKeyChecking);
        Assert.Equal(Verbosity.Quiet, connection.Verbosity);
        Assert.Equal(AddressFamilyChoice.Inet6, connection.AddressFamily);
    }

    [Theory]
    [InlineData("ask", HostKeyChecking.Ask)]
    [InlineData("Strict", HostKeyChecking.Yes)]
    [InlineData("trust-on-first-use", HostKeyChecking.AcceptNew)]
    [InlineData("advisory", HostKeyChecking.No)]
    public void Host_key_policies(string policy, HostKeyChecking checking) => Assert.Equal(
        checking, Profile($"<server-authentication-methods><auth-server-publickey policy=\"{policy}\"/></server-authentication-methods>").HostKeyChecking);

    /// <summary>The table of Tectia's manual for the elements from before there was a policy.</summary>
    [Theory]
    [InlineData(false, false, false, HostKeyChecking.Ask)]
    [InlineData(true, false, false, HostKeyChecking.Yes)]
    [InlineData(true, false, true, HostKeyChecking.Yes)]
    [InlineData(true, true, false, HostKeyChecking.Ask)]
    [InlineData(true, true, true, HostKeyChecking.Ask)]
    [InlineData(false, false, true, HostKeyChecking.AcceptNew)]
    [InlineData(false, true, true, HostKeyChecking.Ask)]
    [InlineData(false, true, false, HostKeyChecking.Ask)]
    public void Host_key_policies_of_old_files(bool strict, bool asks, bool accepts, HostKeyChecking checking)
    {
        static string Say(string element, bool value) => $"<{element} enable=\"{(value ? "yes" : "no")}\"/>";
        var general = Say("strict-host-key-checking", strict) + Say("host-key-always-ask", asks) + Say("accept-unknown-host-keys", accepts);
        Assert.Equal(checking, Profile("", general: general).HostKeyChecking);
        Assert.Equal(HostKeyChecking.Yes, Profile(
            "<server-authentication-methods><auth-server-publickey policy=\"strict\"/></server-authentication-methods>", general: general).HostKeyChecking);
    }

    [Fact]
    public void Keys_and_known_hosts()
    {
        var machine = new FakeMachine().With("/home/me/keys/a", "").With("/home/me/keys/a.pub", "").With("/home/me/keys/b", "").With("/home/me/keys/c.pub", "");
        var connection = Profile(
            "<user-identities><identity identity-file=\"%D/.ssh2/id_rsa\"/><identity file=\"$HOME_OF_KEYS/id\"/></user-identities>",
            general: """
                <key-stores><user-keys directory="%D/keys" passphrase-idle-timeout="900"/><identification file="%D/.ssh2/identification"/></key-stores>
                <known-hosts directory="%D/.ssh2/hostkeys" filename-format="plain"/><known-hosts file="%D/.ssh/known_hosts"/><known-hosts file="/etc/known"/>
                """,
            machine: machine);
        Assert.Equal(["/home/me/.ssh2/id_rsa", "/id", "/home/me/keys/a"], connection.IdentityFiles);
        Assert.Equal("/home/me/.ssh2/identification", connection.IdentificationFile);
        Assert.Equal(["/home/me/.ssh2/hostkeys"], connection.HostKeyFolders);
        Assert.Equal(["/etc/known", "/home/me/.ssh/known_hosts"], connection.UserKnownHostsFiles);
        Assert.Equal(["none"], Profile("", general: "<known-hosts file=\"\"/>").UserKnownHostsFiles);
    }

    [Fact]
    public void The_servers_key_can_stand_in_its_profile()
    {
        const string base64 = "AAAAC3NzaC1lZDI1NTE5AAAAIIzd9YHpHU1J6u0ykXM1z2qNSyLJlhkPAo4VpHyGqBRW";
        string[] texts = [base64, $"\n {base64[..40]}\n {base64[40..]}\n", $"ssh-ed25519 {base64} me@desk", $"---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"x\"\n{base64}\n---- END SSH2 PUBLIC KEY ----"];
        Assert.All(texts, text => Assert.Equal(base64, Convert.ToBase64String(Assert.Single(Profile($"<hostkey>{text}</hostkey>").PinnedHostKeys).Key.Blob.Span)));
        var machine = new FakeMachine().With("/home/me/gw.pub", texts[3]);
        Assert.Equal("/home/me/gw.pub", Assert.Single(Profile("<hostkey file=\"%D/gw.pub\"/>", machine: machine).PinnedHostKeys).Place);
        Assert.Contains("/nowhere: No such file or directory", Assert.Throws<ConfigException>(() => Profile("<hostkey file=\"/nowhere\"/>")).Message, StringComparison.Ordinal);
        Assert.Contains("<hostkey> holds no public key in Base64", Assert.Throws<ConfigException>(() => Profile("<hostkey>AAAA</hostkey>")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_comes_from_a_file_or_a_program()
    {
        Assert.Equal("/home/me/pw", Profile("<password file=\"%D/pw\"/>").PasswordFile);
        Assert.Equal("/bin/pw x", Profile("<authentication-methods><auth-password><password command=\"/bin/pw x\"/></auth-password></authentication-methods>").PasswordProgram);
        var nearest = Profile("<password file=\"a\"/>", defaults: "<authentication-methods><auth-password><password command=\"b\"/></auth-password></authentication-methods>");
        Assert.Equal(("a", null), (nearest.PasswordFile, nearest.PasswordProgram));
    }

    [Fact]
    public void A_password_in_the_file_counts_only_where_nobody_else_can_read_it()
    {
        const string text = "<profiles><profile id=\"p\" host=\"h\"><password string=\"Tr0ub4dor\"/></profile></profiles>";
        var connection = Read(text).ToBroker().Profiles[0].Connection;
        Assert.Equal("Tr0ub4dor", connection.Password?.Reveal());
        Assert.DoesNotContain("Tr0ub4dor", connection.ToString(), StringComparison.Ordinal);
        var open = XmlConfiguration.Read(new FakeMachine().With(File, text, isPrivate: false).Machine, [File]);
        Assert.Null(open.ToBroker().Profiles[0].Connection.Password);
        Assert.Equal($"{File}:1:46: the password is ignored: others may read this file (chmod 600 {File})", Assert.Single(open.Notes));
    }

    [Fact]
    public void Settings_of_our_own_stand_on_tunnels_profiles_and_defaults_the_nearest_counts()
    {
        var configuration = Read("""
            <secsh-broker xmlns:c="urn:culvert:config">
              <default-settings c:ftps="opaque" c:max-sessions="7"/>
              <profiles>
                <profile id="a" host="h" c:ftps="terminate" c:reconnect="yes">
                  <tunnels>
                    <local-tunnel type="ftp" listen-port="1" dst-port="21" c:ftps="originate" c:passive-ports="50000-50010"/>
                    <local-tunnel type="ftp" listen-port="2" dst-port="21"/>
                  </tunnels>
                </profile>
                <profile id="b" host="h"><tunnels><local-tunnel type="ftp" listen-port="3" dst-port="21"/></tunnels></profile>
              </profiles>
            </secsh-broker>
            """).ToBroker();
        var tunnels = configuration.Profiles.SelectMany(profile => profile.Connection.Tunnels).ToList();
        Assert.Equal([Ftps.Originate, Ftps.Terminate, Ftps.Opaque], tunnels.Select(tunnel => tunnel.Ftp.Ftps));
        Assert.Equal([7, 7, 7], tunnels.Select(tunnel => tunnel.MaximumSessions));
        Assert.Equal([true, false], configuration.Profiles.Select(profile => profile.Connection.Reconnect));
    }

    [Fact]
    public void What_is_typed_counts_more_than_the_profile()
    {
        var builder = new ConfigBuilder(new FakeMachine().Machine);
        builder.Set("Port", "2200");
        builder.Set("CulvertFtps", "terminate");
        builder.Set("CulvertLocalForward", "ftp/9999:h:21");
        var connection = Read(Example).Connection("id1", builder);
        Assert.Equal(2200, connection.Port);
        Assert.Equal([9999, 1234], connection.Tunnels.Select(tunnel => tunnel.Spec.ListenPort));
        Assert.All(connection.Tunnels, tunnel => Assert.Equal(Ftps.Terminate, tunnel.Ftp.Ftps));
        Assert.Equal([false, true], connection.Tunnels.Select(tunnel => tunnel.IsBestEffort));
    }

    [Fact]
    public void The_broker_keeps_to_what_a_profile_says_of_its_connection()
    {
        var profile = Read("""
            <profiles><profile id="p" name="pay roll" host="h" connect-on-startup="YES">
              <idle-timeout type="connection" time="30"/><exclusive-connection enable="yes"/>
            </profile></profiles>
            """).ToBroker().Profiles[0];
        Assert.Equal(("pay roll", true, true, TimeSpan.FromSeconds(30)), (profile.Name, profile.ConnectOnStartup, profile.ExclusiveConnection, profile.IdleTimeout));
        var atOnce = Read("<profiles><profile id=\"p\" host=\"h\"><idle-timeout time=\"0\"/></profile></profiles>").ToBroker().Profiles[0].IdleTimeout;
        Assert.InRange(atOnce, TimeSpan.FromTicks(1), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_profile_can_lead_through_others()
    {
        var config = Read("""
            <profiles>
              <profile id="inner" host="in" gateway-profile="middle"/>
              <profile id="2" name="middle" host="mid" user="m" gateway-profile="outer"/>
              <profile id="outer" host="out"><tunnels><local-tunnel listen-port="1" dst-port="2"/></tunnels></profile>
            </profiles>
            """).ToBroker();
        var inner = config.Profiles[0].Connection;
        Assert.Equal(("in", "mid", "m", "out"), (inner.Host, inner.Via?.Host, inner.Via?.User, inner.Via?.Via?.Host));
        Assert.Empty(inner.Via!.Via!.Tunnels);
    }

    [Fact]
    public void Logging_goes_where_it_says()
    {
        var logging = Read("""
            <secsh-broker><logging>
              <log-target file="%D/broker.log"/>
              <log-events facility="discard">Key_store_*</log-events>
              <log-events severity="warning">Transfer_cut Login_failed</log-events>
            </logging></secsh-broker>
            """).ToBroker().Logging;
        Assert.Equal(["/home/me/broker.log"], logging.Files);
        Assert.Equal([new("Key_store_*", "discard", null), new("Transfer_cut", "normal", "warning"), new("Login_failed", "normal", "warning")], logging.Rules);
    }

    [Fact]
    public void Targets_are_files_syslog_or_nothing_and_events_without_names_are_all_the_rest()
    {
        var logging = Read("""
            <secsh-broker><logging>
              <log-target file="/a"/><log-target type="FILE" file="/b"/><log-target type="Syslog"/>
              <log-events facility="LOCAL3">link.*</log-events>
              <log-events facility="auth"><log-target type="discard"/>client.*</log-events>
              <log-events facility="discard"/>
            </logging></secsh-broker>
            """).ToBroker().Logging;
        Assert.Equal(["/a", "/b"], logging.Files);
        Assert.Equal((true, false), (logging.ToSyslog, logging.Discards));
        Assert.Equal([new("*", "discard", null), new("link.*", "local3", null), new("client.*", "discard", null)], logging.Rules);
        Assert.True(Read("""<secsh-broker><logging><log-target type="discard"/></logging></secsh-broker>""").ToBroker().Logging.Discards);
    }

    [Fact]
    public void Algorithms_that_Tectia_named_first_have_the_standards_names_and_case_does_not_count()
    {
        var connection = Read("""
            <profiles><profile id="a" host="h">
              <ciphers><cipher name="AES128-CTR"/></ciphers>
              <macs><mac name="hmac-sha256-2@ssh.com"/><mac name="hmac-sha256@ssh.com"/><mac name="hmac-sha1"/></macs>
              <kexs><kex name="diffie-hellman-group14-sha256@ssh.com"/></kexs>
              <hostkey-algorithms><hostkey-algorithm name="ssh-rsa-sha256@ssh.com"/></hostkey-algorithms>
            </profile></profiles>
            """).ToBroker().Profiles[0].Connection;
        Assert.Equal(("aes128-ctr", "hmac-sha2-256,hmac-sha1", "diffie-hellman-group14-sha256", "rsa-sha2-256"), (connection.Ciphers, connection.Macs, connection.KexAlgorithms, connection.HostKeyAlgorithms));
    }

    [Fact]
    public void Banners_and_variables_of_a_session_come_from_the_nearest_who_says_something()
    {
        var configuration = Read("""
            <secsh-broker>
              <default-settings><server-banners visible="NO"/><remote-environment><environment name="A" value="default"/><environment name="B" value="%U" format="yes"/></remote-environment></default-settings>
              <profiles><profile id="a" host="h"/>
                <profile id="b" host="h"><server-banners visible="yes"/><remote-environment><environment name="A" value="%U"/></remote-environment></profile></profiles>
            </secsh-broker>
            """);
        Assert.Equal([false, true], configuration.ToBroker().Profiles.Select(profile => profile.Connection.ShowsBanners));
        Assert.Equal([new("A", "default"), new("B", "me")], configuration.SessionVariables("a"));
        Assert.Equal([new("A", "%U"), new("B", "me")], configuration.SessionVariables("b"));
        Assert.Empty(configuration.Notes);
    }

    [Fact]
    public void Ssh_config_is_not_read_for_a_profile() => Assert.Equal(22, Read(
        Example, new FakeMachine().With("/home/me/.ssh/config", "Port 99")).ToBroker().Profiles[0].Connection.Port);
}
