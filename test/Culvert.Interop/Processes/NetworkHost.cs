namespace Culvert.Interop.Processes;

/// <summary>Where a program runs: on this machine as it is, or in a network namespace (by its name, or by a file's path) that plays a host of its own.</summary>
internal sealed record NetworkHost(string? Namespace, string Address)
{
    /// <summary>The same place over IPv6.</summary>
    public string AddressOverIPv6 { get; init; } = "::1";

    /// <summary>This machine, by its loopback address.</summary>
    public static NetworkHost Here { get; } = new(null, "127.0.0.1");

    public CommandLine Place(CommandLine command) => Namespace switch
    {
        null => command,
        ['/', ..] => command.Behind(Peers.Require("nsenter"), $"--net={Namespace}"),
        _ => command.Behind(Peers.Require("ip"), "netns", "exec", Namespace),
    };

    public ChildProcess Start(CommandLine command) => ChildProcess.Start(Place(command));

    public Task<CommandResult> RunAsync(
        CommandLine command, CancellationToken cancellation, string? input = null, TimeSpan? patience = null) =>
        Command.RunAsync(Place(command), cancellation, input, patience);
}
