using System.Globalization;
using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Leaks;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Proofs.Leaks;

/// <summary>
/// On two hosts that reach each other freely: every client, each of its modes, both directions of tunnel and of transfer, and not one packet between
/// the client's host and the server's except SSH's. The same counter sees plain tunnels leak, and finds each defect that is planted into Culvert.
/// </summary>
public sealed class LeakProofTests(OpenHosts hosts) : IClassFixture<OpenHosts>
{
    private const int Length = 300_000;

    [Fact]
    public async Task Nothing_leaves_the_tunnel_and_every_planted_leak_is_found()
    {
        hosts.Require();
        var cancellation = TestContext.Current.CancellationToken;
        ProofRun.Tell($"seed {ProofRun.Seed}");
        IReadOnlyList<Cell> cells = [.. await EveryClientAsync(cancellation), .. await EveryClientOverIPv6Async(cancellation)];
        var controls = await PlainTunnelsAsync(cancellation);
        var leaks = await PlantedAsync(cancellation);

        await PageOf(cells, controls, leaks).SaveAsync("leaks.md", cancellation);
        Assert.All(cells, cell => Assert.True(cell.Packets == 0, cell.ToString()));
        Assert.All(controls, control => Assert.True(control.Packets > 0, control.ToString()));
        Assert.All(leaks, leak => Assert.True(leak.Sound == 0, $"the sound program leaks: {leak}"));
        Assert.All(leaks, leak => Assert.True(leak.Planted > 0, $"not found: {leak}"));
    }

    private static IEnumerable<(string Direction, string Active)> Ways =>
        from active in new[] { "convert", "forward" } from direction in new[] { Hosts.Local, Hosts.Remote } select (direction, active);

    private async Task<IReadOnlyList<Cell>> EveryClientAsync(CancellationToken cancellation)
    {
        List<Cell> cells = [];
        foreach (var (direction, active) in Ways)
        {
            // Remote forwarding listens on the loopback address of the FTP server's host, so the server is asked for by that.
            var tunnel = active == "forward" ? hosts.TunnelTo("ftp", direction, "127.0.0.1") : hosts.TunnelTo("ftp", direction);
            await using var culvert = await hosts.CulvertAsync(cancellation, ["--active", active, .. tunnel]);
            var (target, server) = (hosts.ClientOf(direction, culvert.Port), hosts.FtpServerOf(direction));
            foreach (var (client, mode) in ClientsOf(active, client => client.Modes))
            {
                cells.Add(await TryAsync(client, mode, target, server, direction, active, cancellation));
            }
        }

        return cells;
    }

    private async Task<IReadOnlyList<Cell>> EveryClientOverIPv6Async(CancellationToken cancellation)
    {
        List<Cell> cells = [];
        foreach (var (direction, active) in Ways)
        {
            var host = direction == Hosts.Local ? hosts.Far : hosts.Near;
            await using var server = await FtpServer.StartAsync(
                FtpServer.Vsftpd, cancellation, new FtpServerOptions { Host = host, ListenAddress = "::", AcceptsForeignAddresses = true });
            var destination = active == "forward" ? "::1" : host.AddressOverIPv6;
            await using var culvert = await hosts.CulvertAsync(cancellation, ["--active", active, direction, $"ftp/{FreePort.ForTunnel(direction)}:[{destination}]:{server.Port}"]);
            var target = FtpTarget.Through(server, culvert.Port, "::1") with { From = direction == Hosts.Local ? hosts.Near : hosts.Far };
            foreach (var (client, mode) in ClientsOf(active, client => client.ModesOverIPv6))
            {
                cells.Add(await TryAsync(client, mode, target, server, direction, active, cancellation));
            }
        }

        return cells;
    }

    private static IEnumerable<(FtpClient Client, TransferMode Mode)> ClientsOf(string active, Func<FtpClient, IReadOnlyList<TransferMode>> modes) =>
        from client in FtpClient.All
        from mode in modes(client)
        where active == "convert" || mode is TransferMode.Port or TransferMode.Eprt
        select (client, mode);

    private async Task<Cell> TryAsync(
        FtpClient client, TransferMode mode, FtpTarget target, FtpServer server, string direction, string active, CancellationToken cancellation)
    {
        var before = await hosts.ForeignPacketsAsync(cancellation);
        await Exchange.BothWaysAsync(client, target, mode, server, Length, cancellation);
        return new Cell(client.Name, mode, direction, active, client.CanUpload ? 2 : 1, await hosts.ForeignPacketsAsync(cancellation) - before)
        {
            Protocol = target.IsIPv6 ? "IPv6" : "IPv4",
        };
    }

