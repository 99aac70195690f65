using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Trust;
using Culvert.Tests.Ssh.Keys;
using Xunit;

namespace Culvert.Tests.Ssh.Trust;

public sealed class KnownHostsPolicyTests : IDisposable
{
    private static readonly PublicKey Key = KeyFixture.PublicOf("ed25519");
    private static readonly PublicKey Other = KeyFixture.PublicOf("openssl25519");
    private static readonly PublicKey Rsa = KeyFixture.PublicOf("rsa2048");

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _shown = [];
    private readonly List<string> _asked = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string Hosts => _folder.File("ssh/known_hosts");

    public void Dispose() => _folder.Dispose();

    private void Given(string text)
    {
        Directory.CreateDirectory(_folder.File("ssh"));
        File.WriteAllText(Hosts, text);
    }

    private KnownHostsPolicy Policy(HostKeyChecking checking, params string?[] answers)
    {
        var queue = new Queue<string?>(answers);
        return new(new KnownHostsOptions
        {
            UserFiles = [Hosts],
            Checking = checking,
            Show = _shown.Add,
            Ask = answers.Length == 0 ? null : (question, _) =>
            {
                Assert.Equal((QuestionKind.HostKey, true), (question.Kind, question.Echo));
                _asked.Add(question.Text);
                return new(queue.Dequeue());
            },
        });
    }

    private static HostKeyOffer Offer(PublicKey? key = null, string host = "Example.org", int port = 22, string? address = "192.0.2.7") =>
        new(new Endpoint(host, port), (key ?? Key).Type, (key ?? Key).Blob, (key ?? Key).Fingerprint) { Address = address };

    private static async Task Refused(KnownHostsPolicy policy, HostKeyOffer offer) =>
        Assert.Equal("Host key verification failed.", (await Assert.ThrowsAsync<SshHostKeyException>(async () => await policy.CheckAsync(offer, Cancelled))).Message);

    /// <summary>RequiredRSASize, which holds for known keys too.</summary>
    [Theory]
    [InlineData(2048, true)]
    [InlineData(2049, false)]
    public async Task An_RSA_key_has_as_many_bits_as_the_user_wants(int bits, bool isTaken)
    {
        Given($"example.org {Rsa}\nexample.org {Key}\n");
        var policy = new KnownHostsPolicy(new() { UserFiles = [Hosts], Checking = HostKeyChecking.Yes, Show = _shown.Add, RequiredRsaBits = bits });
        await policy.CheckAsync(Offer(), Cancelled);
        if (isTaken)
        {
            await policy.CheckAsync(Offer(Rsa), Cancelled);
            return;
        }
        await Refused(policy, Offer(Rsa));
        Assert.Equal(["Bad server host key: Invalid key length"], _shown);
    }

