using System.Text;
using Culvert.Broker.Config;
using Culvert.Cli.Arguments;
using Culvert.Ftp;
using Culvert.Tests.Broker;
using Culvert.Net;
using Culvert.TestKit;
using Xunit;

namespace Culvert.Tests.Cli;

public sealed class CommandLineTests
{
    // One string, words between blanks, _ for a blank inside a word.
    private static string[] Words(string line) => [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Replace('_', ' '))];

    private static readonly Machine Nothing = new FakeMachine().Machine;

    private static ConnectionConfig Connection(string line) => Assert.IsType<Invocation.Tunnels>(CommandLineReader.Read(Words(line), Nothing)).Connection;

    private static ConfigException Refused(string line) => Assert.Throws<ConfigException>(() => CommandLineReader.Read(Words(line), Nothing));

    [Theory]
    [InlineData("-fNL 1:a:2 h", "-f -N -L=1:a:2 h")]
    [InlineData("-fNL1:a:2 h", "-f -N -L=1:a:2 h")]
    [InlineData("-p22 -lnobody -oKey=Value h", "-p=22 -l=nobody -o=Key=Value h")]
    [InlineData("h -p 22", "h -p=22")]
    [InlineData("-l -x h", "-l=-x h")]
    [InlineData("-nxak2e none h", "h")]
    [InlineData("-xCk h", "-C h")]
    [InlineData("-vvv h", "-v -v -v h")]
    [InlineData("-- -L h", "-- -L h")]
    [InlineData("--active forward -L 1:a:2", "--active forward -L=1:a:2")]
    [InlineData("- h", "- h")]
    public void Letters_are_split_as_getopt_splits_them(string line, string canonical) =>
        Assert.Equal(canonical, string.Join(' ', Getopt.Canonical(Words(line))));

    [Fact]
    public void Every_letter_of_OpenSSH_has_an_answer()
    {
        // The option string of OpenSSH 9.9's ssh.c, with a colon after what takes a value; h is ours.
        const string Options = "1246ab:c:e:fgi:kl:m:no:p:qstvxAB:CD:E:F:GI:J:KL:MNO:P:Q:R:S:TVw:W:XYy";
        for (var i = 0; i < Options.Length; i++)
        {
            if (Options[i] == ':')
                continue;
            Assert.True(Letters.All.TryGetValue(Options[i], out var letter), $"-{Options[i]} has no answer");
            Assert.Equal(i + 1 < Options.Length && Options[i + 1] == ':', letter.TakesValue);
            Assert.Equal(letter.Fate == LetterFate.Refused, !string.IsNullOrEmpty(letter.Note));
        }
        Assert.Equal(Options.Count(c => c != ':') + 1, Letters.All.Count);
    }

    [Fact]
    public void Each_working_letter_is_known_to_the_parser_too()
    {
        foreach (var (name, letter) in Letters.All.Where(entry => entry.Value.Fate == LetterFate.Works))
            Assert.Contains(Syntax.Create().Command.Options, option => option.Name == $"-{name}");
    }

    [Fact]
    public void The_whole_of_a_usual_line_is_understood()
    {
        var config = Connection("-L ftp/1234:localhost:21 -R ftp/2121:localhost:21 -p 2222 -i ~/.ssh/a -i ~/.ssh/b -o BatchMode=yes -o ConnectTimeout_5 username@sshserver");
        Assert.Equal("sshserver", config.Host);
        Assert.Equal("username", config.User);
        Assert.Equal(2222, config.Port);
        Assert.Equal(["~/.ssh/a", "~/.ssh/b"], config.IdentityFiles);
        Assert.True(config.BatchMode);
        Assert.Equal(TimeSpan.FromSeconds(5), config.ConnectTimeout);
        Assert.Equal(["ftp/1234:localhost:21", "ftp/2121:localhost:21"], config.Tunnels.Select(tunnel => tunnel.Spec.ToString()));
        Assert.Equal([TunnelKind.Local, TunnelKind.Remote], config.Tunnels.Select(tunnel => tunnel.Spec.Kind));
    }

    [Theory]
    [InlineData("-o=x", "h")]
    [InlineData("-oPort=1 -p 2", "1")]
    [InlineData("-p 2 -oPort=1", "2")]
    [InlineData("-p2 -p3", "2")]
    [InlineData("-o PORT_=_7", "7")]
    [InlineData("-o \"Port_8\"", "h")]
    public void Of_two_values_the_first_wins_whatever_its_spelling(string options, string expected)
    {
        if (expected == "h")
        {
            Assert.StartsWith("command-line line 0: no argument after keyword", Refused(options + " -L 1:a:2 h").Message, StringComparison.Ordinal);
            return;
        }
        Assert.Equal(int.Parse(expected, System.Globalization.CultureInfo.InvariantCulture), Connection(options + " -L 1:a:2 h").Port);
    }

    [Fact]
    public void The_host_may_stand_before_between_and_after_the_options()
    {
        foreach (var line in (string[])["h -L 1:a:2 -p 3", "-L 1:a:2 h -p 3", "-L 1:a:2 -p 3 h", "-L 1:a:2 -p 3 -- h", "-L 1:a:2 -p 3 --host h", "--host=h -L 1:a:2 -p 3"])
        {
            var config = Connection(line);
            Assert.Equal("h", config.Host);
            Assert.Equal(3, config.Port);
        }
    }

    [Fact]
    public void Only_the_first_word_can_be_a_verb()
    {
        Assert.False(Assert.IsType<Invocation.Demo>(CommandLineReader.Read(["demo"], Nothing)).Once);
        Assert.True(Assert.IsType<Invocation.Demo>(CommandLineReader.Read(["demo", "--once"], Nothing)).Once);
        Assert.IsType<Invocation.Help>(CommandLineReader.Read(["help"], Nothing));
        Assert.Equal("demo", Connection("-L 1:a:2 demo").Host);
        Assert.Equal("demo", Connection("--host demo -L 1:a:2").Host);
        Assert.Equal("demo", Connection("-L 1:a:2 -- demo").Host);
        Assert.Equal("demo", Connection("me@demo -L 1:a:2").Host);
        Assert.Equal("config", Connection("--host config -L 1:a:2").Host);
        Assert.Equal("broker", Connection("--host broker -L 1:a:2").Host);
        Assert.Equal("ctl", Connection("-L 1:a:2 -- ctl").Host);
        Assert.Equal("service", Connection("me@service -L 1:a:2").Host);
        Assert.Equal("culvert", Connection("culvert -L 1:a:2").Host);
    }

    [Fact]
    public void A_verb_does_not_take_what_belongs_to_tunnels()
    {
        Assert.Contains("--host demo", Refused("demo -L 1:a:2").Hint, StringComparison.Ordinal);
        Assert.Contains("--host config", Refused("config -L 1:a:2").Hint, StringComparison.Ordinal);
        Refused("demo twice");
    }

    [Theory]
    [InlineData("-L 1:a:2 -q h", Verbosity.Quiet)]
    [InlineData("-L 1:a:2 -v h", Verbosity.Debug1)]
    [InlineData("-L 1:a:2 -v -v h", Verbosity.Debug2)]
    [InlineData("-L 1:a:2 -vvvv h", Verbosity.Debug3)]
    [InlineData("-L 1:a:2 -qv h", Verbosity.Debug1)]
    [InlineData("-L 1:a:2 -vq h", Verbosity.Quiet)]
    [InlineData("-L 1:a:2 -v -oLogLevel=error h", Verbosity.Debug1)]
    [InlineData("-L 1:a:2 -oLogLevel=error h", Verbosity.Error)]
    [InlineData("-L 1:a:2 -oLogLevel=error -q h", Verbosity.Quiet)]
    [InlineData("-L 1:a:2 h", Verbosity.Info)]
    public void Letters_of_loudness_are_counted(string line, Verbosity verbosity) => Assert.Equal(verbosity, Connection(line).Verbosity);

    /// <summary>As ssh has it: of some letters the last counts, whatever <c>-o</c> said before; of the others, and of <c>-o</c>, the first.</summary>
    [Theory]
    [InlineData("-b ::1 -b ::2 -o BindAddress=::3", "::2")]
    [InlineData("-o BindAddress=::3 -b ::1", "::1")]
    public void Of_some_letters_the_last_counts(string letters, string address) => Assert.Equal(address, Connection($"-L 1:a:2 {letters} h").BindAddress);

    [Fact]
    public void So_it_is_with_the_others_of_their_kind()
    {
        var config = Connection("-o AddressFamily=inet -6 -o Ciphers=aes128-ctr -c aes256-ctr -m hmac-sha2-256 -m hmac-sha2-512 -o Compression=no -C -B eth0 -B eth1 -p 1 -p 2 -l a -l b -L 1:a:2 h");
        Assert.Equal((AddressFamilyChoice.Inet6, "aes256-ctr", "hmac-sha2-512", true, "eth1", 1, "a"),
            (config.AddressFamily, config.Ciphers, config.Macs, config.Compression, config.BindInterface, config.Port, config.User));
    }

    [Fact]
    public void One_chain_of_jump_hosts_is_said_once() => Assert.StartsWith("Only a single -J option", Refused("-J a -J b -L 1:a:2 h").Message, StringComparison.Ordinal);

    [Fact]
    public void Letters_that_say_settings_say_them()
    {
        var config = Connection("-4g -c aes128-ctr -m hmac-sha2-256 -b 127.0.0.2 -L 1:a:2 --active=forward --passive-ports 5-6 --advertise ::1 --allow-users a,b --password-file /f --data-address reply --data-hosts 10.0.0.5,192.0.2.0/24 --ftp-host ftp.example.org h");
        Assert.Equal(AddressFamilyChoice.Inet, config.AddressFamily);
        Assert.Equal("aes128-ctr", config.Ciphers);
        Assert.Equal("hmac-sha2-256", config.Macs);
        Assert.Equal("127.0.0.2", config.BindAddress);
        Assert.Equal("/f", config.PasswordFile);
        var tunnel = config.Tunnels[0];
        Assert.True(tunnel.OpenToOthers);
        Assert.Equal(ActiveMode.Forward, tunnel.Ftp.Active);
        Assert.Equal(new PortRange(5, 6), tunnel.Ftp.PassivePorts);
        Assert.Equal(System.Net.IPAddress.IPv6Loopback, tunnel.Ftp.Advertise);
        Assert.Equal(["a", "b"], tunnel.AllowUsers!);
        Assert.Equal(DataAddress.Reply, tunnel.Ftp.DataAddress);
        Assert.Equal([System.Net.IPNetwork.Parse("10.0.0.5/32"), System.Net.IPNetwork.Parse("192.0.2.0/24")], tunnel.Ftp.DataHosts);
        Assert.Equal("ftp.example.org", tunnel.Ftp.HostName);
    }

    // Each with a value that isn't the default.
    public static TheoryData<string, string> OwnSettings => new()
    {
        { "CulvertEngine", "openssh" },
        { "CulvertPasswordFile", "/f" },
        { "CulvertPasswordProgram", "/p" },
        { "CulvertPasswordCredential", "name" },
        { "CulvertIdentification", "/f" },
        { "CulvertHostKeyFolders", "/d" },
        { "CulvertGrace", "1m" },
        { "CulvertReconnect", "yes" },
        { "CulvertRestoreWait", "1m" },
        { "CulvertServerNoDelay", "yes" },
        { "CulvertActive", "forward" },
        { "CulvertDataAddress", "reply" },
        { "CulvertDataHosts", "10.0.0.5,192.0.2.0/24" },
        { "CulvertFtpHost", "ftp.example.org" },
        { "CulvertPassivePorts", "5-6" },
        { "CulvertPassivePrefetch", "yes" },
        { "CulvertAdvertise", "::1" },
        { "CulvertFtps", "terminate" },
        { "CulvertFtpsCertificate", "/f" },
        { "CulvertFtpsServerName", "ftp.example.org" },
        { "CulvertFtpsCa", "/f" },
        { "CulvertFtpsFingerprint", "0000000000000000000000000000000000000000000000000000000000000001" },
        { "CulvertFtpsTls", "1.3" },
        { "CulvertFtpsImplicit", "yes" },
        { "CulvertPrivilegedDataPorts", "yes" },
        { "CulvertUnknownCommands", "refuse" },
        { "CulvertOpenTimeout", "5" },
        { "CulvertDataTimeout", "5" },
        { "CulvertLoginTimeout", "none" },
        { "CulvertClientTimeout", "24h" },
        { "CulvertReplyTimeout", "1h" },
        { "CulvertStallTimeout", "5" },
        { "CulvertAllowUsers", "a,b" },
        { "CulvertMaxSessions", "5" },
        { "CulvertMaxSessionsPerUser", "5" },
    };

    [Theory]
    [MemberData(nameof(OwnSettings))]
    public void A_setting_of_our_own_is_the_same_thing_as_an_option_and_as_a_keyword(string keyword, string value)
    {
        // What is yes or no and needs no value on the command line is a flag there.
        var option = Syntax.OptionOf(keyword);
        var typed = Connection($"-L 1:a:2 {option} {(Syntax.Flags.ContainsKey(option) ? "" : value + " ")}h");
        var said = Connection($"-L 1:a:2 -o{keyword}={value} h");
        Assert.Equal(Told(said), Told(typed));
        Assert.NotEqual(Told(Connection("-L 1:a:2 h")), Told(typed));

        static string Told(ConnectionConfig config) => $"{config with { Tunnels = [] }} {config.Tunnels[0]} {string.Join(' ', config.Tunnels[0].Ftp.DataHosts)} {string.Join(' ', config.Tunnels[0].AllowUsers ?? [])}";
    }

    [Fact]
    public void Every_setting_of_our_own_is_tested_and_stands_in_the_manual()
    {
        var manual = File.ReadAllText(Path.Combine(Repository.Root, "docs", "man", "culvert.1"));
        Assert.Equal(ConfigBuilder.OwnSettings.Order(), OwnSettings.Select(row => row.Data.Item1).Order());
        Assert.DoesNotContain(ConfigBuilder.OwnSettings, keyword => !manual.Contains(".It Fl " + Syntax.OptionOf(keyword)[1..].Replace("-", "\\-", StringComparison.Ordinal) + " ", StringComparison.Ordinal)
            && !manual.Contains(".It Fl " + Syntax.OptionOf(keyword)[1..] + (Syntax.Flags.ContainsKey(Syntax.OptionOf(keyword)) ? "\n" : " "), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--open-timeout", "0")]
    [InlineData("--data-timeout", "none")]
    [InlineData("--max-sessions", "0")]
    [InlineData("--max-sessions", "x")]
    [InlineData("--unknown-commands", "maybe")]
    public void A_limit_that_is_none_is_a_mistake(string option, string value) =>
        Assert.Throws<ConfigException>(() => Connection($"-L 1:a:2 {option} {value} h"));

    [Fact]
    public void The_background_and_the_log_file_belong_to_the_run()
    {
        var run = Assert.IsType<Invocation.Tunnels>(CommandLineReader.Read(Words("-fE /log -NTn -F none -L 1:a:2 h"), Nothing));
        Assert.True(run.Background);
        Assert.Equal("/log", run.LogFile);
    }

    [Theory]
    [InlineData("", "no host given")]
    [InlineData("h", "no forward given")]
    [InlineData("-oClearAllForwardings=yes -L 1:a:2 h", "no forward given")]
    [InlineData("-L 1:a:2", "no host given")]
    [InlineData("-L 1:a:2 h ls", "unexpected word 'ls' after the host")]
    [InlineData("-L 1:a:2 -t h", "option -t is not supported")]
    [InlineData("-L 1:a:2 -J a,,b h", "Invalid ProxyJump \"a,,b\"")]
    [InlineData("-L 1:a:2 -Z h", "unknown option -- Z")]
    [InlineData("-L 1:a:2 -p", "option requires an argument -- p")]
    [InlineData("-L 1:a:2 -p _ h", "Bad port ' '.")]
    [InlineData("-L 1:a:2 --foo h", "unknown option --foo")]
    [InlineData("-L 1:a:2 --foo=bar h", "unknown option --foo=bar")]
    [InlineData("-L 1:a:2 -N --reconnects h", "unknown option --reconnects")]
    [InlineData("-L 1:2 h", "Bad local forwarding specification '1:2'")]
    [InlineData("-R 1:x h", "Bad remote forwarding specification '1:x'")]
    [InlineData("-D x h", "Bad dynamic forwarding specification 'x'")]
    [InlineData("-L 1:a:2 -oFoo=bar h", "command-line: line 0: Bad configuration option: foo")]
    [InlineData("-L 1:a:2 -o BatchMode h", "command-line line 0: no argument after keyword \"batchmode\"")]
    [InlineData("-L 1:a:2 -o BatchMode=x h", "command-line line 0: unsupported option \"x\".")]
    [InlineData("-L 1:a:2 -F /etc/x.conf h", "Can't open user config file /etc/x.conf: No such file or directory")]
    [InlineData("-L 1:a:2 h:22", "Bad destination 'h:22'")]
    [InlineData("-L 1:a:2 --active sideways h", "unsupported option \"sideways\".")]
    public void Usage_errors_name_what_is_wrong_and_hint_at_what_to_do(string line, string message)
    {
        var e = Refused(line);
        Assert.Equal(message, e.Message);
        Assert.False(string.IsNullOrEmpty(e.Hint));
    }

    [Theory]
    [InlineData("--password-file")]
    [InlineData("--password-file=")]
    [InlineData("-L= h")]
    public void An_option_without_its_value_is_an_error(string line) => Refused("-L 1:a:2 h " + line);

    [Fact]
    public void An_at_sign_names_no_response_file()
    {
        var e = Refused("-L 1:a:2 @file");
        Assert.Equal("remote username contains invalid characters", e.Message);
    }

    [Fact]
    public void One_connection_on_standard_input_and_output_is_all_that_is_opened()
    {
        var stdio = Assert.IsType<Invocation.Stdio>(CommandLineReader.Read(Words("-W [::1]:21 -L 1:a:2 h"), Nothing));
        Assert.Equal(new Endpoint("::1", 21), stdio.To);
        Assert.Empty(stdio.Connection.Tunnels);
        Assert.True(stdio.Connection.ExitOnForwardFailure);
        Assert.Equal("Bad stdio forwarding specification 'a'", Refused("-W a h").Message);
        Assert.Equal("Bad stdio forwarding specification 'a:0'", Refused("-W a:0 h").Message);
        Assert.Equal("stdio forward already specified", Refused("-W a:1 -W a:1 h").Message);
        Assert.Equal("-W takes no other forward", Refused("-oClearAllForwardings=no -W a:1 -L 1:a:2 h").Message);
        Assert.Equal("-W can't go to the background", Refused("-f -W a:1 h").Message);
    }

    [Theory]
    [InlineData("-D 1080 h", "socks/1080")]
    [InlineData("-D 0 h", "socks/0")]
    [InlineData("-D [::1]:1080 h", "socks/[::1]:1080")]
    [InlineData("-L socks/1080 h", "socks/1080")]
    [InlineData("-R 1080 h", "socks/1080")]
    [InlineData("-oDynamicForward=1080 h", "socks/1080")]
    [InlineData("-oRemoteForward=1080 h", "socks/1080")]
    [InlineData("-oCulvertDynamicForward=0 h", "socks/0")]
    public void SOCKS_has_a_letter_a_word_and_keywords(string line, string spec) => Assert.Equal(spec, Connection(line).Tunnels.Single().Spec.ToString());

    [Theory]
    [InlineData("cipher", "aes256-gcm@openssh.com")]
    [InlineData("mac", "hmac-sha2-256-etm@openssh.com")]
    [InlineData("kex", "curve25519-sha256")]
    [InlineData("key", "ssh-ed25519")]
    [InlineData("HostKeyAlgorithms", "ssh-ed25519")]
    [InlineData("protocol-version", "2")]
    [InlineData("help", "kex")]
    public void What_is_spoken_is_listed_without_a_host(string query, string contains)
    {
        Assert.Contains(contains, Assert.IsType<Invocation.Print>(CommandLineReader.Read(["-Q", query], Nothing)).Lines);
        Assert.Equal("Unsupported query \"x\"", Refused("-Q x").Message);
    }

    [Theory]
    [InlineData("-h")]
    [InlineData("--help")]
    [InlineData("-L 1:a:2 -h h")]
    public void Help_is_found_wherever_it_stands(string line) => Assert.IsType<Invocation.Help>(CommandLineReader.Read(Words(line), Nothing));

    [Fact]
    public void Version_has_a_letter_and_a_word()
    {
        Assert.IsType<Invocation.Version>(CommandLineReader.Read(["-V"], Nothing));
        Assert.IsType<Invocation.Version>(CommandLineReader.Read(["--version"], Nothing));
    }

    [Fact]
    public void The_help_page_fits_one_screen()
    {
        var lines = HelpText.Page.Split('\n');
        Assert.True(lines.Length <= 24, $"{lines.Length} lines");
        Assert.All(lines, line => Assert.True(line.Length <= 80, line));
        Assert.True(Ascii.IsValid(HelpText.Page));
    }

    [Fact]
    public void A_word_is_a_profile_when_there_is_one_and_it_cannot_be_a_host()
    {
        var machine = new FakeMachine()
            .With("/home/me/.ssh2/ssh-broker-config.xml", "<profiles><profile id=\"id1\" name=\"pay\" host=\"h\"/><profile id=\"config\" host=\"c\"/></profiles>")
            .With("/other.xml", "<profiles><profile id=\"id1\" host=\"other\"/></profiles>").Machine;
        Invocation.Tunnels Read(string line) => Assert.IsType<Invocation.Tunnels>(CommandLineReader.Read([.. line.Split(' '), "-L", "1:a:2"], machine));
        Assert.Equal("h", Read("id1").Connection.Host);
        Assert.Equal("h", Read("pay").Connection.Host);
        Assert.Equal("h", Read("--profile pay").Connection.Host);
        Assert.Equal("c", Read("--profile config").Connection.Host);
        Assert.Equal("other", Read("--config /other.xml id1").Connection.Host);
        Assert.Equal("unknown", Read("unknown").Connection.Host);
        Assert.Equal("id1", Read("--host id1").Connection.Host);
        Assert.Equal("id1", Read("me@id1").Connection.Host);
        Assert.Equal("there are: id1, config", Assert.Throws<ConfigException>(() => Read("--profile unknown")).Hint);
        Assert.Null(Read("id1").Profile);
        Assert.IsType<Invocation.Print>(CommandLineReader.Read(["-G", "id1"], machine));
        Assert.IsType<Invocation.ConfigCheck>(CommandLineReader.Read(["config", "check", "x"], machine));
        Assert.Contains("host h", Assert.IsType<Invocation.Print>(CommandLineReader.Read(["config", "show", "--effective", "pay"], machine)).Lines);
    }

    [Theory]
    [InlineData("pay", "pay")]
    [InlineData("--profile config", "config")]
    [InlineData("config", null)]
    [InlineData("me@pay", null)]
    [InlineData("pay#22", null)]
    [InlineData("-v", null)]
    [InlineData("-v pay", null)]
    [InlineData("pay more", null)]
    public void A_word_alone_may_be_a_profile_that_only_a_broker_knows(string line, string? profile) => Assert.Equal(profile, CommandLineReader.MayBeBrokersProfile(Words(line)));

    [Fact]
    public void The_brokers_options_take_their_values_behind_a_blank_or_an_equals_sign()
    {
        var broker = Assert.IsType<Invocation.Broker>(CommandLineReader.Read(Words("broker --config=a=b.xml --pid-file=/p --socket /s --metrics-port=9 -vv"), Nothing));
        Assert.Equal(("a=b.xml", "/p", "/s", 9, Verbosity.Debug2), (broker.ConfigFile, broker.ProcessIdFile, broker.Socket, broker.MetricsPort!.Value, broker.Verbosity));
        Assert.Equal("broker doesn't take '--require-all=no'", Assert.Throws<ConfigException>(() => CommandLineReader.Read(Words("broker --require-all=no"), Nothing)).Lines[0]);
        Assert.Equal("/s", Assert.IsType<Invocation.Control>(CommandLineReader.Read(Words("ctl --socket=/s status"), Nothing)).Socket);
        Assert.IsType<Invocation.Version>(CommandLineReader.Read(Words("ctl -V"), Nothing));
        Assert.IsType<Invocation.Version>(CommandLineReader.Read(Words("broker --version"), Nothing));
    }

    [Fact]
    public void The_brokers_help_page_names_each_of_its_options_and_fits_one_screen()
    {
        var page = Assert.IsType<Invocation.Text>(CommandLineReader.Read(Words("broker --help"), Nothing)).Lines;
        Assert.True(page.Split('\n').Length <= 24);
        Assert.All(page.Split('\n'), line => Assert.True(line.Length <= 80, line));
        string[] options = ["--config", "--host", "-F", "-o", "--socket", "--pid-file", "--log-file", "--log-format", "--metrics-port", "--otlp", "--require-all", "--exit-on-loss", "-v"];
        Assert.All(options, option => Assert.Contains(option, page, StringComparison.Ordinal));
    }

    [Fact]
    public void A_profile_that_is_named_alone_can_be_left_to_a_broker()
    {
        var machine = new FakeMachine().With("/home/me/.ssh2/ssh-broker-config.xml",
            "<profiles><profile id=\"1\" name=\"pay\" host=\"h\"><tunnels><local-tunnel listen-port=\"1\" dst-port=\"2\"/></tunnels></profile>"
            + "<profile id=\"own\" host=\"h\"><exclusive-connection enable=\"yes\"/><tunnels><local-tunnel listen-port=\"1\" dst-port=\"2\"/></tunnels></profile></profiles>").Machine;
        Assert.Null(Assert.IsType<Invocation.Tunnels>(CommandLineReader.Read(["own"], machine)).Profile);
        Assert.Equal("1", Assert.IsType<Invocation.Tunnels>(CommandLineReader.Read(["pay"], machine)).Profile);
        Assert.Null(Assert.IsType<Invocation.Tunnels>(CommandLineReader.Read(["-v", "pay"], machine)).Profile);
        Assert.Empty(Assert.IsType<Invocation.Stdio>(CommandLineReader.Read(["-W", "a:1", "pay"], machine)).Connection.Tunnels);
    }
}
