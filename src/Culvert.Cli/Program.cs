using System.Text;
using Culvert.Broker.Config;
using Culvert.Cli;
using Culvert.Cli.Arguments;
using Culvert.Cli.Control;
using Culvert.Cli.Running;
using Culvert.Cli.Terminal;

// Help is printed before anything else is loaded: the commonest first call shouldn't wait for what it doesn't use.
if (args is ["-h" or "--help" or "help"])
    return Say(HelpText.Page);

try
{
    return CommandLineReader.Read(args, ThisMachine.Of()) switch
    {
        Invocation.Help => Say(HelpText.Page),
        Invocation.Version => Say(ProgramVersion.Text),
        Invocation.Print print => Say(string.Join('\n', print.Lines)),
        Invocation.Demo demo => await DemoCommand.RunAsync(demo),
        Invocation.Broker broker => await BrokerCommand.RunAsync(broker),
        Invocation.Control control => await ControlCommand.RunAsync(control),
        Invocation.Service service => await ServiceCommand.RunAsync(service),
        Invocation.Tunnels tunnels => await TunnelCommand.RunAsync(tunnels, args),
        var unknown => throw new InvalidOperationException($"nothing runs {unknown}"),
    };
}
catch (ConfigException e)
{
    return UsageError.Report(e, StandardError.Open());
}

static int Say(string text)
{
    using var output = Console.OpenStandardOutput();
    output.Write(Encoding.UTF8.GetBytes(text + "\n"));
    return ExitCode.Success;
}
