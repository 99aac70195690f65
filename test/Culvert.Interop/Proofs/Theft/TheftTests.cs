using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using Culvert.Interop.Clients;
using Culvert.Interop.Matrix;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;
using Culvert.Net;
using Xunit;

namespace Culvert.Interop.Proofs.Theft;

/// <summary>
/// The machine is shared, and another user of it is quick: he watches for listening ports and connects before the client does. He gets no byte
/// and gives none, and the client gets its file each time; where nobody looks whose a socket is, he wins.
/// </summary>
public sealed class TheftTests
{
    private const int Length = 60_000;

    /// <summary>A thief who isn't there in half of so many races would be at no other time.</summary>
    private const int MaxRepeats = 5;

    // Below the ports that the kernel gives to clients and above those of the tests' own servers.
    private static readonly PortRange GuardedPorts = new(31_100, 31_699);
    private static readonly PortRange BlindPorts = new(31_700, 32_299);

    /// <summary>A client is at its data port so soon at the latest.</summary>
    private static readonly TimeSpan MaxDelay = TimeSpan.FromMilliseconds(20);

    [Fact]
    public async Task Stranger_gets_nothing_and_the_client_its_file()
    {
        Peers.RequireRoot("a thief is another user");
        var cancellation = TestContext.Current.CancellationToken;
        ProofRun.Tell($"seed {ProofRun.Seed}");
        var count = ProofRun.Count(shortened: 40, full: 1000);
        await using var tunnelled = await TunnelledServer.StartAsync(
            FtpServer.Vsftpd, cancellation, options: ["--passive-ports", GuardedPorts.ToString()]);
        var guarded = await RaceAsync(tunnelled.Ftp, tunnelled.Culvert.Port, GuardedPorts, count, cancellation);
        await using var blind = await BlindRelay.StartAsync(tunnelled.Ssh, tunnelled.Ftp, BlindPorts, cancellation);
        var open = await RaceAsync(tunnelled.Ftp, blind.Port, BlindPorts, count, cancellation);

        await PageOf(guarded, open).SaveAsync("theft.md", cancellation);
        var told = $"seed {ProofRun.Seed}; with the check: {guarded}; without it: {open}";
        ProofRun.Tell(told);
        Assert.True(guarded.Doors > count / 2, $"the thief was hardly there: {told}");
        Assert.True(guarded is { Stolen: 0, Planted: 0 } && guarded.Arrived == guarded.Count, told);
        Assert.True((open.Stolen + open.Planted) * 20 >= open.Count, $"the thief can't win even without the check, which proves nothing: {told}");
    }

    [Fact]
    public async Task Stranger_is_turned_away_from_the_control_port()
    {
        Peers.RequireRoot("a stranger is another user");
        var cancellation = TestContext.Current.CancellationToken;
        await using var narrow = await TunnelledServer.StartAsync(FtpServer.Vsftpd, cancellation, options: ["--allow-users", "root"]);
        Assert.StartsWith("421 ", await Thief.FirstLineOfAsync(narrow.Culvert.Port, cancellation), StringComparison.Ordinal);
        // The control: root serves the whole machine unless it is told otherwise.
        await using var wide = await TunnelledServer.StartAsync(FtpServer.Vsftpd, cancellation);
        Assert.StartsWith("220 ", await Thief.FirstLineOfAsync(wide.Culvert.Port, cancellation), StringComparison.Ordinal);
    }

    /// <summary>So many races, and as many again while the thief was too slow for this machine's other work to be there in half of them.</summary>
    private static async Task<Races> RaceAsync(FtpServer ftp, int port, PortRange ports, int count, CancellationToken cancellation)
    {
        var choices = new Choices("theft");
        var races = await RaceAsync(choices, ftp, port, ports, count, cancellation);
        while (races.Doors <= count / 2 && races.Count < MaxRepeats * count)
        {
            races += await RaceAsync(choices, ftp, port, ports, count, cancellation);
        }

        return races;
    }

