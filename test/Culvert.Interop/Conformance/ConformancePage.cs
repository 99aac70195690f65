using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Culvert.Interop.Clients;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;
using Culvert.TestKit.Proof;

namespace Culvert.Interop.Conformance;

/// <summary><c>docs/proof/ftp-conformance.md</c>, from the cells that tests have proved. What was not proved has no cell, and a row that must be proved
/// and wasn't is a gap.</summary>
internal static class ConformancePage
{
    private const string Begin = "<!-- rows -->";

    public static string Path { get; } = System.IO.Path.Combine(Peers.Repository, "docs", "proof", "ftp-conformance.md");

    /// <summary>A table of the page.</summary>
    /// <param name="Name">As the cells have it.</param>
    /// <param name="Title">As people read it.</param>
    /// <param name="About">What it shows, and how.</param>
    /// <param name="First">The heading of the first column.</param>
    /// <param name="Columns">The other columns.</param>
    /// <param name="Rows">The rows that must be there, in their order; empty: as the cells have them.</param>
    private sealed record Table(string Name, string Title, string About, string First, string[] Columns, IReadOnlyList<string> Rows);

    private static Table[] Tables { get; } =
    [
        new(ProofTables.Commands, "Commands",
            "Every verb that the relay knows, and what becomes of it. In memory each row is said to the relay and its reply brought back; then each is said to four real servers through "
            + "sshd and Culvert, and a file is fetched after it and compared.",
            "Verb", ["Policy", "What the relay does", ProofTables.Test, CommandRow.RealTransfer], [.. CommandRow.All.Select(row => row.Verb)]),
        new(SpellingTests.Table, "Spellings of PASV, EPSV, PORT and EPRT",
            "Which of the four a real server takes when they are spelled so (said to it directly), and what becomes of them through Culvert. None ever went out as it came, nor did the address in it, "
            + "nor did a port of the server come back: `SpellingTests.A_spelling_is_translated_or_refused`.",
            "Spelling", [.. FtpServer.All, "through Culvert"], [.. Spelling.All.Select(spelling => spelling.Name)]),
        new(PassiveFormTests.Table, "Passive replies and seven clients",
            "A scripted server spells its 227 or 229 so; each client fetches a file through Culvert, and it is compared. Refused are only those that can be read in two ways, in none, or that name a privileged "
            + "port: `PassiveReplyTests` and `ExtendedPassiveReplyTests`.",
            "Reply", [.. FtpClient.All.Select(client => client.Name)], [.. PassiveForm.All.Select(form => form.Row)]),
        new(ProofTables.Attacks, "Attacks", "Each attack, and the tests of the defence against it.", "Attack", [ProofTables.Test], Attack.All),
        new(FeatureTests.Table, "Features", "What the servers offer in FEAT, and what becomes of it: `FeatureTests.Each_feature_is_classified_and_passed_or_left_out`.",
            "Feature", ["becomes", "offered by"], []),
        new(ProofTables.Dialogue, "Dialogue", "What else a relay must bear, with real peers where they have it.", "What", [ProofTables.With, ProofTables.Test], []),
        new(TranslationTests.Table, "IPv4 and IPv6", "A client of one family and a server that has only the other one (RFC 6384); the modes in which a file went both ways: `TranslationTests`.",
            "Client", FtpServer.All, []),
    ];

    /// <summary>Headings of the tables whose rows are those that have proofs.</summary>
    public static IReadOnlySet<string> OpenTables { get; } = Tables.Where(table => table.Rows.Count == 0).Select(table => "## " + table.Title).ToHashSet();

    /// <summary>The page from its first table on, and what is missing in it.</summary>
    public static (string Text, IReadOnlyList<string> Gaps) Render(IReadOnlyList<Cell> cells)
    {
        var text = new StringBuilder(Begin + "\n");
        var gaps = new List<string>();
        foreach (var table in Tables)
        {
            var mine = cells.Where(cell => cell.Table == table.Name).ToArray();
            var rows = table.Rows.Count > 0 ? table.Rows : [.. mine.Select(cell => cell.Row).Distinct().Order(StringComparer.Ordinal)];
            gaps.AddRange(mine.Select(cell => cell.Row).Except(rows).Select(row => $"{table.Title}: '{row}' is no row"));
            text.Append(CultureInfo.InvariantCulture, $"\n## {table.Title}\n\n{table.About}\n\n| {table.First} | {string.Join(" | ", table.Columns)} |\n|{string.Concat(Enumerable.Repeat("---|", table.Columns.Length + 1))}\n");
            foreach (var row in rows)
            {
                text.Append(CultureInfo.InvariantCulture, $"| {Shown(row)} |");
                foreach (var column in table.Columns)
                {
                    var values = mine.Where(cell => cell.Row == row && cell.Column == column).Select(cell => cell.Value).Order(StringComparer.Ordinal).ToArray();
                    if (values.Length == 0)
                    {
                        gaps.Add($"{table.Title}: '{row}' has nothing under '{column}'");
                    }

                    text.Append(CultureInfo.InvariantCulture, $" {string.Join(", ", values.Select(Shown))} |");
                }

                text.Append('\n');
            }
        }

        return (text.ToString(), gaps);
    }

    /// <summary>The rows of the page as it was committed; empty when there is none.</summary>
    public static string Committed()
    {
        var page = File.Exists(Path) ? File.ReadAllText(Path) : "";
        var begin = page.IndexOf(Begin, StringComparison.Ordinal);
        return begin < 0 ? "" : page[begin..];
    }

    /// <summary>Writes the page, with the day and the machine.</summary>
    public static async Task WriteAsync(string rows, CancellationToken cancellation)
    {
        var day = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var text = $"""
            # What the FTP relay does, row by row

            Written by the tests that ran, never by hand: `CULVERT_PROOF=1 ./test.sh` (or `./test.sh --long`) writes it, and each `./test.sh` fails when something stands here that it has not proved, or a row is missing.
            A row names the tests that passed when this was written; there may be more by now.

            Written on {day} on {RuntimeInformation.OSDescription.Trim()}, {RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}, {Environment.ProcessorCount} processors, .NET {Environment.Version}, with {await VersionsAsync(cancellation)}.


            """;
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        await File.WriteAllTextAsync(Path, text + rows, cancellation);
    }

    private static async Task<string> VersionsAsync(CancellationToken cancellation)
    {
        string[] packages = ["openssh-server", "vsftpd", "proftpd-core", "pure-ftpd", "python3-pyftpdlib", "curl", "lftp", "wget", "tnftp", "inetutils-ftp", "ncftp"];
        var versions = new List<string>();
        foreach (var package in packages)
        {
            var asked = await Command.RunAsync(
                new CommandLine("/bin/sh", "-c", "dpkg-query -W -f '${Version}' \"$1\" 2>/dev/null || apt-cache policy \"$1\" | sed -n 's/^ *Candidate: //p'", "sh", package), cancellation);
            versions.Add($"{package} {asked.Output.Split('\n')[^1].Trim()}");
        }

        return string.Join(", ", versions);
    }

    // A cell is one line, and bars would end it.
    private static string Shown(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace("\n", " ", StringComparison.Ordinal);
}
