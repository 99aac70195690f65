using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Culvert.Interop.Processes;

namespace Culvert.Interop.Configuration;

/// <summary>What was compared, for <c>docs/proof/ssh-config.md</c>.</summary>
internal sealed class AgreementReport(ulong firstSeed, int count)
{
    /// <summary>The keywords that issue 4 wants honoured, as <c>-G</c> prints them; Tag is younger than OpenSSH 9.2.</summary>
    private static readonly string[] Keys =
    [
        "hostname", "port", "user", "identityfile", "identitiesonly", "identityagent", "certificatefile", "proxyjump", "proxycommand", "localforward", "remoteforward", "dynamicforward",
        "clearallforwardings", "gatewayports", "exitonforwardfailure", "serveraliveinterval", "serveralivecountmax", "connecttimeout", "connectionattempts", "stricthostkeychecking",
        "userknownhostsfile", "globalknownhostsfile", "hostkeyalias", "hashknownhosts", "updatehostkeys", "checkhostip", "preferredauthentications", "pubkeyauthentication",
        "passwordauthentication", "kbdinteractiveauthentication", "batchmode", "numberofpasswordprompts", "ciphers", "macs", "kexalgorithms", "hostkeyalgorithms", "pubkeyacceptedalgorithms",
        "casignaturealgorithms", "requiredrsasize", "rekeylimit", "loglevel", "addressfamily", "bindaddress", "bindinterface", "tcpkeepalive", "ignoreunknown",
    ];

    private readonly Dictionary<string, HashSet<string>> _values = [];
    private int _printed;
    private int _refused;
    private int _usual;

    public List<string> Differences { get; } = [];

    public void Add(Configuration configuration, Reading ssh, IReadOnlyList<string> differences)
    {
        if (ssh.IsRefused)
            _refused++;
        else
            _printed++;
        if (configuration.UsesUsualFiles)
            _usual++;
        foreach (var line in ssh.Lines)
        {
            if (!_values.TryGetValue(Agreement.Key(line), out var values))
                _values[Agreement.Key(line)] = values = [];
            values.Add(line);
        }
        if (differences.Count > 0)
            Differences.Add($"{string.Join('\n', differences)}\n{configuration}");
    }

    public async Task WriteAsync(CancellationToken cancellation)
    {
        var version = await Command.RunAsync(new CommandLine(Peers.Require("ssh"), "-V"), cancellation);
        var folder = Directory.CreateDirectory(Path.Combine(Peers.Repository, "docs", "proof")).FullName;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            # `culvert -G` and `ssh -G`

            Written by the test `Generated_configurations_mean_the_same_to_both` (`./test.sh --long Generated_configurations`).

            | | |
            |---|---|
            | date | {TimeProvider.System.GetUtcNow():yyyy-MM-dd} |
            | machine | {RuntimeInformation.OSDescription.Trim()}, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} processors |
            | compared with | {version.Output.Trim()} |
            | seeds | {firstSeed} to {firstSeed + (ulong)count - 1} |
            | configurations | {_printed + _refused} |
            | understood by both, with the same values | {_printed} |
            | refused by both, at the same lines and in the same words | {_refused} |
            | of these read from `~/.ssh/config` and `/etc/ssh/ssh_config`, without `-F` | {_usual} |
            | differences | {Differences.Count} |

            Each configuration has one to four files of nested Host, Match (also `exec` and `final`) and Include with patterns, quotes, escapes, tokens, variables and comments,
            and up to four settings or option letters on the command line; about a third has up to three mistakes. All lines that `ssh -N -G` prints are compared, in their order, except
            algorithms of methods that culvert doesn't have (GSSAPI, host-based). Two differences are allowed: our own defaults (connect timeout,
            keepalive, strict forwards), which each configuration says at its end so that everything else must be equal; and algorithms that culvert doesn't have, which are left
            out of OpenSSH's lists before they are compared. Words that culvert doesn't print at all: `Unsupported option`, for keywords of SSH 1.

            | key | different lines seen |
            |---|---|

            """);
        foreach (var key in Keys)
            text.Append(CultureInfo.InvariantCulture, $"| {key} | {(_values.TryGetValue(key, out var values) ? values.Count : 0)} |\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "ssh-config.md"), text.ToString(), cancellation);
    }
}