    [Fact]
    public async Task Ask_yes_remembers_and_is_not_asked_again()
    {
        HostKeyPolicy policy = Policy(HostKeyChecking.Ask, "yes").CheckAsync;
        await policy(Offer(), Cancelled);
        Assert.Equal(
            $"""
            The authenticity of host 'example.org (192.0.2.7)' can't be established.
            ED25519 key fingerprint is {Key.Fingerprint}.
            This key is not known by any other names.
            Are you sure you want to continue connecting (yes/no/[fingerprint])? 
            """, Assert.Single(_asked));
        Assert.Equal("Warning: Permanently added 'example.org' (ED25519) to the list of known hosts.", Assert.Single(_shown));
        Assert.Equal($"example.org {Key}\n", await File.ReadAllTextAsync(Hosts, Cancelled));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder.File("ssh")));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Hosts));
        }
        await policy(Offer(), Cancelled);
        Assert.Single(_asked);
    }

    [Fact]
    public async Task The_fingerprint_is_an_answer_and_anything_else_is_asked_again()
    {
        await Policy(HostKeyChecking.Ask, "maybe", "", "SHA256:wrong", " " + Key.Fingerprint + " ").CheckAsync(Offer(), Cancelled);
        Assert.Equal(["Please type 'yes', 'no' or the fingerprint: "], _asked[1..].Distinct());
        Assert.Equal(4, _asked.Count);
    }

    [Theory]
    [InlineData("no")]
    [InlineData("NO")]
    [InlineData(null)]
    public async Task No_is_no(string? answer)
    {
        await Refused(Policy(HostKeyChecking.Ask, [answer]), Offer());
        Assert.False(File.Exists(Hosts));
    }

    [Fact]
    public async Task Nobody_to_ask_refuses_at_once_and_names_the_option()
    {
        await Refused(Policy(HostKeyChecking.Ask), Offer());
        Assert.Contains("-o StrictHostKeyChecking=accept-new", Assert.Single(_shown), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Yes_refuses_what_is_unknown()
    {
        await Refused(Policy(HostKeyChecking.Yes, "yes"), Offer());
        Assert.Equal("No ED25519 host key is known for example.org and you have requested strict checking.", Assert.Single(_shown));
        Assert.Empty(_asked);
    }

    [Theory]
    [InlineData(HostKeyChecking.AcceptNew)]
    [InlineData(HostKeyChecking.No)]
    public async Task Accepting_remembers_with_the_port(HostKeyChecking checking)
    {
        await Policy(checking).CheckAsync(Offer(port: 2222), Cancelled);
        Assert.Equal($"[example.org]:2222 {Key}\n", await File.ReadAllTextAsync(Hosts, Cancelled));
        Assert.Equal("Warning: Permanently added '[example.org]:2222' (ED25519) to the list of known hosts.", Assert.Single(_shown));
    }

    [Theory]
    [InlineData(HostKeyChecking.Ask)]
    [InlineData(HostKeyChecking.Yes)]
    [InlineData(HostKeyChecking.AcceptNew)]
    [InlineData(HostKeyChecking.No)]
    public async Task A_changed_key_is_refused_loudly_whatever_was_asked_for(HostKeyChecking checking)
    {
        Given($"# mine\nexample.org {Other} old\n");
        await Refused(Policy(checking, "yes"), Offer());
        Assert.Equal(
            $"""
            @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
            @    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
            @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
            IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
            Someone could be eavesdropping on you right now (man-in-the-middle attack)!
            It is also possible that a host key has just been changed.
            The fingerprint for the ED25519 key sent by the remote host is
            {Key.Fingerprint}.
            Please contact your system administrator.
            Add correct host key in {Hosts} to get rid of this message.
            Offending ED25519 key in {Hosts}:2
              remove with:
              ssh-keygen -f "{Hosts}" -R "example.org"
            """, _shown[0]);
        Assert.StartsWith("Host key for example.org has changed", _shown[1], StringComparison.Ordinal);
        Assert.Empty(_asked);
        Assert.Equal($"# mine\nexample.org {Other} old\n", await File.ReadAllTextAsync(Hosts, Cancelled));
    }

    [Fact]
    public async Task A_host_known_by_another_type_is_asked_about_with_a_warning_and_never_accepted_silently()
    {
        Given($"example.org {Rsa}\n");
        foreach (var checking in (HostKeyChecking[])[HostKeyChecking.Yes, HostKeyChecking.AcceptNew, HostKeyChecking.No])
            await Refused(Policy(checking, "yes"), Offer());
        Assert.Contains($"Offending RSA key in {Hosts}:1", _shown[0], StringComparison.Ordinal);
        _shown.Clear();

        await Policy(HostKeyChecking.Ask, "yes").CheckAsync(Offer(), Cancelled);
        Assert.StartsWith(
            $"WARNING: RSA key found for host example.org\nin {Hosts}:1\nRSA key fingerprint {Rsa.Fingerprint}.\n"
            + "The authenticity of host 'example.org (192.0.2.7)' can't be established\nbut keys of different type are already known for this host.\n",
            _asked[0], StringComparison.Ordinal);
        Assert.Equal($"example.org {Rsa}\nexample.org {Key}\n", await File.ReadAllTextAsync(Hosts, Cancelled));
    }

    [Fact]
    public async Task A_revoked_key_is_refused_even_when_it_is_known()
    {
        Given($"example.org {Key}\n@revoked * {Key}\n");
        await Refused(Policy(HostKeyChecking.No, "yes"), Offer());
        Assert.Contains("REVOKED HOST KEY DETECTED!", _shown[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_names_of_the_key_are_told()
    {
        Given($"old.example {Key}\n{HostNames.Hash("secret")} {Key}\n");
        await Policy(HostKeyChecking.Ask, "yes").CheckAsync(Offer(address: null), Cancelled);
        Assert.Contains($"The authenticity of host 'example.org' can't be established.\n", _asked[0], StringComparison.Ordinal);
        Assert.Contains($"by the following other names/addresses:\n    {Hosts}:1: old.example\n    {Hosts}:2: [hashed name]\nAre you sure", _asked[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_known_on_port_22_is_good_on_another_port()
    {
        Given($"example.org {Key}\n");
        await Policy(HostKeyChecking.Yes).CheckAsync(Offer(port: 2222), Cancelled);
        await Refused(Policy(HostKeyChecking.Yes), Offer(Other, port: 2222));
    }

    [Fact]
    public async Task An_alias_stands_for_host_and_port()
    {
        Given($"the-alias {Key}\n");
        var policy = new KnownHostsPolicy(new KnownHostsOptions { UserFiles = [Hosts], Checking = HostKeyChecking.Yes, HostKeyAlias = "The-Alias" });
        await policy.CheckAsync(Offer(port: 2222), Cancelled);
        Assert.Equal(["ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com"], await policy.KnownAlgorithmsAsync(new Endpoint("whatever", 1), Cancelled));
    }

    [Fact]
    public async Task Writing_hashes_when_told_and_keeps_what_is_there()
    {
        // An unfinished last line, a comment, and what nobody can read.
        Given("# comment\nnonsense \u00e9\nold.example ssh-ed25519");
        var policy = new KnownHostsPolicy(new KnownHostsOptions { UserFiles = [Hosts], Checking = HostKeyChecking.AcceptNew, HashNames = true });
        await policy.CheckAsync(Offer(), Cancelled);
        var text = await File.ReadAllTextAsync(Hosts, Cancelled);
        Assert.StartsWith("# comment\nnonsense \u00e9\nold.example ssh-ed25519\n|1|", text, StringComparison.Ordinal);
        Assert.EndsWith($" {Key}\n", text, StringComparison.Ordinal);
        await new KnownHostsPolicy(new KnownHostsOptions { UserFiles = [Hosts], Checking = HostKeyChecking.Yes }).CheckAsync(Offer(), Cancelled);
    }

    [Fact]
    public async Task Twenty_at_once_lose_no_line()
    {
        var hosts = Enumerable.Range(0, 20).Select(i => $"host{i}").ToList();
        await Task.WhenAll(hosts.Select(h => Policy(HostKeyChecking.AcceptNew).CheckAsync(Offer(host: h), Cancelled).AsTask()));
        var lines = await File.ReadAllLinesAsync(Hosts, Cancelled);
        Assert.Equal(hosts.Select(h => $"{h} {Key}").Order(), lines.Order());
    }

    [Theory]
    [InlineData("bad host")]
    [InlineData("a,b")]
    [InlineData("*")]
    [InlineData("h\nevil ssh-ed25519 AAAA")]
    public async Task A_name_that_would_mean_something_else_is_not_written(string host)
    {
        await Policy(HostKeyChecking.AcceptNew).CheckAsync(Offer(host: host), Cancelled);
        Assert.False(File.Exists(Hosts));
        Assert.StartsWith("Failed to add the host", Assert.Single(_shown), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unwritable_file_is_a_warning_and_dev_null_is_fine()
    {
        Directory.CreateDirectory(Hosts);
        var policy = new KnownHostsPolicy(new KnownHostsOptions { UserFiles = [Hosts], Checking = HostKeyChecking.AcceptNew, Show = _shown.Add });
        await Assert.ThrowsAsync<SshHostKeyException>(async () => await policy.CheckAsync(Offer(), Cancelled));

        if (OperatingSystem.IsWindows())
            return;
        policy = new(new KnownHostsOptions { UserFiles = ["/dev/null"], Checking = HostKeyChecking.No, Show = _shown.Add });
        await policy.CheckAsync(Offer(), Cancelled);
        Assert.StartsWith("Warning: Permanently added", _shown[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ask", HostKeyChecking.Ask)]
    [InlineData("Yes", HostKeyChecking.Yes)]
    [InlineData("true", HostKeyChecking.Yes)]
    [InlineData("accept-new", HostKeyChecking.AcceptNew)]
    [InlineData("no", HostKeyChecking.No)]
    [InlineData("off", HostKeyChecking.No)]
    [InlineData("false", HostKeyChecking.No)]
    public void Spellings(string word, HostKeyChecking expected)
    {
        Assert.True(HostKeyCheckings.TryParse(word, out var checking));
        Assert.Equal(expected, checking);
        Assert.False(HostKeyCheckings.TryParse(word + "x", out _));
    }

    [Theory]
    [InlineData(HostKeyChecking.No)]
    [InlineData(HostKeyChecking.AcceptNew)]
    [InlineData(HostKeyChecking.Ask)]
    public async Task Without_a_file_of_the_user_a_key_is_taken_and_not_kept(HostKeyChecking checking)
    {
        var policy = new KnownHostsPolicy(new KnownHostsOptions { UserFiles = [], Checking = checking, Show = _shown.Add, Ask = (_, _) => new("yes") });
        await policy.CheckAsync(Offer(), Cancelled);
        Assert.Empty(_shown);

        var nobody = new KnownHostsPolicy(new KnownHostsOptions { UserFiles = [], Checking = HostKeyChecking.Ask });
        await Refused(nobody, Offer());
    }

    [Fact]
    public async Task A_changed_key_of_a_global_file_is_refused_without_a_file_of_the_user()
    {
        Given($"example.org {Other.Type} {Convert.ToBase64String(Other.Blob.Span)}\n");
        var policy = new KnownHostsPolicy(new KnownHostsOptions { UserFiles = [], GlobalFiles = [Hosts], Checking = HostKeyChecking.No, Show = _shown.Add });
        await Refused(policy, Offer());
        Assert.Contains($"Add correct host key in {Hosts} to get rid of this message.", _shown[0], StringComparison.Ordinal);
    }
}
