using System.Globalization;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Trust;

/// <summary>UpdateHostKeys against a real sshd, which tells its keys after the login and proves them.</summary>
public sealed class HostKeyUpdateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private async Task<string> AfterAsync(SshServer server, string before, params string[] options)
    {
        var known = _folder.Write("known_hosts", before);
        await using var culvert = await CulvertProcess.StartAsync(["-v", "-F", "none", .. options, "-o", "BatchMode=yes", "-o", $"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes",
            "-i", server.Keys.PrivateKey(TestKeys.Client), "-p", server.Port.ToString(CultureInfo.InvariantCulture), "-l", server.User, "-L", "0:127.0.0.1:9", server.Address], 1, Cancelled);
        if (options.Contains("UpdateHostKeys=yes"))
            await culvert.WaitForAsync(new("Learned new hostkey: RSA|Deprecating obsolete hostkey: |are not updated: "), Cancelled);
        culvert.Terminate();
        await culvert.WaitForExitAsync(Cancelled);
        return await File.ReadAllTextAsync(known, Cancelled);
    }

    [Fact]
    public async Task The_other_keys_are_learnt_and_those_that_were_given_up_are_forgotten()
    {
        await using var server = await SshServer.StartAsync(SshServer.OpenSsh, Cancelled);
        string Line(string key, string name = "") => $"{(name.Length > 0 ? name : $"[127.0.0.1]:{server.Port}")} {server.Keys.PublicKey(key)}\n";
        var known = Line(TestKeys.HostEd25519);
        var before = "# mine\n" + known + Line(TestKeys.Stranger) + Line(TestKeys.OtherHost, "elsewhere");
        var after = await AfterAsync(server, before, "-o", "UpdateHostKeys=yes");
        Assert.StartsWith("# mine\n" + known + Line(TestKeys.OtherHost, "elsewhere"), after, StringComparison.Ordinal);
        Assert.Equal([.. TestKeys.HostKeys.Select(key => Line(key)).Order()], after.Split('\n').Where(line => line.StartsWith('[')).Select(line => line + "\n").Order());

        // A file that the user named is only changed when told to, and lines written by hand never.
        Assert.Equal(before, await AfterAsync(server, before));
        Assert.Equal(before, await AfterAsync(server, before, "-o", "UpdateHostKeys=no"));
        var byHand = $"[127.*]:{server.Port} {server.Keys.PublicKey(TestKeys.HostEd25519)}\n";
        Assert.Equal(byHand, await AfterAsync(server, byHand, "-o", "UpdateHostKeys=yes"));
    }
}
