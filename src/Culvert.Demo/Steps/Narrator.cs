using System.Globalization;
using System.Text;
using Culvert.Demo.Client;
using Culvert.Net;

namespace Culvert.Demo.Steps;

/// <summary>All words of the tour. Few, and each line of its own, so that it reads the same in a file.</summary>
/// <param name="output">Where to.</param>
/// <param name="color">Whether it takes ANSI colours.</param>
internal sealed class Narrator(TextWriter output, bool color)
{
    private const string Bold = "1", Dim = "2", Red = "31", Green = "32";
    private const int LabelWidth = 20;
    private const double MebiByte = 1024 * 1024;

    // A terminal of the code-page age shows question marks otherwise.
    private readonly bool _unicode = output.Encoding.WebName.StartsWith("utf", StringComparison.OrdinalIgnoreCase);

    private string Arrow => _unicode ? "→" : "->";
    private string Tunnel => _unicode ? "══ SSH ══►" : "== SSH ==>";
    private string Ellipsis => _unicode ? "…" : "..";
    private string Line => _unicode ? "──►" : "-->";

    /// <summary>What is about to happen.</summary>
    public void Introduce(Stage stage)
    {
        Write();
        Write(Paint(Bold, "Culvert carries FTP through SSH."), " Everything below runs now, on this machine, over real TCP:");
        Write();
        Label("FTP server", $"{stage.Ftp.Endpoint}   serves {stage.Folder}");
        Label("SSH server", $"{stage.Ssh.Endpoint}   {stage.Ssh.Description}");
        Label("each file", $"{Size(stage.FileSize)} of fresh random bytes; its SHA-256 is compared with the FTP server's disk");
        if (stage.NoIPv6 is { } why) Label("no IPv6", $"{why}; EPSV and EPRT are shown over IPv4, their IPv6 part is skipped");
    }

    /// <summary>A direction begins.</summary>
    public void Begin(Way way)
    {
        Write();
        Write(Paint(Bold, $"culvert {way.Specification}"), " user@sshserver");
        Write(Paint(Dim, way.Option == "-L"
            ? $"  FTP client {Line} culvert {Tunnel} SSH server {Line} FTP server"
            : $"  FTP client {Line} SSH server {Tunnel} culvert {Line} FTP server"));
    }

    /// <summary>A mode begins: what was said about addresses and where the data went, then its transfers.</summary>
    public void Mode(Way way, ClientMode mode, IReadOnlyList<Rewriting> rewritings, IReadOnlyList<Endpoint> channels)
    {
        Write();
        Write("  ", Paint(Bold, mode.ToString().ToUpperInvariant()), Paint(Dim, $"   {Meaning(mode)}"));
        foreach (var (from, to) in rewritings)
        {
            bool reply = from.Length > 0 && char.IsAsciiDigit(from[0]);
            Label(reply ? "FTP server says" : "FTP client says", from);
            Label(reply ? "FTP client hears" : "FTP server hears", to);
        }
        foreach (var channel in channels)
            Label(way.Option == "-L" ? "SSH channel opened" : "connection opened", $"{Arrow} {channel}{(way.Option == "-L" ? "" : " (and an SSH channel on the client's side)")}");
    }

    /// <summary>A transfer ended.</summary>
    public void Result(CheckedTransfer transfer)
    {
        string what = transfer.Upload ? "STOR, up" : "RETR, down";
        Label(what, transfer.Problem is { } problem
            ? $"{Paint(Red, "FAILED")}: {problem}"
            : $"{Size(transfer.Bytes)}   {Speed(transfer)}   sha256 {transfer.Sha256[..8]}{Ellipsis}{transfer.Sha256[^8..]} {Paint(Green, "ok")}");
    }

    /// <summary>The table at the end.</summary>
    public void Summarize(IReadOnlyList<CheckedTransfer> transfers)
    {
        const int column = 16;
        var modes = Enum.GetValues<ClientMode>();
        Write();
        Write("  ", Paint(Dim, "".PadRight(12) + string.Concat(modes.Select(mode => mode.ToString().ToUpperInvariant().PadRight(column)))));
        foreach (var row in transfers.GroupBy(transfer => (transfer.Option, transfer.Upload)))
        {
            var line = new StringBuilder($"  {row.Key.Option} {(row.Key.Upload ? "up" : "down")}".PadRight(14));
            foreach (var transfer in row.OrderBy(transfer => transfer.Mode))
                line.Append(transfer.Verified ? Paint(Green, "ok") + $" {Speed(transfer)}".PadRight(column - 2) : Paint(Red, "FAILED") + "".PadRight(column - 6));
            Write(line.ToString().TrimEnd());
        }
        int verified = transfers.Count(transfer => transfer.Verified);
        string sum = string.Create(CultureInfo.InvariantCulture, $"{verified} of {transfers.Count} transfers verified");
        Write();
        Write("  ", Paint(verified == transfers.Count ? Green : Red, sum));
    }

    /// <summary>What a person can type now.</summary>
    public void Invite(Stage stage)
    {
        string user = stage.FtpCredentials.User, password = stage.FtpCredentials.Password;
        Write();
        Write(Paint(Bold, "Now you."), $" Both tunnels stay up. User {user}, password {password}, made for this run; loopback only.");
        foreach (var way in stage.Ways)
        {
            Write();
            Write("  ", Paint(Dim, $"# through {way.Option}{(way.Option == "-R" ? " (passive only: the demo's SSH server connects to nothing but the demo itself)" : "")}"));
            string at = string.Create(CultureInfo.InvariantCulture, $"{way.Entrance.Host}:{way.Entrance.Port}");
            Write($"  curl ftp://{user}:{password}@{at}/");
            Write($"  curl ftp://{user}:{password}@{at}/{Stage.Sample} -o copy.bin");
            Write($"  lftp -u {user},{password} ftp://{at}");
            Write(string.Create(CultureInfo.InvariantCulture, $"  ftp -p {way.Entrance.Host} {way.Entrance.Port}"));
        }
        Write();
        Write(Paint(Dim, "Ctrl-C ends it and removes the folder."));
    }

    /// <summary>It could not go on.</summary>
    public void GiveUp(string reason) => Write($"{Paint(Red, "culvert demo:")} {reason}");

    private static string Meaning(ClientMode mode) => mode switch
    {
        ClientMode.Pasv => "the server names an address, the client connects there",
        ClientMode.Epsv => "the same, with a port only; made for IPv6",
        ClientMode.Port => "the client names its address, the server connects there",
        _ => "the same, in the form made for IPv6",
    };

    private static string Size(long bytes) => bytes < MebiByte
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / MebiByte:0.#} MiB");

    private static string Speed(CheckedTransfer transfer) => transfer.Elapsed <= TimeSpan.Zero
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{transfer.Bytes / MebiByte / transfer.Elapsed.TotalSeconds:0} MiB/s");

    private void Label(string label, string text) => Write("    ", Paint(Dim, label.PadRight(LabelWidth)), text);

    private string Paint(string code, string text) => color && text.Length > 0 ? $"\e[{code}m{text}\e[0m" : text;

    private void Write(params ReadOnlySpan<string> parts)
    {
        foreach (string part in parts) output.Write(part);
        output.WriteLine();
        output.Flush();
    }
}
