using Culvert.Broker.Config;
using Xunit;

namespace Culvert.Tests.Broker;

/// <summary>Which files are believed where any user may make one.</summary>
public sealed class WindowsFileAccessTests
{
    private const string Me = "S-1-5-21-1-2-3-1001", System = "S-1-5-18", Administrators = "S-1-5-32-544", Users = "S-1-5-32-545";
    private const int Read = 0x120089, Modify = 0x1301BF, Full = 0x1F01FF;

    [Theory]
    [InlineData(Me, true)]
    [InlineData(System, true)]
    [InlineData(Administrators, true)]
    [InlineData("S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464", true)]
    [InlineData("S-1-5-21-1-2-3-1002", false)]
    [InlineData(Users, false)]
    [InlineData(null, false)]
    public void The_owner_decides(string? owner, bool isSafe) =>
        Assert.Equal(isSafe, WindowsFileAccess.IsSafe(owner, [(System, Full, true), (Administrators, Full, true), (Me, Modify, true), (Users, Read, true)], Me));

    [Theory]
    [InlineData(Modify, true, false)]
    [InlineData(0x2, true, false)]
    [InlineData(0x4, true, false)]
    [InlineData(0x10000, true, false)]
    [InlineData(0x40000, true, false)]
    [InlineData(0x80000, true, false)]
    [InlineData(0x10000000, true, false)]
    [InlineData(0x40000000, true, false)]
    [InlineData(Read, true, true)]
    [InlineData(Modify, false, true)]
    public void Nobody_else_may_write_it(int rights, bool allows, bool isSafe) => Assert.Equal(isSafe, WindowsFileAccess.IsSafe(Me, [(Users, rights, allows)], Me));

    [Fact]
    public void Where_anybody_makes_such_folders_a_file_of_the_machines_that_others_write_is_refused()
    {
        const string global = "/etc/ssh2/ssh-broker-config.xml", ssh = "/etc/ssh/ssh_config";
        var machine = new FakeMachine().With(global, """<secsh-broker version="1.0"/>""", isSafe: false).With(ssh, "User you", isSafe: false).Machine;
        Assert.Empty(XmlConfiguration.Read(machine, [global]).ProfileIds);
        Assert.Equal("you", User(machine));
        var windows = machine with { AnybodyMakesSystemFolders = true };
        Assert.StartsWith(global, Assert.Throws<ConfigException>(() => XmlConfiguration.Read(windows, [global])).Message, StringComparison.Ordinal);
        Assert.Equal($"Bad owner or permissions on {ssh}", Assert.Throws<ConfigException>(() => User(windows)).Message);

        Assert.True(machine.Believes(ssh));
        Assert.False(windows.Believes(ssh));
        Assert.True(windows.Believes("/etc/ssh/ssh_known_hosts"));

        static string? User(Machine machine) => ResolvedConfig.Read(new ConfigBuilder(machine), HostSpec.Parse("gate"), ConfigSource.Usual).ForUse().User;
    }
}
