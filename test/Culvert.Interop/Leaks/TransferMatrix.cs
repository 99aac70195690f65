using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Processes;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Interop.Leaks;

/// <summary>
/// Both directions of tunnel, all four modes, both directions of transfer, and PORT and EPRT by remote forwarding too:
/// curl and vsftpd on two hosts, hashes compared, and not one packet beside the SSH connection.
/// </summary>
public abstract class TransferMatrix(Hosts hosts)
{
    private const int Length = 1_500_000;

    public static TheoryData<string, string, string, string> Cells()
    {
        var cells = new TheoryData<string, string, string, string>();
        foreach (var direction in new[] { Hosts.Local, Hosts.Remote })
        {
            foreach (var mode in Enum.GetValues<TransferMode>())
            {
                foreach (var verb in new[] { "RETR", "STOR" })
                {
                    cells.Add(direction, mode.ToString(), verb, "convert");
                    if (mode is TransferMode.Port or TransferMode.Eprt)
                    {
                        cells.Add(direction, mode.ToString(), verb, "forward");
                    }
                }
            }
        }

        return cells;
    }

    /// <summary>Modes and how a tunnel that doesn't rewrite is made: by ssh itself, or by Culvert's own plain tunnel.</summary>
    public static TheoryData<string, string, string> ControlCells()
    {
        var cells = new TheoryData<string, string, string>();
        foreach (var direction in new[] { Hosts.Local, Hosts.Remote })
        {
            foreach (var mode in Enum.GetValues<TransferMode>())
            {
                cells.Add(direction, mode.ToString(), "ssh");
                cells.Add(direction, mode.ToString(), "culvert tcp/");
            }
        }

        return cells;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    [Proves(ProofTables.Attacks, Attack.Downgrade)]
    public async Task File_arrives_whole_and_nothing_leaks(string direction, string modeName, string verb, string active)
    {
        hosts.Require();
        var cancellation = TestContext.Current.CancellationToken;
        var mode = Enum.Parse<TransferMode>(modeName);
        var before = await hosts.ForeignPacketsAsync(cancellation);
        // Remote forwarding listens on the loopback address of the FTP server's host, so the server is asked for by that.
        var tunnel = active == "forward" ? hosts.TunnelTo("ftp", direction, "127.0.0.1") : hosts.TunnelTo("ftp", direction);
        await using var culvert = await hosts.CulvertAsync(cancellation, ["--active", active, .. tunnel]);
        var target = hosts.ClientOf(direction, culvert.Port);
        var server = hosts.FtpServerOf(direction);
        await (verb == "RETR"
            ? Exchange.DownloadAsync(new Curl(), target, mode, server, Length, cancellation)
            : Exchange.UploadAsync(new Curl(), target, mode, server, Length, cancellation));
        Assert.Equal(before, await hosts.ForeignPacketsAsync(cancellation));
    }

    /// <summary>One transfer in each direction through a tunnel that carries bytes and rewrites nothing.</summary>
    private protected async Task<(IReadOnlyList<CommandResult> Transfers, int ForeignPackets)> TryWithoutRewritingAsync(
        string direction, string modeName, string tunnel)
    {
        hosts.Require();
        var cancellation = TestContext.Current.CancellationToken;
        var mode = Enum.Parse<TransferMode>(modeName);
        var before = await hosts.ForeignPacketsAsync(cancellation);
        await using var plain = await PlainTunnelAsync(direction, tunnel, cancellation);
        var client = hosts.ClientOf(direction, plain.Port);
        var target = client with { ObeysPassiveAddress = true, ActiveAddress = client.From.Address };
        using var folder = new TemporaryFolder();
        var name = $"control-{direction}-{mode}-{tunnel.Length}";
        hosts.FtpServerOf(direction).Offer(name, Length);
        var sent = folder.Write("sent", new string('x', Length));
        CommandResult[] transfers =
        [
            await new Curl().DownloadAsync(target, mode, name, folder["fetched"], cancellation),
            await new Curl().UploadAsync(target, mode, sent, name + "-up", cancellation),
        ];
        Assert.All(transfers, transfer => Assert.Contains("230", transfer.Output, StringComparison.Ordinal));
        return (transfers, await hosts.ForeignPacketsAsync(cancellation) - before);
    }

    private async Task<PlainTunnel> PlainTunnelAsync(string direction, string tunnel, CancellationToken cancellation)
    {
        if (tunnel != "ssh")
        {
            var culvert = await hosts.CulvertAsync(cancellation, hosts.TunnelTo("tcp", direction));
            return new PlainTunnel(culvert, culvert.Port);
        }

        var port = FreePort.Next();
        var specification = $"127.0.0.1:{port}:{hosts.FtpServerOf(direction).Options.Host.Address}:{hosts.FtpServerOf(direction).Port}";
        var ssh = hosts.Near.Start(OpenSshClient.Tunnel(hosts.Ssh, direction, specification));
        await OpenSshClient.WaitUntilUpAsync(ssh, direction, port, cancellation);
        return new PlainTunnel(ssh, port);
    }

    private sealed record PlainTunnel(IAsyncDisposable Process, int Port) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Process.DisposeAsync();
    }
}
