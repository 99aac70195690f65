using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Matrix;
using Culvert.Interop.Servers;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Interop.Conformance;

/// <summary>RFC 6384: a client of one family reaches a server that has only the other one.</summary>
public sealed class TranslationTests(Settings settings) : IClassFixture<Settings>
{
    /// <summary>The table on the page.</summary>
    public const string Table = "Families";

    public static TheoryData<string, string> Cells
    {
        get
        {
            var cells = new TheoryData<string, string>();
            foreach (var server in FtpServer.All)
            {
                foreach (var client in FtpClient.All)
                {
                    cells.Add(server, client.Name);
                }
            }

            return cells;
        }
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public Task IPv6_client_reaches_an_IPv4_only_server(string server, string client) => CarryAsync(server, client, serverIsIPv6: false);

    [Theory]
    [MemberData(nameof(Cells))]
    public Task IPv4_client_reaches_an_IPv6_only_server(string server, string client) => CarryAsync(server, client, serverIsIPv6: true);

    private async Task CarryAsync(string server, string clientName, bool serverIsIPv6)
    {
        var client = FtpClient.Named(clientName);
        var modes = serverIsIPv6 ? client.Modes : client.ModesOverIPv6;
        var row = serverIsIPv6 ? $"{clientName}, IPv4, to an IPv6-only server" : $"{clientName}, IPv6, to an IPv4-only server";
        if (modes.Count > 0)
        {
            var tunnelled = await settings.GetAsync(new Setting(server, SshServer.OpenSsh, "-L", "convert", serverIsIPv6));
            var target = tunnelled.Target with { Address = serverIsIPv6 ? "127.0.0.1" : "::1" };
            foreach (var mode in modes)
            {
                await Exchange.BothWaysAsync(client, target, mode, tunnelled.Ftp, 20_000, TestContext.Current.CancellationToken);
            }
        }

        ProofLog.Add(Table, row, server, modes.Count == 0 ? "(the client has no IPv6)" : string.Join(' ', modes).ToUpperInvariant());
    }
}
