using System.Globalization;
using System.Text.RegularExpressions;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;

namespace Culvert.Interop.Program;

/// <summary>
/// The program under test: the managed build that lies beside the tests, or the binary that <c>CULVERT_BINARY</c>
/// names (seen from the repository). It is ready when it has said so for each of its tunnels.
/// </summary>
internal sealed partial class CulvertProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    private readonly ChildProcess _process;

    private CulvertProcess(ChildProcess process) => _process = process;

    public static string Program { get; } = Environment.GetEnvironmentVariable("CULVERT_BINARY") is { Length: > 0 } named
        ? Path.GetFullPath(named, Peers.Repository)
        : Path.Combine(AppContext.BaseDirectory, "culvert");

    /// <summary>The ports of the tunnels, in the order of the command line.</summary>
    public IReadOnlyList<int> Ports { get; private set; } = [];

    public int Port => Ports[0];

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Output => _process.Output;

    /// <summary>Starts tunnels through a server that is known and to which the key opens; waits until all are ready.</summary>
    public static Task<CulvertProcess> StartAsync(SshServer server, CancellationToken cancellation, params IReadOnlyList<string> tunnels) =>
        StartAsync(NetworkHost.Here, server, cancellation, tunnels);

    public static Task<CulvertProcess> StartAsync(
        NetworkHost host, SshServer server, CancellationToken cancellation, params IReadOnlyList<string> tunnels) =>
        StartAsync(host, Command([.. Login(server), .. tunnels, server.Address]), cancellation);

    /// <summary>Starts a command line that is whole already.</summary>
    public static Task<CulvertProcess> StartAsync(NetworkHost host, CommandLine command, CancellationToken cancellation) =>
        StartAsync(host, command, command.Arguments.Count(word => word is "-L" or "-R" or "-D"), cancellation);

    /// <summary>Starts a command line that is whole already; waits until so many tunnels are ready.</summary>
    public static Task<CulvertProcess> StartAsync(NetworkHost host, CommandLine command, int tunnels, CancellationToken cancellation) =>
        ReadyAsync(host.Start(command), tunnels, cancellation);

    /// <summary>Starts the program with words of one's own; waits until so many tunnels are ready.</summary>
    public static Task<CulvertProcess> StartAsync(IReadOnlyList<string> words, int tunnels, CancellationToken cancellation) =>
        ReadyAsync(ChildProcess.Start(Command(words)), tunnels, cancellation);

    private static async Task<CulvertProcess> ReadyAsync(ChildProcess process, int count, CancellationToken cancellation)
    {
        var culvert = new CulvertProcess(process);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(StartPatience);
            var ports = new List<int>();
            for (var index = 1; index <= count; index++)
            {
                var ready = await culvert._process.WaitForAsync(Ready(), limit.Token, index);
                ports.Add(int.Parse(ready.Groups["port"].ValueSpan, CultureInfo.InvariantCulture));
            }

            culvert.Ports = ports;
            return culvert;
        }
        catch
        {
            await culvert.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs the program to its end, for the cases in which it must not come up.</summary>
    public static Task<CommandResult> RunAsync(CancellationToken cancellation, params IReadOnlyList<string> arguments) =>
        Processes.Command.RunAsync(Command(arguments), cancellation);

    public static CommandLine Command(params IReadOnlyList<string> arguments) => new(Program, arguments)
    {
        Environment = new Dictionary<string, string> { ["SSH_AUTH_SOCK"] = "", ["NO_COLOR"] = "1" },
    };

    /// <summary>The options that let the test key into a server whose key is known.</summary>
    public static IReadOnlyList<string> Login(SshServer server) => Login(server, server.Port, server.KnownHosts);

    /// <summary>The same by a port that leads to the server in the end.</summary>
    public static IReadOnlyList<string> Login(SshServer server, int port, string knownHosts) =>
    [
        "-F", "none", "-o", "BatchMode=yes", "-o", $"UserKnownHostsFile={knownHosts}", "-o", "StrictHostKeyChecking=yes",
        "-i", server.Keys.PrivateKey(TestKeys.Client), "-p", port.ToString(CultureInfo.InvariantCulture), "-l", server.User,
    ];

    /// <summary>What Culvert says of each tunnel that is up.</summary>
    public static Regex ReadyLine => Ready();

    public Task<Match> WaitForAsync(Regex pattern, CancellationToken cancellation, int count = 1) =>
        _process.WaitForAsync(pattern, cancellation, count);

    public Task<int> WaitForExitAsync(CancellationToken cancellation) => _process.WaitForExitAsync(cancellation);

    public void Terminate() => _process.Terminate();

    public void Interrupt() => _process.Interrupt();

    public void Kill() => _process.Kill();

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    [GeneratedRegex(@"^ready: (ftp|tcp|socks) \S+ (?<port>\d+)")]
    private static partial Regex Ready();
}
