using System.Text;
using Culvert.Interop.Processes;
using Culvert.Interop.Proofs;
using Culvert.Interop.Servers;
using Culvert.Ssh.Crypto;
using Culvert.TestKit.Proof;

namespace Culvert.Interop.Transport;

/// <summary><c>docs/proof/ssh-interop.md</c>, from the cells that tests have proved.</summary>
internal static class SshInteropPage
{
    public const string Logins = "SSH login";
    public const string Runs = "SSH runs";
    public const string Clients = "SSH clients";
    public const string Rekeying = "SSH rekeying";
    public const string Audit = "ssh-audit";
    public const string Yes = "yes";

    /// <summary>What is installed, and what <c>install-peers.sh</c> has unpacked beside it.</summary>
    private const string Versions = """
        dpkg-query -W -f '${Package} ${Version}\n' openssh-server dropbear-bin
        for file in "$1"/bookworm-backports/*.deb "$1"/trixie/*.deb; do
            [ ! -e "$file" ] || dpkg-deb -W --showformat='${Package} ${Version}\n' "$file"
        done
        """;

    /// <summary>The servers, in the order of the columns.</summary>
    public static IReadOnlyList<string> Servers { get; } = [SshServer.OpenSsh, SshServer.OpenSshNewer, SshServer.Dropbear, SshServer.AsyncSsh, SshServer.Paramiko];

    private static IReadOnlyList<(string Name, string Title, IReadOnlyList<string> Columns)> Tables { get; } =
    [
        .. Enum.GetValues<AlgorithmKind>().Select(kind => (NameOf(kind), NameOf(kind), Servers)),
        (Logins, "Login", Servers),
        (Runs, "Combinations", Servers),
        (Rekeying, "Keys changed every MiB while 16 MiB go both ways", [.. Servers]),
        (Clients, "Clients of others at our server half", ForeignClient.All),
        (Audit, "ssh-audit", ["Remarks"]),
    ];

    public static string Path { get; } = System.IO.Path.Combine(Peers.Repository, "docs", "proof", "ssh-interop.md");

    /// <summary>A value was used with a server, and all went well.</summary>
    public static void Worked(string server, AlgorithmKind kind, string name) => ProofLog.Add(NameOf(kind), name, server, Yes);

    /// <summary>The page's tables, and what is missing in them: a server, client or table about which nothing was shown. That a value of a server's offer has no
    /// cell can't be: the matrix itself fails then.</summary>
    public static (string Text, IReadOnlyList<string> Gaps) Render(IReadOnlyList<Cell> cells)
    {
        var text = new StringBuilder();
        var gaps = new List<string>();
        foreach (var (name, title, columns) in Tables)
        {
            var mine = cells.Where(cell => cell.Table == name).ToArray();
            gaps.AddRange(columns.Where(column => !mine.Any(cell => cell.Column == column)).Select(column => $"{title}: nothing about {column}"));
            text.Append($"## {title}\n\n|  | {string.Join(" | ", columns)} |\n|{string.Concat(Enumerable.Repeat("---|", columns.Count + 1))}\n");
            foreach (var row in mine.Select(cell => cell.Row).Distinct().OrderBy(Place).ThenBy(row => row, StringComparer.Ordinal))
            {
                text.Append($"| {row} |");
                foreach (var column in columns)
                    text.Append($" {string.Join(", ", mine.Where(cell => cell.Row == row && cell.Column == column).Select(cell => cell.Value).DefaultIfEmpty("–"))} |");
                text.Append('\n');
            }

            text.Append('\n');
        }

        return (text.ToString(), gaps);
    }

    /// <summary>What the page says, cell by cell. How many combinations a server's offer makes is no claim.</summary>
    public static IEnumerable<Cell> Claims(string page)
    {
        var table = "";
        string[] columns = [];
        foreach (var line in page.Split('\n'))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
                (table, columns) = (Tables.Single(known => known.Title == line[3..]).Name, []);
            if (!line.StartsWith('|') || table.Length == 0 || line.StartsWith("|---", StringComparison.Ordinal))
                continue;
            string[] cells = [.. line.Trim('|').Split('|').Select(cell => cell.Trim())];
            if (columns.Length == 0)
            {
                columns = cells;
                continue;
            }
            for (var column = 1; column < cells.Length; column++)
            {
                if (cells[column] != "–" && table != Runs)
                    yield return new(table, cells[0], columns[column], cells[column]);
            }
        }
    }

    public static async Task WriteAsync(string tables, CancellationToken cancellation)
    {
        var machine = string.Concat((await Machine.DescribeAsync(cancellation)).Select(line => $"- {line}\n"));
        var packages = await Command.RunAsync(new CommandLine("/bin/sh", "-c", Versions, "sh", System.IO.Path.Combine(Peers.Repository, "artifacts", "peers")), cancellation);
        await File.WriteAllTextAsync(Path, $"""
            # Which servers and clients Culvert's SSH engine works with

            Written on {TimeProvider.System.GetUtcNow():yyyy-MM-dd} by the tests that ran, never by hand; the same again: `CULVERT_PROOF=1 ./test.sh`.

            Each server's offer is read from its own KEXINIT. Every name in it that the engine speaks is used, and any two of key exchange, host key, cipher with MAC
            and login at least once together: keys are exchanged, the user logs in, keys are changed, and a request is answered under the new ones.
            A name that is offered, spoken and unused makes the test fail. `–`: the server doesn't offer it.

            {machine}- {string.Join(", ", packages.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))}

            {tables.TrimEnd()}

            """, cancellation);
    }

    private static string NameOf(AlgorithmKind kind) => kind switch
    {
        AlgorithmKind.KeyExchange => "Key exchange",
        AlgorithmKind.HostKey => "Host key",
        AlgorithmKind.Cipher => "Cipher",
        _ => "MAC",
    };

    /// <summary>Where a name stands in our own order of preference.</summary>
    private static int Place(string name) => Enum.GetValues<AlgorithmKind>().SelectMany(Algorithms.Of).TakeWhile(known => known != name).Count();
}
