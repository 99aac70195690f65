using System.Globalization;
using System.Runtime.InteropServices;
using Culvert.TestKit;

namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>Writes <c>docs/proof/fuzzing.md</c>.</summary>
internal static class FuzzPage
{
    public static async Task WriteAsync(FuzzReport dialogues, FuzzReport lines, FuzzReport addresses, CancellationToken cancellationToken)
    {
        var rows = new (string What, long Count, FuzzReport Run)[]
        {
            ("dialogues", dialogues.Trials, dialogues),
            ("lines, through framing, verbs and replies", lines.Trials * LineTrial.Lines, lines),
            ("addresses: 227, 229, PORT, EPRT", addresses.Trials * AddressTrial.Lines, addresses),
        };
        var table = string.Concat(rows.Select(row => string.Create(CultureInfo.InvariantCulture,
            $"| {row.What} | {row.Count:N0} | {row.Run.Duration.TotalSeconds:N0} s | {row.Count / row.Run.Duration.TotalSeconds:N0} | {row.Run.PeakMegabytes:N0} MB | 0 |\n")));
        var page = string.Create(CultureInfo.InvariantCulture, $"""
            # Fuzzing

            Written by the test `DialogueFuzzTests` on {TimeProvider.System.GetUtcNow():yyyy-MM-dd}, on {RuntimeInformation.OSDescription} ({RuntimeInformation.OSArchitecture}), {Environment.ProcessorCount} processors, {RuntimeInformation.FrameworkDescription}.
            The same trials again: `CULVERT_SEED={dialogues.Seed} ./test.sh --long DialogueFuzzTests`.

            | what | how many | time | a second | peak memory of the process so far | rules broken |
            |---|---|---|---|---|---|
            {table}
            A dialogue is a client, the conversation between two line readers, a server, data connections and timers: 20 to 120 random events, and then a kind
            world in which everything must come to its end. Lines come in pieces of any size, often of one byte. Most servers keep the rules in one of the ways in which servers do
            (one, two or three replies to ABOR, addresses in any spelling, replies of several lines with planted addresses inside, refusals, 421); the others
            say anything at any time. Clients pipeline, abort, restart, leave, speak Telnet, ask for TLS, and disguise commands. The rules stand in
            `DialogueRules`, `Outstanding`, `ClientEyes` and `ServerEyes` under `test/Culvert.Tests/Ftp/Fuzzing`:

            - no line goes out on either side with an address that isn't ours, as the most careless server or any of three kinds of clients would read it;
            - every line leaves whole; every client sees the same replies, none of them inside another;
            - each reply is the server's own to that very command, or one that the relay is documented to give, in the order of the commands; ABOR alone makes fewer or more;
            - nothing but ABOR, STAT and NOOP overtakes an upload; no REST reaches another transfer than its own;
            - success is said after the end of the data, unless the client had stopped to read; nothing that broke is called complete; each transfer and each path ends once;
            - whoever waits, waits for a peer that owes something or for a timer that runs; in a kind world every command is answered;
            - what is kept is bounded, and nothing is decided after the end.

            """);
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "docs", "proof"));
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "fuzzing.md"), page, cancellationToken);
    }
}
