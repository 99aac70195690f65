using Culvert.Interop.Clients;

namespace Culvert.Interop.Proofs.Kills;

/// <summary>Who dies in the middle of a transfer.</summary>
internal enum Victim
{
    /// <summary>curl by SIGKILL, or the data socket of the raw client by a reset.</summary>
    Client,

    /// <summary>All processes of sshd that serve the connection.</summary>
    SshSession,

    /// <summary>All processes of the FTP server that serve the session.</summary>
    FtpServer,

    /// <summary>The TCP connection between Culvert and sshd.</summary>
    Link,

    /// <summary>Culvert itself, by SIGKILL.</summary>
    Culvert,

    /// <summary>The control: nothing happens, and all say complete.</summary>
    Nobody,
}

/// <summary>Who transfers: a program that everybody uses, or the tests' own client, which trusts every sign of success.</summary>
internal enum Witness
{
    Curl,
    Raw,
}

/// <summary>One kill to be done.</summary>
/// <param name="Number">Names its files.</param>
/// <param name="Victim">Who dies.</param>
/// <param name="Upload">Which way the bytes go.</param>
/// <param name="Mode">How the client arranges the data connection.</param>
/// <param name="Witness">Who is asked afterwards.</param>
/// <param name="Point">At which part of the bytes, above 0 and below 1.</param>
/// <param name="Orderly">For the link: whether it ends in order or by a reset.</param>
internal sealed record Kill(int Number, Victim Victim, bool Upload, TransferMode Mode, Witness Witness, double Point, bool Orderly)
{
    public string FileName => $"kill-{Number}";

    /// <summary>Every victim in every mode and both directions, equally often, in an order of chance.</summary>
    public static IReadOnlyList<Kill> Plan(int count)
    {
        var choices = new Choices("kills");
        var cells = (from victim in Enum.GetValues<Victim>().Where(victim => victim != Victim.Nobody)
                     from upload in new[] { false, true }
                     from mode in Enum.GetValues<TransferMode>()
                     select (victim, upload, mode)).ToArray();
        // A short plan can't have every cell; each row of cells is shuffled, so that which ones it has is left to chance.
        var row = Array.Empty<(Victim Victim, bool Upload, TransferMode Mode)>();
        var plan = new List<Kill>();
        for (var number = 0; number < count; number++)
        {
            var place = number % cells.Length;
            if (place == 0)
            {
                row = choices.Shuffled(cells);
                if (count < cells.Length)
                {
                    row = [.. row.GroupBy(cell => (cell.Victim, cell.Upload)).SelectMany(group => group.Select((cell, rank) => (cell, rank)))
                        .OrderBy(entry => entry.rank).Select(entry => entry.cell)];
                }
            }

            var (victim, upload, mode) = row[place];
            var witness = choices.Coin() ? Witness.Curl : Witness.Raw;
            // Where a client dies in a download, half of the strikes come when it has read nearly all: the last bytes may be in its memory, and on no disk.
            var point = victim == Victim.Client && !upload && choices.Coin() ? 0.985 + (0.01 * choices.Fraction()) : 0.01 + (0.98 * choices.Fraction());
            plan.Add(new Kill(number, victim, upload, mode, witness, point, choices.Coin()));
        }

        return plan;
    }
}

/// <summary>What was claimed after a kill, and what was true.</summary>
/// <param name="Kill">What was done.</param>
/// <param name="Lane">With which programs.</param>
/// <param name="Landed">Whether it struck between the first and the last byte.</param>
/// <param name="ClientSaysWhole">What the client believes; null when it was the one that died.</param>
/// <param name="LogSays">What Culvert reported: complete, unverified or failed; null when it died or said nothing.</param>
/// <param name="Same">Whether source and copy are the same.</param>
/// <param name="Account">All that the client said.</param>
internal sealed record KillReport(Kill Kill, string Lane, bool Landed, bool? ClientSaysWhole, string? LogSays, bool Same, string Account)
{
    public bool LogSaysWhole => LogSays == "complete";

    /// <summary>Somebody calls it complete, and it isn't.</summary>
    public bool IsLie => !Same && (ClientSaysWhole == true || LogSaysWhole);

    public override string ToString() =>
        $"{Kill} ({Lane}): client says {ClientSaysWhole?.ToString() ?? "nothing"}, Culvert says {LogSays ?? "nothing"}, files are {(Same ? "the same" : "different")}\n{Account}";
}
