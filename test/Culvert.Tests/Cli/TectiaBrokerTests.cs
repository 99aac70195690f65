using Culvert.Broker.Config;
using Culvert.Cli.Arguments;
using Culvert.Tests.Broker;
using Xunit;

namespace Culvert.Tests.Cli;

/// <summary>The letters of <c>ssh-broker-g3</c> and <c>ssh-broker-ctl</c>.</summary>
public sealed class TectiaBrokerTests
{
    private static Invocation Daemon(params string[] words) => TectiaBroker.Daemon(words, new FakeMachine().Machine);

    [Fact]
    public void The_broker_goes_to_the_background_with_its_options_in_our_words()
    {
        var start = Assert.IsType<Invocation.Control>(Daemon("-a", "/s", "-f", "/c.xml", "--pid-file=/p", "-l", "/log"));
        Assert.Equal(("/s", "start --config /c.xml --pid-file /p --log-file /log"), (start.Socket, string.Join(' ', start.Words)));
    }

    [Theory]
    [InlineData("4", Verbosity.Debug2)]
    [InlineData("1", Verbosity.Debug1)]
    [InlineData("SecShAuth*=5,2", Verbosity.Debug2)]
    [InlineData("all=99", Verbosity.Debug3)]
    public void With_a_debug_level_it_stays_in_front_and_tells_that_much(string level, Verbosity expected)
    {
        var broker = Assert.IsType<Invocation.Broker>(Daemon("-D", level, "-a", "/s"));
        Assert.Equal((expected, "/s"), (broker.Verbosity, broker.Socket));
    }

    [Theory]
    [InlineData("--exit", "stop")]
    [InlineData("--reconfig", "reload")]
    public void A_running_one_is_told_what_to_do(string option, string verb) => Assert.Equal([verb], Assert.IsType<Invocation.Control>(Daemon(option)).Words);

    [Fact]
    public void A_broker_is_found_by_Tectias_variable_unless_it_is_named()
    {
        var machine = new FakeMachine { Variables = { ["SSH_SECSH_BROKER"] = "/v" } }.Machine;
        foreach (var (read, socket) in (ReadOnlySpan<(Invocation, string)>)
        [
            (TectiaBroker.Control(["status"], machine), "/v"), (TectiaBroker.Control(["-a", "/s", "status"], machine), "/s"),
            (TectiaBroker.Daemon([], machine), "/v"), (TectiaBroker.Daemon(["--exit"], machine), "/v"), (TectiaBroker.Daemon(["-a", "/s"], machine), "/s"),
        ])
            Assert.Equal(socket, Assert.IsType<Invocation.Control>(read).Socket);
        Assert.Equal("/v", Assert.IsType<Invocation.Broker>(TectiaBroker.Daemon(["-D", "1"], machine)).Socket);
    }

    [Fact]
    public void A_value_that_is_missing_is_a_mistake() => Assert.Throws<ConfigException>(() => Daemon("-a"));

    [Fact]
    public void The_control_program_takes_Tectias_options_and_ours()
    {
        var control = Assert.IsType<Invocation.Control>(TectiaBroker.Control(["--broker-address=/s", "-D", "4", "-e", "utf8", "--time-format=%H", "list-tunnel-listeners", "-s", "-w", "--json"], new FakeMachine().Machine));
        Assert.Equal(("/s", true, true, true), (control.Socket, control.Short, control.Wide, control.Json));
        Assert.Equal(["list-tunnel-listeners"], control.Words);
        Assert.IsType<Invocation.Version>(TectiaBroker.Control(["-V"], new FakeMachine().Machine));
    }
}