    /// <summary>Downloads and uploads by turns, each with a data port of its own.</summary>
    private static async Task<Races> RaceAsync(Choices choices, FtpServer ftp, int port, PortRange ports, int count, CancellationToken cancellation)
    {
        var content = RandomNumberGenerator.GetBytes(Length);
        await File.WriteAllBytesAsync(ftp.PathOf("precious"), content, cancellation);
        await using var thief = await Thief.StartAsync(ports, cancellation);
        var (arrived, planted) = (0, 0);
        for (var number = 0; number < count; number++)
        {
            var delay = MaxDelay * choices.Fraction();
            var mode = number % 4 < 2 ? TransferMode.Pasv : TransferMode.Epsv;
            await using var client = await RawFtpClient.LoginAsync(FtpTarget.Through(ftp, port), cancellation);
            if (number % 2 == 0)
            {
                arrived += await DownloadAsync(client, mode, delay, content, cancellation) ? 1 : 0;
            }
            else
            {
                var name = $"given-{ports.First}-{number}";
                await UploadAsync(client, mode, delay, name, content, cancellation);
                var stored = File.Exists(ftp.PathOf(name)) ? await File.ReadAllBytesAsync(ftp.PathOf(name), cancellation) : [];
                arrived += stored.AsSpan().SequenceEqual(content) ? 1 : 0;
                planted += stored.AsSpan().StartsWith("stolen"u8) ? 1 : 0;
                File.Delete(ftp.PathOf(name));
            }

            await client.AskAsync("QUIT", cancellation);
        }

        var (doors, attempts, given) = await thief.StopAsync(cancellation);
        return new Races(count, doors, attempts, given, planted, arrived);
    }

    private static async Task<bool> DownloadAsync(RawFtpClient client, TransferMode mode, TimeSpan delay, byte[] content, CancellationToken cancellation)
    {
        using var data = await ConnectLateAsync(client, mode, delay, cancellation);
        var preliminary = await client.AskAsync($"RETR {FtpServer.PublicName}/precious", cancellation);
        if (preliminary is not ['1', ..])
        {
            return false;
        }

        if (data is null)
        {
            await client.ReplyAsync(cancellation);
            return false;
        }

        var received = new MemoryStream();
        try
        {
            await using var stream = new NetworkStream(data);
            await stream.CopyToAsync(received, cancellation);
        }
        catch (IOException)
        {
            return false;
        }

        return await client.ReplyAsync(cancellation) is ['2', ..] && received.ToArray().AsSpan().SequenceEqual(content);
    }

    private static async Task UploadAsync(RawFtpClient client, TransferMode mode, TimeSpan delay, string name, byte[] content, CancellationToken cancellation)
    {
        using var data = await ConnectLateAsync(client, mode, delay, cancellation);
        var preliminary = await client.AskAsync($"STOR {FtpServer.PublicName}/{name}", cancellation);
        if (preliminary is not ['1', ..])
        {
            return;
        }

        try
        {
            if (data is not null)
            {
                await data.SendAsync(content, cancellation);
                data.Shutdown(SocketShutdown.Send);
            }
        }
        catch (SocketException)
        {
            // The thief has its place.
        }

        await client.ReplyAsync(cancellation);
    }

    /// <summary>Null when somebody else was quicker and the port is closed.</summary>
    private static async Task<Socket?> ConnectLateAsync(RawFtpClient client, TransferMode mode, TimeSpan delay, CancellationToken cancellation)
    {
        using var door = await client.ArrangeAsync(mode, cancellation);
        await Task.Delay(delay, TimeProvider.System, cancellation);
        try
        {
            return await door.OpenAsync(cancellation);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static ProofPage PageOf(Races guarded, Races open) =>
        new ProofPage("Theft: another user is first at the data port", nameof(TheftTests))
            .Paragraph(string.Create(CultureInfo.InvariantCulture, $"""
                Another user (65534) reads `/proc/net/tcp` without pause, connects to each new data port at once, and again as long as it stands. The client comes 0 to
                {MaxDelay.TotalMilliseconds} ms after its 227 or 229. Downloads and uploads by turns. Without the check, the same relay runs on a network that takes every
                peer for the same user. Seed {ProofRun.Seed}.
                """))
            .Table(
                ["", "races", "ports that he reached in time", "attempts", "downloads that he got", "uploads that he wrote", "files that the client got or stored whole"],
                new[] { ("with the check", guarded), ("without it", open) }.Select(row => (IReadOnlyList<object>)[
                    row.Item1, row.Item2.Count, row.Item2.Doors, row.Item2.Attempts, row.Item2.Stolen, row.Item2.Planted, row.Item2.Arrived]))
            .Paragraph("On the control port he reads 421 (`--allow-users`); who starts Culvert as an ordinary user has that without asking.");

    /// <summary>What came of it.</summary>
    /// <param name="Count">Transfers.</param>
    /// <param name="Doors">Data ports to which the thief connected.</param>
    /// <param name="Attempts">Connections that he made.</param>
    /// <param name="Stolen">Connections that brought him anything.</param>
    /// <param name="Planted">Files at the server that are his.</param>
    /// <param name="Arrived">Files that are whole and the client's.</param>
    private sealed record Races(int Count, int Doors, int Attempts, int Stolen, int Planted, int Arrived)
    {
        public static Races operator +(Races one, Races other) => new(
            one.Count + other.Count, one.Doors + other.Doors, one.Attempts + other.Attempts,
            one.Stolen + other.Stolen, one.Planted + other.Planted, one.Arrived + other.Arrived);
    }
}
