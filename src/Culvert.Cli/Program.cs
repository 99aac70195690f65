using System.Text;
using Culvert.Broker.Config;
using Culvert.Cli;
using Culvert.Cli.Arguments;
using Culvert.Cli.Control;
using Culvert.Cli.Running;
using Culvert.Cli.Terminal;

// Help is printed before anything else is loaded: the commonest first call shouldn't wait for what it doesn't use.
var isTectia = ProgramName.Current == ProgramName.Sshg3;
try
{
    if (args is ["-h" or "--help"] || (args is ["help"] && !isTectia))
        return Say(isTectia ? TectiaHelp.Page : HelpText.Page);
    var machine = ThisMachine.Of();
    // A profile of the running broker's own configuration, which no file here tells of.
    if (ProgramName.Current == ProgramName.Own && CommandLineReader.MayBeBrokersProfile(args) is { } word && await ControlCommand.KnowsAsync(word) && new Profiles(machine, null).Find(word, mustBe: false) is null)
        return await ControlCommand.RunAsync(new Invocation.Control(["connect", word]));
    return ProgramName.Current switch
    {
        ProgramName.Sshg3 => TectiaReader.Read(args, machine),
        ProgramName.SshBroker => TectiaBroker.Daemon(args, machine),
        ProgramName.SshBrokerControl => TectiaBroker.Control(args, machine),
        _ => CommandLineReader.Read(args, machine),
    } switch
    {
        Invocation.Help => Say(HelpText.Page),
        Invocation.Version => Say(ProgramVersion.Text),
        Invocation.Text text => Say(text.Lines),
        Invocation.Print print => Say(string.Join('\n', print.Lines)),
        Invocation.ConfigCheck check => ConfigCheckCommand.Run(check.File, machine),
        Invocation.Demo demo => await DemoCommand.RunAsync(demo),
        Invocation.InstallNames names => Say(string.Join('\n', InstallNames.Run(names.Folder, Environment.ProcessPath!))),
        Invocation.Stdio stdio => await StdioCommand.RunAsync(stdio),
        Invocation.Broker { IsWindowsService: true } broker => await ServiceCommand.ServeAsync(broker),
        Invocation.Broker broker => await BrokerCommand.RunAsync(broker),
        Invocation.Control control => await ControlCommand.RunAsync(control),
        Invocation.Service service => await ServiceCommand.RunAsync(service),
        Invocation.Tunnels { Profile: { } profile } when await ControlCommand.KnowsAsync(profile) =>
            await ControlCommand.RunAsync(new Invocation.Control(["connect", profile])) is var code && code != ExitCode.Success && isTectia ? ExitCode.SessionFailure : code,
        Invocation.Tunnels tunnels => await TunnelCommand.RunAsync(tunnels, args),
        var unknown => throw new InvalidOperationException($"nothing runs {unknown}"),
    };
}
catch (AnswersException e)
{
    if (!e.HasNoReader)
    {
        using var errors = StandardError.Open();
        errors.Write(Encoding.UTF8.GetBytes($"{ProgramName.Current}: {e.Message}\n"));
    }
    return ExitCode.VerbFailed;
}
catch (ConfigException e)
{
    var usage = UsageError.Report(e, StandardError.Open(), ProgramName.Installed.Contains(ProgramName.Current) ? ProgramName.Current : ProgramName.Own);
    return isTectia ? ExitCode.SessionFailure : usage;
}

static int Say(string text)
{
    using var output = Answers.Open();
    output.Write(Encoding.UTF8.GetBytes(text + "\n"));
    return ExitCode.Success;
}
