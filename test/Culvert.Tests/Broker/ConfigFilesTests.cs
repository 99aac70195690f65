using Culvert.Broker.Config;
using Xunit;

namespace Culvert.Tests.Broker;

/// <summary>What <c>test/Culvert.Interop/Configuration</c> compares with OpenSSH is not repeated here: these are the rules that it can't reach, and our own.</summary>
public sealed class ConfigFilesTests
{
    private const string User = "/home/me/.ssh/config";
    private const string System = "/etc/ssh/ssh_config";

    private static ResolvedConfig Resolved(FakeMachine machine, string host = "alias", ConfigSource? source = null, params string[] options)
    {
        var builder = new ConfigBuilder(machine.Machine);
        foreach (var option in options)
            builder.SetLine(option);
        return ResolvedConfig.Read(builder, HostSpec.Parse(host), source ?? ConfigSource.Usual);
    }

    private static ConnectionConfig Read(FakeMachine machine, string host = "alias", params string[] options) => Resolved(machine, host, null, options).ForUse();

    private static ConfigException Refused(FakeMachine machine, params string[] options) => Assert.Throws<ConfigException>(() => Read(machine, "alias", options));

    [Fact]
    public void No_file_is_no_mistake() => Assert.Equal("me", Read(new FakeMachine()).User);

    [Fact]
    public void The_users_file_comes_before_the_machines_and_the_command_line_before_both()
    {
        var machine = new FakeMachine().With(User, "Port 1\nUser file").With(System, "Port 2\nHashKnownHosts yes");
        var config = Read(machine, "you@alias", "BatchMode yes");
        Assert.Equal(1, config.Port);
        Assert.Equal("you", config.User);
        Assert.True(config.HashKnownHosts);
        Assert.True(config.BatchMode);
    }

    [Fact]
    public void A_file_that_others_may_write_is_refused_unless_it_was_named()
    {
        var machine = new FakeMachine().With(User, "Port 1", isSafe: false);
        var e = Refused(machine);
        Assert.Equal($"Bad owner or permissions on {User}", e.Message);
        Assert.True(e.IsOfFile);
        Assert.Equal(1, Resolved(machine, source: ConfigSource.Of(User)).ForUse().Port);
        Assert.Equal($"Bad owner or permissions on /home/me/.ssh/more", Refused(new FakeMachine().With(User, "Include more").With("/home/me/.ssh/more", "", isSafe: false)).Message);
    }