    /// <summary>The counter's own proof: a tunnel that rewrites nothing.</summary>
    private async Task<IReadOnlyList<Cell>> PlainTunnelsAsync(CancellationToken cancellation)
    {
        List<Cell> controls = [];
        using var folder = new TemporaryFolder();
        foreach (var direction in new[] { Hosts.Local, Hosts.Remote })
        {
            await using var plain = await hosts.CulvertAsync(cancellation, hosts.TunnelTo("tcp", direction));
            var client = hosts.ClientOf(direction, plain.Port);
            var target = client with { ObeysPassiveAddress = true, ActiveAddress = client.From.Address };
            hosts.FtpServerOf(direction).Offer("control", Length);
            foreach (var mode in Enum.GetValues<TransferMode>())
            {
                var before = await hosts.ForeignPacketsAsync(cancellation);
                await new Curl().DownloadAsync(target, mode, "control", folder["control"], cancellation);
                controls.Add(new Cell("curl", mode, direction, "none: tcp/", 1, await hosts.ForeignPacketsAsync(cancellation) - before));
            }
        }

        return controls;
    }

    private async Task<IReadOnlyList<Found>> PlantedAsync(CancellationToken cancellation)
    {
        var chosen = InteropConfiguration.IsLong ? PlantedLeak.All : [PlantedLeak.All[new Choices("leaks").Number(PlantedLeak.All.Count)]];
        using var workshop = new MutantWorkshop();
        List<Found> found = [];
        foreach (var leak in chosen)
        {
            var (sound, _) = await SpeakAsync(CulvertProcess.Program, leak, cancellation);
            var program = await workshop.BuildAsync($"mutant-{found.Count}", leak.File, leak.Original, leak.Defect, cancellation);
            var (planted, said) = await SpeakAsync(program, leak, cancellation);
            ProofRun.Tell($"{leak.Name}: {planted} packets");
            found.Add(new Found(leak, sound, planted, said));
        }

        return found;
    }

    /// <summary>One dialogue. Everything is prepared for a leak: the client comes by its host's own address, and obeys.</summary>
    private async Task<(int Packets, CommandResult Said)> SpeakAsync(string program, PlantedLeak leak, CancellationToken cancellation)
    {
        var server = hosts.FtpServerOf(Hosts.Local);
        server.Offer("planted", Length);
        var before = await hosts.ForeignPacketsAsync(cancellation);
        var command = CulvertProcess.Command([
            .. CulvertProcess.Login(hosts.Ssh), "--active", leak.Active,
            "-L", $"ftp/{hosts.Near.Address}:0:{hosts.Far.Address}:{server.Port}", hosts.Ssh.Address]) with { Program = program };
        await using var culvert = await CulvertProcess.StartAsync(hosts.Near, command, cancellation);
        var said = await hosts.Near.RunAsync(
            new CommandLine(
                Peers.Require("python3"), Path.Combine(AppContext.BaseDirectory, "Proofs", "Leaks", "spelled_client.py"), hosts.Near.Address,
                culvert.Port.ToString(CultureInfo.InvariantCulture), server.User, server.Password, hosts.Near.Address, "pub/planted", leak.Spelling),
            cancellation);
        return (await hosts.ForeignPacketsAsync(cancellation) - before, said);
    }

    private static ProofPage PageOf(IReadOnlyList<Cell> cells, IReadOnlyList<Cell> controls, IReadOnlyList<Found> leaks) =>
        new ProofPage("Leaks: no packet leaves the tunnel", nameof(LeakProofTests))
            .Paragraph("""
                Client and FTP server stand on two hosts (network namespaces) that reach each other freely; the server names its own address in every 227 and obeys any
                PORT. A counter at both ends counts every packet between the two that doesn't belong to the SSH connection. A mode that is missing is one that the
                client doesn't have (wget stores no files).
                """)
            .Table(
                ["client", "mode", "over", "tunnel", "--active", "transfers, whole", "packets outside of SSH"],
                cells.Select(cell => (IReadOnlyList<object>)[
                    cell.Client, cell.Mode.ToString().ToUpperInvariant(), cell.Protocol, cell.Direction, cell.Active, cell.Transfers, cell.Packets]))
            .Heading("The control: a tunnel that rewrites nothing")
            .Table(
                ["client", "mode", "tunnel", "packets outside of SSH"],
                controls.Select(cell => (IReadOnlyList<object>)[cell.Client, cell.Mode.ToString().ToUpperInvariant(), cell.Direction, cell.Packets]))
            .Heading("Planted leaks")
            .Paragraph("Each is Culvert's own source with one text replaced, built anew; the dialogue that brings it out is also held with the sound program.")
            .Table(
                ["defect", "where", "the client says", "packets, sound", "packets, with the defect"],
                leaks.Select(found => (IReadOnlyList<object>)[
                    found.Leak.Name, $"`{found.Leak.File}`", $"`{found.Leak.Spelling.Replace("\r\n", " CR LF ", StringComparison.Ordinal)}`", found.Sound, found.Planted]));

    private sealed record Cell(string Client, TransferMode Mode, string Direction, string Active, int Transfers, int Packets)
    {
        public string Protocol { get; init; } = "IPv4";
    }

    private sealed record Found(PlantedLeak Leak, int Sound, int Planted, CommandResult Said)
    {
        public override string ToString() => $"{Leak.Name}: {Sound} packets from the sound program, {Planted} with the defect\n{Said}";
    }
}
