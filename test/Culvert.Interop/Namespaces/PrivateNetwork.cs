using Culvert.Interop.Processes;

namespace Culvert.Interop.Namespaces;

/// <summary>
/// Hosts in a row, each a network namespace, each linked to the next one only: what two neighbours don't carry for it,
/// a host can't reach. Needs root; everything is gone after <see cref="DisposeAsync"/>.
/// </summary>
internal sealed class PrivateNetwork : IAsyncDisposable
{
    private static int _counter;

    private readonly List<NetworkHost> _hosts = [];

    private PrivateNetwork()
    {
    }

    /// <summary>The hosts in order; each is known by its address on the link towards the first one.</summary>
    public IReadOnlyList<NetworkHost> Hosts => _hosts;

    public static async Task<PrivateNetwork> CreateAsync(int hosts, CancellationToken cancellation)
    {
        Peers.RequireRoot("network namespaces play the hosts");
        var network = new PrivateNetwork();
        try
        {
            var prefix = $"culvert-{Environment.ProcessId}-{Interlocked.Increment(ref _counter)}";
            for (var index = 0; index < hosts; index++)
            {
                await network.AddAsync($"{prefix}-{index}", index, cancellation);
            }

            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>The name of the interface with which a host reaches the one before it in the row.</summary>
    public static string LinkOf(int index) => $"link{index}";

    /// <summary>The address of the link between host <paramref name="index"/> and the one before it, on that earlier host.</summary>
    public static string AddressBefore(int index) => $"10.77.{index}.1";

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await Ip(CancellationToken.None, "netns", "delete", host.Namespace!);
        }
    }

    private static string IPv6Of(int index, int end) => $"fd77:{index}::{end}";

    private static string AddressAfter(int index) => $"10.77.{index}.2";

    private static async Task Ip(CancellationToken cancellation, params IReadOnlyList<string> arguments) =>
        (await Command.RunAsync(new CommandLine(Peers.Require("ip"), arguments), cancellation)).OrThrow();

    private async Task AddAsync(string name, int index, CancellationToken cancellation)
    {
        var addition = await Command.RunAsync(new CommandLine(Peers.Require("ip"), "netns", "add", name), cancellation);
        if (!addition.Succeeded)
        {
            throw Peers.Missing($"this machine doesn't let root make network namespaces: {addition.Output}");
        }

        _hosts.Add(new NetworkHost(name, index == 0 ? AddressBefore(1) : AddressAfter(index))
        {
            AddressOverIPv6 = index == 0 ? IPv6Of(1, 1) : IPv6Of(index, 2),
        });
        await Ip(cancellation, "-n", name, "link", "set", "lo", "up");
        if (index == 0)
        {
            return;
        }

        var (earlier, link) = (_hosts[index - 1].Namespace!, LinkOf(index));
        await Ip(cancellation, "link", "add", link, "netns", earlier, "type", "veth", "peer", "name", link, "netns", name);
        await Ip(cancellation, "-n", earlier, "address", "add", $"{AddressBefore(index)}/24", "dev", link);
        await Ip(cancellation, "-n", name, "address", "add", $"{AddressAfter(index)}/24", "dev", link);
        // Nobody else has these addresses, and who asks first would have to wait.
        await Ip(cancellation, "-n", earlier, "address", "add", $"{IPv6Of(index, 1)}/64", "dev", link, "nodad");
        await Ip(cancellation, "-n", name, "address", "add", $"{IPv6Of(index, 2)}/64", "dev", link, "nodad");
        await Ip(cancellation, "-n", earlier, "link", "set", link, "up");
        await Ip(cancellation, "-n", name, "link", "set", link, "up");
    }
}
