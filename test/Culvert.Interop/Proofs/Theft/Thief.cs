using System.Globalization;
using System.Text.RegularExpressions;
using Culvert.Interop.Processes;
using Culvert.Net;

namespace Culvert.Interop.Proofs.Theft;

/// <summary>Another user of this machine, who watches for listening ports and is quick.</summary>
internal sealed partial class Thief : IAsyncDisposable
{
    /// <summary>nobody, of whom no process of the tests is.</summary>
    private const int User = 65534;

    private readonly ChildProcess _process;

    private Thief(ChildProcess process) => _process = process;

    public static async Task<Thief> StartAsync(PortRange ports, CancellationToken cancellation)
    {
        var thief = new Thief(ChildProcess.Start(Command(ports)));
        await thief._process.WaitForAsync(Ready(), cancellation);
        return thief;
    }

    /// <summary>What a port says to a stranger who connects to it.</summary>
    public static async Task<string> FirstLineOfAsync(int port, CancellationToken cancellation) =>
        (await Processes.Command.RunAsync(Command(new PortRange(port, port), port), cancellation)).OrThrow().Output;

    /// <summary>Stops, and tells how many listeners were reached before they were gone, in how many attempts, and how often anything came of it.</summary>
    public async Task<(int Doors, int Attempts, int Given)> StopAsync(CancellationToken cancellation)
    {
        _process.Input.Close();
        var numbers = (await _process.WaitForAsync(Summary(), cancellation)).Groups;
        return (Number(1), Number(2), Number(3));

        int Number(int group) => int.Parse(numbers[group].ValueSpan, CultureInfo.InvariantCulture);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static CommandLine Command(PortRange ports, int? control = null)
    {
        Peers.RequireRoot("a thief is another user");
        return new CommandLine(Peers.Require("python3"), [
            Path.Combine(AppContext.BaseDirectory, "Proofs", "Theft", "thief.py"),
            .. new[] { ports.First, ports.Last, 0, User }.Select(number => number.ToString(CultureInfo.InvariantCulture)),
            .. control is { } port ? [port.ToString(CultureInfo.InvariantCulture)] : Array.Empty<string>()]);
    }

    [GeneratedRegex("^ready$")]
    private static partial Regex Ready();

    [GeneratedRegex(@"^entered (\d+) doors in (\d+) attempts, given something (\d+) times$")]
    private static partial Regex Summary();
}
