using System.Globalization;
using System.Text.RegularExpressions;
using Culvert.Interop.Processes;

namespace Culvert.Interop.Namespaces;

/// <summary>What happens to a packet between two hosts that doesn't belong to the SSH connection.</summary>
internal enum Others
{
    /// <summary>It is counted and turned back: a leaked data connection can't succeed.</summary>
    Refused,

    /// <summary>It is counted and passes: a leaked data connection succeeds, and is seen.</summary>
    Pass,
}

/// <summary>Counts the packets that arrive over a link, at either end, and are not TCP to or from the port of the SSH server.</summary>
internal sealed partial class LeakDetector
{
    private readonly NetworkHost[] _ends;

    private LeakDetector(NetworkHost[] ends) => _ends = ends;

    public static async Task<LeakDetector> InstallAsync(
        NetworkHost near, NetworkHost far, string link, int sshPort, Others others, CancellationToken cancellation)
    {
        NetworkHost[] ends = [near, far];
        // ICMPv6 is how neighbours find each other, and a reset answers what was refused at the other end: neither carries data.
        var rules = $$"""
            table inet culvert {
                counter others { }
                chain incoming {
                    type filter hook input priority 0; policy accept;
                    iifname != "{{link}}" accept
                    tcp dport {{sshPort}} accept
                    tcp sport {{sshPort}} accept
                    meta l4proto ipv6-icmp accept
                    tcp flags & rst == rst accept
                    counter name "others"
                    {{(others == Others.Refused ? "meta l4proto tcp reject with tcp reset" : "accept")}}
                    {{(others == Others.Refused ? "drop" : "accept")}}
                }
            }
            """;
        foreach (var end in ends)
        {
            var result = await end.RunAsync(new CommandLine(Peers.Require("nft"), "-f", "-"), cancellation, rules);
            if (!result.Succeeded)
            {
                throw Peers.Missing($"nftables can't count packets on this machine: {result.Output}");
            }
        }

        return new LeakDetector(ends);
    }

    /// <summary>How many foreign packets have arrived at both ends since the start.</summary>
    public async Task<int> CountAsync(CancellationToken cancellation)
    {
        var sum = 0;
        foreach (var end in _ends)
        {
            var command = new CommandLine(Peers.Require("nft"), "list", "counter", "inet", "culvert", "others");
            var listing = (await end.RunAsync(command, cancellation)).OrThrow().Output;
            sum += int.Parse(Packets().Match(listing).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        }

        return sum;
    }

    [GeneratedRegex(@"packets (\d+)")]
    private static partial Regex Packets();
}
