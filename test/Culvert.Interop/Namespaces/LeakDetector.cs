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

/// <summary>Counts the packets on a link that are not TCP to or from the port of the SSH server.</summary>
internal sealed partial class LeakDetector(NetworkHost host)
{
    public static async Task<LeakDetector> InstallAsync(
        NetworkHost host, string link, int sshPort, Others others, CancellationToken cancellation)
    {
        // ICMPv6 is how neighbours find each other, not a connection.
        var rules = $$"""
            table inet culvert {
                counter others { }
                chain inspect {
                    tcp dport {{sshPort}} accept
                    tcp sport {{sshPort}} accept
                    meta l4proto ipv6-icmp accept
                    counter name "others"
                    {{(others == Others.Refused ? "meta l4proto tcp reject with tcp reset" : "accept")}}
                    {{(others == Others.Refused ? "drop" : "accept")}}
                }
                chain incoming {
                    type filter hook input priority 0; policy accept;
                    iifname "{{link}}" jump inspect
                }
                chain outgoing {
                    type filter hook output priority 0; policy accept;
                    oifname "{{link}}" jump inspect
                }
            }
            """;
        var result = await host.RunAsync(new CommandLine(Peers.Require("nft"), "-f", "-"), cancellation, rules);
        return result.Succeeded
            ? new LeakDetector(host)
            : throw Peers.Missing($"nftables can't count packets on this machine: {result.Output}");
    }

    /// <summary>How many foreign packets crossed, or tried to, since the start.</summary>
    public async Task<int> CountAsync(CancellationToken cancellation)
    {
        var listing = await host.RunAsync(new CommandLine(Peers.Require("nft"), "list", "counter", "inet", "culvert", "others"), cancellation);
        return int.Parse(Packets().Match(listing.OrThrow().Output).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"packets (\d+)")]
    private static partial Regex Packets();
}