    [Fact]
    public void The_usual_files_may_be_unreadable_but_not_what_they_include()
    {
        Assert.Equal(22, Read(new FakeMachine().WithUnreadable(User).WithUnreadable(System)).Port);
        var e = Refused(new FakeMachine().With(User, "Include more").WithUnreadable("/home/me/.ssh/more"));
        Assert.Contains("Can't open user config file /home/me/.ssh/more: Permission denied", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("NONE")]
    public void None_reads_none(string word) =>
        Assert.Equal(22, Resolved(new FakeMachine().With(User, "Port 1").With(System, "Port 2"), source: ConfigSource.Of(word)).ForUse().Port);

    [Fact]
    public void A_named_file_takes_the_place_of_both_and_must_be_there()
    {
        var machine = new FakeMachine().With(User, "Port 1").With(System, "Port 2\nUser system").With("/f", "Port 3\nInclude more").With("/home/me/.ssh/more", "BindAddress 127.0.0.1");
        var config = Resolved(machine, source: ConfigSource.Of("/f")).ForUse();
        Assert.Equal(3, config.Port);
        Assert.Equal("me", config.User);
        Assert.Equal("127.0.0.1", config.BindAddress);
        var e = Assert.Throws<ConfigException>(() => Resolved(machine, source: ConfigSource.Of("/none")));
        Assert.Equal("Can't open user config file /none: No such file or directory", e.Message);
    }

    [Fact]
    public void Relative_includes_are_sought_beside_the_file_that_is_usual()
    {
        var machine = new FakeMachine().With(User, "Include c.d/*.conf").With(System, "Include c.d/*")
            .With("/home/me/.ssh/c.d/2.conf", "User second").With("/home/me/.ssh/c.d/1.conf", "User first").With("/home/me/.ssh/c.d/.0.conf", "User hidden").With("/home/me/.ssh/c.d/x", "User no")
            .With("/etc/ssh/c.d/a", "Port 7");
        var config = Read(machine);
        Assert.Equal("first", config.User);
        Assert.Equal(7, config.Port);
    }

    [Fact]
    public void The_machines_file_includes_nothing_from_a_home() =>
        Assert.StartsWith($"{System} line 1: bad include path ~/x.", Refused(new FakeMachine().With(System, "Include ~/x")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_command_of_Match_is_run_only_while_it_matters()
    {
        var machine = new FakeMachine().With(User, "Match host other exec one\n Port 1\nHost other\n Include inner\nMatch host alias exec \"two %h %n %r\"\n Port 2\nMatch exec three host other").With("/home/me/.ssh/inner", "Match exec four\n Port 4");
        Assert.Equal(2, Read(machine).Port);
        Assert.Equal(["two alias alias me", "three"], machine.Commands);
        machine.Status = 1;
        Assert.Equal(22, Read(machine).Port);
    }

    [Fact]
    public void All_mistakes_of_a_file_are_told_and_nothing_else()
    {
        var e = Refused(new FakeMachine().With(User, "Port 1\nPort x\nFoo y\nMatch foo bar").With(System, "Bad z"));
        Assert.Equal(
            [$"{User} line 2: Bad port 'x'.", $"{User}: line 3: Bad configuration option: foo", "Unsupported Match attribute foo", $"{User} line 4: Bad Match condition", $"{User}: terminating, 3 bad configuration options"],
            e.Lines);
        Assert.True(e.IsOfFile);
    }

    [Fact]
    public void Tags_choose_blocks()
    {
        var machine = new FakeMachine().With(User, "Host alias\n Tag ftp\nMatch tagged ftp,other\n Port 5\nMatch tagged none\n User no");
        Assert.Equal(5, Read(machine).Port);
        Assert.Equal("me", Read(machine).User);
        Assert.Equal(22, Read(machine, "else").Port);
        Assert.Equal(5, Read(machine, "else", "Tag other").Port);
    }

    /// <summary>Criteria of newer versions: a file that serves them isn't refused.</summary>
    [Theory]
    [InlineData("localnetwork 192.0.2.0/24", true)]
    [InlineData("localnetwork 203.0.113.0/24,2001:db8::7", true)]
    [InlineData("localnetwork 203.0.113.0/24", false)]
    [InlineData("!localnetwork 203.0.113.0/24", true)]
    [InlineData("sessiontype none", true)]
    [InlineData("sessiontype shell,exec", false)]
    [InlineData("command scp*", false)]
    [InlineData("!command scp*", true)]
    [InlineData("version OpenSSH_*", false)]
    public void Criteria_of_newer_versions_are_met_or_not(string criteria, bool isMet)
    {
        var machine = new FakeMachine { Addresses = ["192.0.2.9", "2001:db8::7"] }.With(User, $"Match {criteria}\n Port 5");
        Assert.Equal(isMet ? 5 : 22, Read(machine).Port);
    }

    [Theory]
    [InlineData("127.0.0.1/8")]
    [InlineData("somewhere")]
    [InlineData("10.0.0.0/33")]
    public void A_network_that_is_none_is_told(string network) =>
        Assert.Contains("Bad Match condition", Refused(new FakeMachine().With(User, $"Match localnetwork {network}")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_setting_of_ours_is_never_ignored()
    {
        var machine = new FakeMachine().With(User, "IgnoreUnknown Culvert*,Future*\nFutureThing 1\nCulvertActive forward\nCulvertLocalForward ftp/1234 localhost:21\nCulvertLocalForward tcp/0:localhost:80");
        var config = Read(machine);
        Assert.Equal(["ftp/1234:localhost:21", "0:localhost:80"], config.Tunnels.Select(tunnel => tunnel.Spec.ToString()));
        Assert.Equal(Culvert.Ftp.ActiveMode.Forward, config.Tunnels[0].Ftp.Active);
        Assert.Contains("Bad configuration option: culvertactve", Refused(new FakeMachine().With(User, "IgnoreUnknown Culvert*\nCulvertActve forward")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Typed_forwards_are_strict_and_those_of_files_best_effort()
    {
        static string Told(ConnectionConfig config) => string.Join(' ', config.Tunnels.Select(tunnel => $"{tunnel.Spec.ListenPort}{(tunnel.IsBestEffort ? "?" : "!")}"));
        var forwards = new FakeMachine().With(User, "LocalForward 1 a:1\nLocalForward 3 a:3").With(System, "RemoteForward 2 b:2");
        Assert.Equal("3! 1? 2?", Told(Read(forwards, "alias", "LocalForward 3 a:3")));
        // Whoever decides it, decides it for all.
        Assert.Equal("3! 1! 2!", Told(Read(forwards, "alias", "LocalForward 3 a:3", "ExitOnForwardFailure yes")));
        Assert.False(Read(forwards, "alias", "ExitOnForwardFailure no").ExitOnForwardFailure);
        Assert.Empty(Read(forwards, "alias", "ClearAllForwardings yes").Tunnels);
    }

    [Fact]
    public void What_is_not_offered_is_kept_and_printed()
    {
        var resolved = Resolved(new FakeMachine().With(User, "DynamicForward 1080\nRemoteForward 1081\nLocalForward /run/s a:1\nProxyCommand nc %h %p\nCertificateFile c"));
        var config = resolved.ForUse();
        Assert.Equal(["/run/s [a]:1"], config.OtherForwards.Select(forward => forward.ToString()));
        Assert.Equal([TunnelSpec.Socks(TunnelKind.Local, null, 1080), TunnelSpec.Socks(TunnelKind.Remote, null, 1081)], config.Tunnels.Select(tunnel => tunnel.Spec));
        Assert.Equal("nc %h %p", config.ProxyCommand);
        Assert.Equal(["c"], config.CertificateFiles);
        Assert.Superset(new HashSet<string> { "dynamicforward 1080", "remoteforward 1081 [socks]:0", "localforward /run/s [a]:1", "proxycommand nc %h %p", "certificatefile c" }, resolved.Lines().ToHashSet());
        Assert.Equal("a,you@b:3", Read(new FakeMachine().With(User, "Host alias\nProxyJump a,you@b:3")).ProxyJump!.ToString());
    }

    [Fact]
    public void Each_hop_of_a_jump_has_its_own_settings_and_its_own_way()
    {
        var machine = new FakeMachine().With(User, "Host alias\n ProxyJump you@b:3\nHost b\n Port 9\n User no\n HostName b.example\n ProxyJump c\n LocalForward 1 a:1\nHost c\n Port 5");
        var config = Read(machine, "alias", "Port 7");
        Assert.Equal(("alias", 7), (config.ConnectHost, config.Port));
        var b = config.Via!;
        Assert.Equal(("b.example", 3, "you"), (b.ConnectHost, b.Port, b.User));
        Assert.Empty(b.Tunnels);
        var c = b.Via!;
        Assert.Equal(("c", 5, "me"), (c.ConnectHost, c.Port, c.User));
        Assert.Null(c.Via);
        // What was typed is the whole way but for what the nearest one's own settings add.
        var typed = Read(machine, "alias", "ProxyJump d,b");
        Assert.Equal(["alias", "b.example", "d"], (string[])[typed.ConnectHost, typed.Via!.ConnectHost, typed.Via.Via!.ConnectHost]);
        Assert.Null(typed.Via.Via.Via);
    }

    [Theory]
    [InlineData("Host a\n ProxyJump b\nHost b alias\n ProxyJump a", "leads in a ring")]
    [InlineData("ProxyJump alias", "jumphost loop via alias")]
    [InlineData("ProxyJump a", "jumphost loop via a")]
    public void A_way_that_does_not_end_is_refused(string lines, string message) =>
        Assert.Contains(message, Refused(new FakeMachine().With(User, lines)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("HostName a;b")]
    [InlineData("User a;b")]
    [InlineData("HostKeyAlias \"a b\"")]
    [InlineData("HostKeyAlias [a;b]:22")]
    [InlineData("HostKeyAlias [a]:x")]
    [InlineData("HostKeyAlias [a]")]
    [InlineData("ProxyJump -oProxyCommand=x")]
    [InlineData("BindAddress $(x)")]
    public void A_name_that_a_shell_would_read_is_not_used(string line)
    {
        var machine = new FakeMachine().With(User, line);
        Assert.NotEmpty(Resolved(machine).Lines()); // as ssh -G prints it
        Assert.EndsWith("contains invalid characters", Refused(machine).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("key.example")]
    [InlineData("[127.0.0.1]:2222")]
    [InlineData("[::1]:2222")]
    public void The_name_of_a_key_is_written_as_known_hosts_has_it(string alias) => Assert.Equal(alias, Read(new FakeMachine(), "host", $"HostKeyAlias={alias}").HostKeyAlias);

    [Theory]
    [InlineData("a*c", "abbc", true)]
    [InlineData("*", "", true)]
    [InlineData("a?c", "ac", false)]
    [InlineData("**a*?b", "xaxxb", true)]
    [InlineData("a*b*c", "a1b2b3d", false)]
    [InlineData("", "a", false)]
    public void Patterns_are_those_of_ssh_config(string pattern, string text, bool matches) => Assert.Equal(matches, Patterns.Matches(text, pattern));

    [Theory]
    [InlineData("/etc/*.conf", "/etc/a.conf /etc/b.conf")]
    [InlineData("/e?c/[a]*", "/etc/a.conf")]
    [InlineData("/etc/[!a]*f", "/etc/b.conf")]
    [InlineData("/etc/[x-z].[c]", "/etc/y.c")]
    [InlineData("~/k*", "/home/me/key")]
    [InlineData("~you/*", "/home/you/key")]
    [InlineData("~nobody/*", "")]
    [InlineData("/etc/none", "")]
    [InlineData("/etc/\\*", "")]
    [InlineData("/*/.hidden", "/etc/.hidden")]
    [InlineData("/etc/.h*", "/etc/.hidden")]
    public void Files_are_named_by_patterns_of_the_shell(string pattern, string found)
    {
        var machine = new FakeMachine();
        foreach (var path in (string[])["/etc/b.conf", "/etc/a.conf", "/etc/.hidden", "/etc/y.c", "/home/me/key", "/home/you/key"])
            machine.With(path, "");
        Assert.Equal(found, string.Join(' ', PathPattern.Find(pattern, machine.Machine)));
    }
}
