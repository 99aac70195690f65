using System.Text.RegularExpressions;
using Culvert.Broker.Config;
using Culvert.Cli;
using Culvert.Cli.Arguments;
using Culvert.Ssh.Trust;
using Culvert.TestKit;
using Culvert.Tests.Broker;
using Xunit;

namespace Culvert.Tests.Cli;

/// <summary>Command lines of sshg3: the same records come out as of anything else.</summary>
public sealed class TectiaTests
{
    private static readonly Machine Nothing = new FakeMachine().Machine;

    // One string, words between blanks, _ for a blank inside a word.
    private static string[] Words(string line) => [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Replace('_', ' '))];

    private static Invocation.Tunnels Read(string line, Machine? machine = null) =>
        Assert.IsType<Invocation.Tunnels>(TectiaReader.Read(Words(line), machine ?? Nothing));

    private static ConnectionConfig Connection(string line) => Read(line).Connection;

    private static ConfigException Refused(string line) => Assert.Throws<ConfigException>(() => TectiaReader.Read(Words(line), Nothing));

    [Fact]
    public void The_line_of_the_manual()
    {
        var wanted = Read("-L ftp/1234:localhost:21 username@sshserver");
        Assert.Equal(("sshserver", "username"), (wanted.Connection.Host, wanted.Connection.User));
        Assert.Equal("ftp/1234:localhost:21", Assert.Single(wanted.Connection.Tunnels).Spec.ToString());
        Assert.Equal(new SessionConfig(), wanted.Connection.Session! with { Environment = new SessionConfig().Environment });
        Assert.Equal(ExitCode.SessionFailure, wanted.FailureCode);
    }

    [Fact]
    public void Both_names_make_the_same_records()
    {
        var ours = Assert.IsType<Invocation.Tunnels>(CommandLineReader.Read(Words("-L ftp/1234:localhost:21 -R 5000:a:80 -p 2222 -l me -o ExitOnForwardFailure=no sshserver"), Nothing)).Connection;
        var theirs = Connection("-S -L ftp/1234:localhost:21 -R5000:a:80 -p2222 -lme sshserver");
        Assert.Equal(ours.Tunnels.Select(tunnel => tunnel.Spec), theirs.Tunnels.Select(tunnel => tunnel.Spec));
        Assert.Equal(ours with { Tunnels = [], IdentityFiles = [], CertificateFiles = [], OtherForwards = [], UserKnownHostsFiles = null, Others = [] },
            theirs with { Tunnels = [], IdentityFiles = [], CertificateFiles = [], OtherForwards = [], UserKnownHostsFiles = null, Others = [] });
    }

    [Fact]
    public void The_line_of_a_script_in_the_wild()
    {
        var config = Connection("-B -enone -q --hostkey-policy=tofu -luser -p22 -Pfile://pw -Kkey host cmd -x arg");
        Assert.True(config.BatchMode);
        Assert.Equal(HostKeyChecking.AcceptNew, config.HostKeyChecking);
        Assert.Equal(("user", 22, "pw"), (config.User, config.Port, config.PasswordFile));
        Assert.Equal(["key"], config.IdentityFiles);
        Assert.Equal(Verbosity.Error, config.Verbosity);
        Assert.Equal("cmd -x arg", config.Session!.Command);
        Assert.Null(config.Session.EscapeCharacter);
    }

    [Theory]
    [InlineData("-L 1:a:2 h", null)]
    [InlineData("-g -L 1:a:2 h", "*")]
    [InlineData("-g -L x:1:a:2 h", "x")]
    [InlineData("-L 1:a:2 -g h", "*")]
    [InlineData("-g +g -L 1:a:2 h", null)]
    [InlineData("-L 1:a:2 -g +g h", null)]
    [InlineData("-L 1:a:2 -g -L 2:a:2 h", null)]
    [InlineData("-g -L 1:a:2 +g -L 2:a:2 h", "*")]
    [InlineData("-g -R 1:a:2 -L 2:a:2 h", null)]
    public void A_gateway_opens_what_follows_it_or_all_when_nothing_does(string line, string? first) =>
        Assert.Equal(first, Connection(line).Tunnels[0].Spec.ListenHost);

    [Theory]
    [InlineData("-L socks/1080 h", null)]
    [InlineData("-g -L socks/1080 h", "*")]
    [InlineData("-L socks/10.0.0.1:1080 h", "10.0.0.1")]
    public void A_SOCKS_listener_is_read(string line, string? listen)
    {
        var tunnel = Assert.Single(Connection(line).Tunnels);
        Assert.Equal((TunnelKind.Local, TunnelType.Socks, 1080), (tunnel.Spec.Kind, tunnel.Spec.Type, tunnel.Spec.ListenPort));
        Assert.Equal(listen, tunnel.Spec.ListenHost);
    }

    [Theory]
    [InlineData("h", true, null, false)]
    [InlineData("+S h", true, null, false)]
    [InlineData("-S +S h", true, null, false)]
    [InlineData("-S -L 1:a:2 h", false, null, false)]
    [InlineData("-f -L 1:a:2 h", false, null, true)]
    [InlineData("-f h ls -l", true, "ls -l", true)]
    [InlineData("h ls -l", true, "ls -l", false)]
    [InlineData("h -n ls -l -- x", true, "ls -l -- x", false)]
    [InlineData("-- h -l", true, "-l", false)]
    public void A_session_unless_nobody_wants_one(string line, bool session, string? command, bool background)
    {
        var wanted = Read(line);
        Assert.Equal((session, background), (wanted.Connection.Session is not null, wanted.Background));
        Assert.Equal(command, wanted.Connection.Session?.Command);
        if (background && session)
            Assert.True(wanted.Connection.Session!.NoInput);
    }

    [Fact]
    public void What_concerns_the_session()
    {
        var session = Connection("-t -n -e ^B --remote-environment A=1 --remote-environment-format=B=%U-x h").Session!;
        Assert.Equal((TerminalWish.Always, true, (char?)2), (session.Terminal, session.NoInput, session.EscapeCharacter));
        Assert.Equal([new("A", "1"), new("B", "me-x")], session.Environment);
        var subsystem = Connection("-s sftp h").Session!;
        Assert.Equal((true, "sftp"), (subsystem.IsSubsystem, subsystem.Command));
    }

    [Theory]
    [InlineData("+C h", true)]
    [InlineData("-C h", false)]
    [InlineData("--compressions=zlib,none h", true)]
    [InlineData("--compressions=none h", false)]
    [InlineData("h", false)]
    public void Minus_is_off_and_plus_is_on(string line, bool compression) => Assert.Equal(compression, Connection(line).Compression);

    [Fact]
    public void Settings_of_the_connection()
    {
        var config = Connection("--keep-alive=0 --tcp-connect-timeout 7 --hostkey-policy STRICT --aa=Password,publickey -6 +w --user u --port=23 -w -x -X -a --exclusive h#99");
        Assert.Equal((TimeSpan.Zero, TimeSpan.FromSeconds(7)), (config.ServerAliveInterval, config.ConnectTimeout));
        Assert.Equal(HostKeyChecking.Yes, config.HostKeyChecking);
        Assert.Equal(["password", "publickey"], config.PreferredAuthentications);
        Assert.Equal((AddressFamilyChoice.Inet6, true), (config.AddressFamily, config.TryEmptyPassword));
        Assert.Equal(("u", 23), (config.User, config.Port));
        Assert.Equal(99, Connection("me@h#99").Port);
        Assert.Equal(["keyboard-interactive", "password"], Connection("--kip h").PreferredAuthentications);
        Assert.Equal(HostKeyChecking.No, Connection("--hostkey-policy=advisory h").HostKeyChecking);
        Assert.Equal(HostKeyChecking.Ask, Connection("--hostkey-policy=ask h").HostKeyChecking);
        Assert.True(Connection("--abort-on-failing-tunnel -L 1:a:2 h").ExitOnForwardFailure);
        Assert.False(Connection("-L 1:a:2 h").ExitOnForwardFailure);
        Assert.Equal("/run/p", Read("-f -o PidFile=/run/p -L 1:a:2 h").ProcessIdFile);
        Assert.Equal(["password"], Connection("-o AllowedAuthentications=password h").PreferredAuthentications);
        Assert.Equal("192.0.2.0/24", Assert.Single(Connection("--data-hosts 192.0.2.0/24 -L ftp/1:a:2 h").Tunnels[0].Ftp.DataHosts).ToString());
    }

    [Theory]
    [InlineData("-D 0 h", Verbosity.Info)]
    [InlineData("-D2 h", Verbosity.Debug1)]
    [InlineData("-D Ssh*=4,x=1 h", Verbosity.Debug2)]
    [InlineData("--debug=99 h", Verbosity.Debug3)]
    [InlineData("-v h", Verbosity.Debug1)]
    [InlineData("-vv h", Verbosity.Debug2)]
    public void How_much_is_said(string line, Verbosity expected) => Assert.Equal(expected, Connection(line).Verbosity);

    [Theory]
    [InlineData("-P secret h", "a password on the command line can be read by every user of this machine")]
    [InlineData("--password=secret h", "a password on the command line can be read by every user of this machine")]
    [InlineData("-P 22 h", "a password on the command line can be read by every user of this machine")]
    [InlineData("+x h", "option +x is not supported")]
    [InlineData("+a h", "option +a is not supported")]
    [InlineData("-o ForwardX11=yes h", "option -o ForwardX11=yes is not supported")]
    [InlineData("--identity=3 h", "option --identity is not supported")]
    [InlineData("-R socks/1080 h", "Bad remote forwarding specification 'socks/1080'")]
    [InlineData("-N h", "unknown option -N")]
    [InlineData("+L 1:a:2 h", "unknown option +L")]
    [InlineData("--batch-mode=x h", "option --batch-mode takes no value")]
    [InlineData("-S h", "no tunnel given")]
    [InlineData("-f h", "no tunnel given")]
    [InlineData("-S -L 1:a:2 h ls", "a command needs a session")]
    [InlineData("-s sftp h ls", "unexpected word 'ls' after the host")]
    [InlineData("-L 1:a:2", "no host given")]
    [InlineData("h -L", "option -L needs a value")]
    [InlineData("-D 100 h", "Bad debug level '100'")]
    [InlineData("-D -1 h", "Bad debug level '-1'")]
    [InlineData("--tcp-connect-timeout=0 h", "Bad value '0' for --tcp-connect-timeout")]
    [InlineData("--hostkey-policy=never h", "Bad host key policy 'never'")]
    [InlineData("-e xy h", "Bad escape character 'xy'")]
    [InlineData("--remote-environment A h", "Bad variable 'A'")]
    [InlineData("-i missing h", "Can't read the identification file 'missing': No such file or directory")]
    public void What_cannot_be_meant(string line, string message)
    {
        var refused = Refused(line);
        Assert.Equal(message, refused.Message);
        Assert.NotNull(refused.Hint);
    }

    [Fact]
    public void A_password_is_in_no_message()
    {
        var refused = Refused("-P hunter2 h");
        Assert.DoesNotContain("hunter2", refused.Message + refused.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void An_identification_file_names_keys_and_is_none()
    {
        var machine = new FakeMachine().With("/home/me/.ssh2/ident", "# mine\nIdKey id_a\nidkey  /else/where\nCertKey c\nOther x").With("key", "-----BEGIN OPENSSH PRIVATE KEY-----\nx").Machine;
        Assert.Equal(["/home/me/.ssh2/id_a", "/else/where", "/home/me/.ssh2/c"], Read("-i ident h", machine).Connection.IdentityFiles);
        Assert.Equal("say -K key", Assert.Throws<ConfigException>(() => TectiaReader.Read(Words("-i key h"), machine)).Hint);
    }

    [Theory]
    [InlineData("-c help")]
    [InlineData("--ciphers=help h")]
    [InlineData("-m help")]
    [InlineData("-u help")]
    [InlineData("-j help")]
    [InlineData("--compressions help")]
    public void Help_lists_algorithms(string line) => Assert.NotEmpty(Assert.IsType<Invocation.Text>(TectiaReader.Read(Words(line), Nothing)).Lines);

    [Fact]
    public void Names_of_Tectia_are_skipped_and_slips_are_not()
    {
        Assert.Equal("crypticore128@ssh.com,aes128-ctr", Connection("-c crypticore128@ssh.com,aes128-ctr h").Ciphers);
        Assert.Equal("Bad SSH2 cipher spec 'aes129-ctr'.", Refused("-c aes129-ctr h").Message);
    }

    [Fact]
    public void Every_option_stands_in_the_manual()
    {
        var manual = File.ReadAllText(Path.Combine(Repository.Root, "docs", "man", "sshg3.1"));
        foreach (var spelling in TectiaOptions.Table.SelectMany(option => option.Spellings).Except(ConfigBuilder.OwnSettings.Select(Syntax.OptionOf)))
            Assert.Matches(spelling[0] == '-' ? $@"Fl {Regex.Escape(spelling[1..])}\b" : $@"Cm {Regex.Escape(spelling)}\b", manual);
    }

    [Fact]
    public void Pages_fit_a_screen()
    {
        foreach (var page in (string[])[TectiaHelp.Page, HelpText.Page])
        {
            var lines = page.Split('\n');
            Assert.InRange(lines.Length, 1, 24);
            Assert.All(lines, line => Assert.InRange(line.Length, 0, 80));
        }
    }

    [Fact]
    public void A_profile_is_named_as_a_host_is()
    {
        var machine = new FakeMachine().With("/home/me/.ssh2/ssh-broker-config.xml",
            "<profiles><profile id=\"id1\" host=\"h\"><tunnels><local-tunnel type=\"ftp\" listen-port=\"1234\" dst-host=\"f\" dst-port=\"21\"/></tunnels></profile></profiles>").Machine;
        var wanted = Read("-S -v id1", machine);
        Assert.Equal("h", wanted.Connection.Host);
        Assert.Equal("ftp/1234:f:21", Assert.Single(wanted.Connection.Tunnels).Spec.ToString());
        Assert.Null(wanted.Connection.Session);
        Assert.Equal("id1", Read("-L 1:a:2 me@id1", machine).Connection.Host);
    }
}
