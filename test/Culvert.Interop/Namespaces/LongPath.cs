using System.Globalization;
using System.Text.RegularExpressions;
using Culvert.Interop.Processes;

namespace Culvert.Interop.Namespaces;

/// <summary>
/// Two hosts whose packets take their time: real TCP over a way with a delay, by the benchmark's own program for it.
/// Needs root and a C compiler; everything is gone after <see cref="DisposeAsync"/>.
/// </summary>
internal sealed partial class LongPath : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly ChildProcess _process;

    private LongPath(TemporaryFolder folder, ChildProcess process) => (_folder, _process) = (folder, process);

    /// <summary>Where the client is.</summary>
    public NetworkHost Near { get; private set; } = NetworkHost.Here;

    /// <summary>Where the servers are.</summary>
    public NetworkHost Far { get; private set; } = NetworkHost.Here;

    public static async Task<LongPath> CreateAsync(TimeSpan roundTrip, CancellationToken cancellation)
    {
        Peers.RequireRoot("network namespaces play the hosts");
        var folder = new TemporaryFolder();
        var (program, source) = (folder["delaypath"], Path.Combine(Peers.Repository, "bench", "compare", "compare", "native", "delaypath.c"));
        (await Command.RunAsync(new CommandLine(Peers.Require("cc"), "-O2", "-o", program, source), cancellation)).OrThrow();
        var oneWay = ((long)roundTrip.TotalMicroseconds / 2).ToString(CultureInfo.InvariantCulture);
        var path = new LongPath(folder, ChildProcess.Start(new CommandLine(program, oneWay)));
        try
        {
            var ready = await path._process.WaitForAsync(Ready(), cancellation);
            path.Near = path.Host(ready.Groups["near"].Value, "10.99.0.1");
            path.Far = path.Host(ready.Groups["far"].Value, "10.99.0.2");
            return path;
        }
        catch
        {
            await path.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    private NetworkHost Host(string descriptor, string address) => new($"/proc/{_process.Id}/fd/{descriptor}", address);

    [GeneratedRegex(@"^ready (?<near>\d+) (?<far>\d+)")]
    private static partial Regex Ready();
}
