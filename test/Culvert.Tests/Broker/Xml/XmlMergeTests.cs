using Culvert.Broker.Config;
using Xunit;

namespace Culvert.Tests.Broker.Xml;

/// <summary>Which files are read, and what of them counts.</summary>
public sealed class XmlMergeTests
{
    private const string Own = "/home/me/.ssh2/ssh-broker-config.xml";
    private const string Global = "/etc/ssh2/ssh-broker-config.xml";
    private const string Default = "/opt/tectia/share/auxdata/ssh-broker-ng/ssh-broker-config-default.xml";

    private static XmlConfiguration Read(FakeMachine machine) => XmlConfiguration.Read(machine.Machine, XmlConfiguration.Paths(machine.Machine, null));

    [Fact]
    public void Files_are_found_where_Tectia_looks_then_in_our_own_folders()
    {
        static IReadOnlyList<string> Found(params string[] files) =>
            XmlConfiguration.Paths(files.Aggregate(new FakeMachine(), (machine, file) => machine.With(file, "")).Machine, null);
        const string ourOwn = "/home/me/.config/culvert/ssh-broker-config.xml", ourGlobal = "/etc/culvert/ssh-broker-config.xml";
        Assert.Empty(Found());
        Assert.Equal([Own, Global, Default], Found(Default, Own, Global, ourOwn, ourGlobal));
        Assert.Equal([ourOwn, ourGlobal], Found(ourOwn, ourGlobal));
        Assert.Equal(["/x.xml"], XmlConfiguration.Paths(new FakeMachine().With(Own, "").Machine, "/x.xml"));
    }

    [Fact]
    public void On_Windows_they_are_found_in_Tectias_folders_there_then_in_ours()
    {
        var machine = new FakeMachine { Variables = { ["APPDATA"] = @"C:\Users\me\AppData\Roaming", ["ProgramData"] = @"C:\ProgramData", ["ProgramFiles"] = @"C:\Program Files" } };
        Assert.Equal(
            [
                [@"C:\Users\me\AppData\Roaming\SSH\ssh-broker-config.xml", @"C:\Users\me\AppData\Roaming\culvert\ssh-broker-config.xml"],
                [@"C:\Program Files\SSH Communications Security\SSH Tectia\SSH Tectia Broker\ssh-broker-config.xml", @"C:\ProgramData\culvert\ssh-broker-config.xml"],
                [@"C:\Program Files\SSH Communications Security\SSH Tectia\SSH Tectia AUX\ssh-broker-ng\ssh-broker-config-default.xml"],
            ],
            XmlPlaces.Of(machine.Machine, isWindows: true));
        machine.Variables["ProgramFiles(x86)"] = @"C:\Program Files (x86)";
        Assert.All(XmlPlaces.Of(machine.Machine, isWindows: true).Skip(1), kind => Assert.StartsWith(@"C:\Program Files (x86)\SSH Communications Security\", kind[0], StringComparison.Ordinal));
    }

    [Fact]
    public void No_file_is_no_mistake() => Assert.Empty(Read(new FakeMachine()).ToBroker().Profiles);

    [Fact]
    public void Profiles_and_static_tunnels_add_up_and_the_users_profile_wins()
    {
        var config = Read(new FakeMachine()
            .With(Own, """
                <secsh-broker>
                  <profiles><profile id="both" host="mine"/><profile id="own" host="o"/></profiles>
                  <static-tunnels><tunnel listen-port="1" dst-port="1" profile="global"/></static-tunnels>
                </secsh-broker>
                """)
            .With(Global, """
                <secsh-broker>
                  <profiles><profile id="both" host="theirs"/><profile id="global" host="g"/></profiles>
                  <static-tunnels><tunnel listen-port="2" dst-port="1" profile="both"/></static-tunnels>
                </secsh-broker>
                """)).ToBroker();
        Assert.Equal(["both", "own", "global"], config.Profiles.Select(profile => profile.Id));
        Assert.Equal(["mine", "o", "g"], config.Profiles.Select(profile => profile.Connection.Host));
        Assert.Equal([1, 2], config.StaticTunnels.Select(tunnel => tunnel.Tunnel.Spec.ListenPort));
    }

    [Fact]
    public void Of_two_values_the_profiles_counts_then_the_users_then_the_machines_then_the_default()
    {
        static string File(string cipher, string more = "") =>
            $"<secsh-broker><default-settings><ciphers><cipher name=\"{cipher}\"/></ciphers>{more}</default-settings></secsh-broker>";
        var machine = new FakeMachine()
            .With(Own, File("aes128-ctr").Replace("</secsh-broker>", "<profiles><profile id=\"a\" host=\"h\"/><profile id=\"b\" host=\"h\"><ciphers><cipher name=\"aes256-ctr\"/></ciphers></profile></profiles></secsh-broker>", StringComparison.Ordinal))
            .With(Global, File("aes192-ctr", "<rekey bytes=\"2000\"/>"))
            .With(Default, File("aes128-gcm@openssh.com", "<rekey bytes=\"3000\"/><keepalive-interval time=\"9\"/>"));
        var profiles = Read(machine).ToBroker().Profiles;
        Assert.Equal(["aes128-ctr", "aes256-ctr"], profiles.Select(profile => profile.Connection.Ciphers));
        Assert.All(profiles, profile => Assert.Equal((2000, TimeSpan.FromSeconds(9)), (profile.Connection.RekeyBytes, profile.Connection.ServerAliveInterval)));
    }

    [Fact]
    public void A_mistake_in_the_machines_file_stops_the_start_as_one_in_the_users_does()
    {
        var e = Assert.Throws<ConfigException>(() => Read(new FakeMachine().With(Own, "<secsh-broker><x/></secsh-broker>").With(Global, "<secsh-broker>\n <y/></secsh-broker>")));
        Assert.Equal([$"{Own}:1:16: unknown element <x>", $"{Global}:2:3: unknown element <y>"], e.Lines);
        Assert.True(e.IsOfFile);
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_a_mistake() =>
        Assert.Equal($"{Own}: Permission denied", Assert.Throws<ConfigException>(() => Read(new FakeMachine().WithUnreadable(Own))).Message);
}
