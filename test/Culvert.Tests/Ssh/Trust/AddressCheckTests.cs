using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Trust;
using Culvert.Tests.Ssh.Keys;
using Xunit;

namespace Culvert.Tests.Ssh.Trust;

/// <summary>CheckHostIP: name and address must have the same key.</summary>
public sealed class AddressCheckTests : IDisposable
{
    private static readonly PublicKey Key = KeyFixture.PublicOf("ed25519");
    private static readonly PublicKey Other = KeyFixture.PublicOf("openssl25519");

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _shown = [];
    private readonly List<string> _asked = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string Hosts => _folder.File("known_hosts");

    public void Dispose() => _folder.Dispose();

    private async Task CheckAsync(string text, HostKeyChecking checking, bool check = true, string? alias = null, string? answer = null, int port = 22, bool hash = false)
    {
        _shown.Clear();
        await File.WriteAllTextAsync(Hosts, text, Cancelled);
        var policy = new KnownHostsPolicy(new()
        {
            UserFiles = [Hosts], Checking = checking, CheckAddress = check, HostKeyAlias = alias, Show = _shown.Add, HashNames = hash,
            Ask = answer is null ? null : (question, _) =>
            {
                _asked.Add(question.Text);
                return new(answer);
            },
        });
        await policy.CheckAsync(new(new Endpoint("h", port), Key.Type, Key.Blob, Key.Fingerprint) { Address = "192.0.2.7" }, Cancelled);
    }

    [Fact]
    public async Task A_new_host_is_kept_under_both()
    {
        await CheckAsync("", HostKeyChecking.AcceptNew);
        Assert.Equal($"h,192.0.2.7 {Key}\n", await File.ReadAllTextAsync(Hosts, Cancelled));
        Assert.Equal("Warning: Permanently added 'h,192.0.2.7' (ED25519) to the list of known hosts.", Assert.Single(_shown));
        await CheckAsync("", HostKeyChecking.AcceptNew, port: 2222);
        Assert.Equal($"[h]:2222,[192.0.2.7]:2222 {Key}\n", await File.ReadAllTextAsync(Hosts, Cancelled));
        await CheckAsync("", HostKeyChecking.AcceptNew, check: false);
        Assert.Equal($"h {Key}\n", await File.ReadAllTextAsync(Hosts, Cancelled));
        await CheckAsync("", HostKeyChecking.AcceptNew, hash: true);
        Assert.Equal([true, true], (await File.ReadAllLinesAsync(Hosts, Cancelled)).Zip(["h", "192.0.2.7"], (line, name) => HostNames.Match(line.Split(' ')[0], name)));
    }

    [Fact]
    public async Task An_unknown_address_of_a_known_host_is_added()
    {
        await CheckAsync($"h {Key}\n", HostKeyChecking.Yes);
        Assert.Equal($"h {Key}\n192.0.2.7 {Key}\n", await File.ReadAllTextAsync(Hosts, Cancelled));
        Assert.Equal("Warning: Permanently added the ED25519 host key for IP address '192.0.2.7' to the list of known hosts.", Assert.Single(_shown));
        await CheckAsync($"a {Key}\n", HostKeyChecking.Yes, alias: "a");
        Assert.Equal($"a {Key}\n", await File.ReadAllTextAsync(Hosts, Cancelled));
    }

    [Fact]
    public async Task An_address_with_another_key_is_refused_or_asked_about()
    {
        var text = $"h {Key}\n192.0.2.7 {Other}\n";
        foreach (var checking in (HostKeyChecking[])[HostKeyChecking.Yes, HostKeyChecking.AcceptNew, HostKeyChecking.Ask])
        {
            await Assert.ThrowsAsync<SshHostKeyException>(() => CheckAsync(text, checking));
            Assert.Equal(
                $"Warning: the ED25519 host key for 'h' differs from the key for the IP address '192.0.2.7'\nOffending key for IP in {Hosts}:2\nMatching host key in {Hosts}:1", _shown[0]);
        }
        await CheckAsync(text, HostKeyChecking.Ask, answer: "yes");
        Assert.Equal("Are you sure you want to continue connecting (yes/no)? ", Assert.Single(_asked));
        // A fingerprint is no answer to that question: nobody was shown one.
        await Assert.ThrowsAsync<SshHostKeyException>(() => CheckAsync(text, HostKeyChecking.Ask, answer: Key.Fingerprint));
        await CheckAsync(text, HostKeyChecking.No);
        await CheckAsync(text, HostKeyChecking.Yes, check: false);
    }

    [Fact]
    public async Task A_changed_host_whose_address_did_not_change_looks_like_spoofing()
    {
        await Assert.ThrowsAsync<SshHostKeyException>(() => CheckAsync($"h {Other}\n192.0.2.7 {Key}\n", HostKeyChecking.Ask, answer: "yes"));
        Assert.Contains("POSSIBLE DNS SPOOFING", _shown[0], StringComparison.Ordinal);
        Assert.EndsWith($"Offending key for IP in {Hosts}:2", _shown[0], StringComparison.Ordinal);
        Assert.Contains("REMOTE HOST IDENTIFICATION HAS CHANGED", _shown[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_is_revoked_for_the_address_is_refused()
    {
        await Assert.ThrowsAsync<SshHostKeyException>(() => CheckAsync($"h {Key}\n@revoked 192.0.2.7 {Key}\n", HostKeyChecking.No));
        Assert.Contains("REVOKED", _shown[0], StringComparison.Ordinal);
    }
}
