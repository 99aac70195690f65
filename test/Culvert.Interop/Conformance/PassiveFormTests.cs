using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Culvert.Interop.Clients;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Interop.Conformance;

/// <summary>Whatever a server calls its data port, each of the seven clients gets its file through Culvert; where the reply can be read in two
/// ways, none gets anything. (Without a relay, every form but the plainest fails some client.)</summary>
public abstract partial class PassiveFormTests(int code, ScriptedTunnel tunnel)
{
    /// <summary>The table on the page.</summary>
    public const string Table = "Passive replies";

    protected async Task CheckAsync(string row)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var form = PassiveForm.All.Single(form => form.Row == row);
        Assert.Equal(code, form.Code);
        var (server, port) = await tunnel.GetAsync();
        var target = new FtpTarget("127.0.0.1", port, form.User, "any") { ObeysPassiveAddress = true };
        foreach (var client in FtpClient.All)
        {
            using var folder = new TemporaryFolder();
            var mode = form.Code == 229 && client.Modes.Contains(TransferMode.Epsv) ? TransferMode.Epsv : TransferMode.Pasv;
            var result = await client.DownloadAsync(target, mode, "file", folder["fetched"], cancellation);
            var arrived = File.Exists(folder["fetched"]) ? await File.ReadAllBytesAsync(folder["fetched"], cancellation) : [];
            if (form.IsHostile)
            {
                Assert.False(result.Succeeded, result.ToString());
                Assert.Matches(Refusal(), result.Output);
                Assert.Empty(arrived);
            }
            else
            {
                Assert.True(result.Succeeded, $"{client.Name}: {result}");
                Assert.Equal(SHA256.HashData(server.Content), SHA256.HashData(arrived));
            }

            ProofLog.Add(Table, row, client.Name, form.IsHostile ? "refused" : "whole");
        }
    }

    // The relay's own 425, or, when the server refuses the other way to ask as well, what it said to that; ncftp shows a colon.
    [GeneratedRegex(@"\b(425|502)[ :]")]
    private static partial Regex Refusal();

    protected static TheoryData<string> RowsOf(int code) => [.. PassiveForm.All.Where(form => form.Code == code).Select(form => form.Row)];
}

public sealed class PassiveReplyTests(ScriptedTunnel tunnel) : PassiveFormTests(227, tunnel), IClassFixture<ScriptedTunnel>
{
    public static TheoryData<string> Rows => RowsOf(227);

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Every_client_gets_the_file_or_none_is_led_astray(string row) => CheckAsync(row);
}

public sealed class ExtendedPassiveReplyTests(ScriptedTunnel tunnel) : PassiveFormTests(229, tunnel), IClassFixture<ScriptedTunnel>
{
    public static TheoryData<string> Rows => RowsOf(229);

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Every_client_gets_the_file_or_none_is_led_astray(string row) => CheckAsync(row);
}

/// <summary>The scripted server, sshd and Culvert, once for a class.</summary>
public sealed class ScriptedTunnel : IAsyncLifetime
{
    private readonly ScriptedServer _server = new();
    private SshServer? _ssh;
    private CulvertProcess? _culvert;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    internal async Task<(ScriptedServer Server, int Port)> GetAsync()
    {
        // Not in InitializeAsync, where a missing peer would not skip the tests. Tests of a class run one after the other.
        _ssh ??= await SshServer.StartAsync(SshServer.OpenSsh, CancellationToken.None);
        _culvert ??= await CulvertProcess.StartAsync(_ssh, CancellationToken.None, "-L", $"ftp/0:127.0.0.1:{_server.Port}");
        return (_server, _culvert.Port);
    }

    public async ValueTask DisposeAsync()
    {
        if (_culvert is not null)
        {
            await _culvert.DisposeAsync();
        }

        if (_ssh is not null)
        {
            await _ssh.DisposeAsync();
        }

        await _server.DisposeAsync();
    }
}
