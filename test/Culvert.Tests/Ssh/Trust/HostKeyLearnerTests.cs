using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Trust;
using Culvert.Ssh.Wire;
using Culvert.Tests.Ssh.Keys;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Culvert.Tests.Ssh.Trust;

public sealed class HostKeyLearnerTests : IDisposable
{
    private static readonly PublicKey Key = KeyFixture.PublicOf("ed25519");
    private static readonly PublicKey Old = KeyFixture.PublicOf("openssl25519");
    private static readonly PublicKey Rsa = KeyFixture.PublicOf("rsa2048");

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _told = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string Hosts => _folder.File("known_hosts");

    public void Dispose() => _folder.Dispose();

    private HostKeyChange? Compare(string text, params PublicKey[] announced) => HostKeyLearner.Compare(
        KnownHosts.Parse("kh", text, NullLogger.Instance), "h", [.. announced.Select(key => key.Blob)], key => key.Type != "ecdsa-sha2-nistp256", _told.Add);

    [Fact]
    public void New_keys_are_learnt_and_old_ones_forgotten()
    {
        var change = Compare($"h {Key}\nh,192.0.2.1 {Old}\nother {Rsa}\n", Key, Rsa, Rsa, KeyFixture.PublicOf("ecdsa256"))!;
        Assert.Equal([Rsa.Fingerprint], change.Added.Select(key => key.Fingerprint));
        Assert.Equal([2], change.Obsolete.Select(line => line.Number));
        Assert.Null(Compare($"h {Key}\n", Key));
        Assert.Empty(_told);
    }

    [Theory]
    [InlineData("h {0}\n@cert-authority h {1}\n")]
    [InlineData("h {0}\n@revoked * {1}\n")]
    [InlineData("h {0}\n* {1}\n")]
    [InlineData("h,i,j {0}\n")]
    [InlineData("h,!i {0}\n")]
    [InlineData("h {0}\nh {1}\ni {1}\n")] // the obsolete one is somebody else's too
    public void Lines_that_somebody_wrote_by_hand_are_left_alone(string text)
    {
        Assert.Null(Compare(string.Format(System.Globalization.CultureInfo.InvariantCulture, text, Key, Old), Key, Rsa));
        Assert.Single(_told);
    }

    private HostKeyPolicy Policy(out HostKeyLearner learner, Func<KnownHostsOptions, KnownHostsOptions>? change = null)
    {
        var options = new KnownHostsOptions { UserFiles = [Hosts], GlobalFiles = [_folder.File("global")], Checking = HostKeyChecking.AcceptNew };
        var policy = new KnownHostsPolicy(change?.Invoke(options) ?? options);
        learner = policy.Learner;
        return policy.CheckAsync;
    }

    private static HostKeyOffer Offer(int port = 22) => new(new Endpoint("h", port), Key.Type, Key.Blob, Key.Fingerprint);

    private static ValueTask<HostKeyChange?> ChangeAsync(HostKeyLearner learner, string name = "h") =>
        learner.CompareAsync(name, [Key.Blob, Rsa.Blob], _ => true, Cancelled);

    [Fact]
    public async Task The_file_changes_in_these_lines_only_and_keeps_its_rights_and_its_link()
    {
        var real = _folder.File("real");
        await File.WriteAllTextAsync(real, $"# mine\r\nnonsense\n h {Old} comment\nh {Key}\n\nother {Rsa}", Cancelled);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(real, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
            File.CreateSymbolicLink(Hosts, real);
        }
        await Policy(out var learner)(Offer(), Cancelled);
        await learner.ApplyAsync((await ChangeAsync(learner))!, Cancelled);
        Assert.Equal($"# mine\r\nnonsense\nh {Key}\n\nother {Rsa}\nh {Rsa}\n", await File.ReadAllTextAsync(real, Cancelled));
        Assert.Equal([Path.GetFileName(real)], Directory.GetFiles(_folder.Path, "real*").Select(Path.GetFileName));
        if (!OperatingSystem.IsWindows())
        {
            Assert.NotNull(File.ResolveLinkTarget(Hosts, false));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(real));
        }
        Assert.Null(await ChangeAsync(learner));
    }

    [Fact]
    public async Task A_key_that_was_just_accepted_brings_the_others_hashed_if_told()
    {
        await Policy(out var learner, o => o with { HashNames = true })(Offer(), Cancelled);
        await learner.ApplyAsync((await ChangeAsync(learner))!, Cancelled);
        var lines = await File.ReadAllLinesAsync(Hosts, Cancelled);
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.True(HostNames.Match(line.Split(' ')[0], "h"), line));
        Assert.All(lines, line => Assert.StartsWith("|1|", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_of_the_machine_s_file_or_of_another_port_or_none_at_all_teaches_nothing()
    {
        await File.WriteAllTextAsync(_folder.File("global"), $"h {Key}\n", Cancelled);
        await Policy(out var learner)(Offer(), Cancelled);
        Assert.Null(await ChangeAsync(learner));

        await File.WriteAllTextAsync(Hosts, $"h {Key}\n", Cancelled);
        File.Delete(_folder.File("global"));
        await Policy(out learner)(Offer(port: 2222), Cancelled);
        Assert.Null(await ChangeAsync(learner, "[h]:2222"));

        Policy(out learner);
        Assert.Null(await ChangeAsync(learner));
        await Policy(out learner)(Offer(), Cancelled);
        Assert.NotNull(await ChangeAsync(learner));
    }

    [Fact]
    public async Task Two_that_write_at_once_lose_no_line()
    {
        await File.WriteAllTextAsync(Hosts, $"h {Old}\nh {Key}\n", Cancelled);
        var obsolete = KnownHosts.Parse(Hosts, $"h {Old}\n", NullLogger.Instance).LinesOf("h");
        var writers = Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            if (i % 2 == 0)
                await KnownHostsFile.ReplaceAsync(Hosts, obsolete, [$"new{i} {Rsa}"], TimeProvider.System, Cancelled);
            else
                await KnownHostsFile.AppendAsync(Hosts, $"new{i} {Rsa}", TimeProvider.System, Cancelled);
        }));
        await Task.WhenAll(writers);
        var lines = await File.ReadAllLinesAsync(Hosts, Cancelled);
        Assert.Equal([$"h {Key}", .. Enumerable.Range(0, 8).Select(i => $"new{i} {Rsa}")], lines.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_proof_is_over_this_session_and_this_key()
    {
        byte[] session = [1, 2, 3];
        using var one = Signer.GenerateEd25519();
        using var two = RsaSigner.Generate(2048);
        async Task<byte[]> SignAsync(Signer signer, string what, byte[] bound, string algorithm) => await signer.SignAsync(
            algorithm, new SshWriter().String(what).String(bound).String(signer.PublicKey.Blob.Span).ToArray(), Cancelled);
        var first = await SignAsync(one, HostKeyRotation.Proof, session, "ssh-ed25519");
        void Require(params byte[][] signatures)
        {
            var packed = new SshWriter();
            foreach (var signature in signatures)
                packed.String(signature);
            HostKeyRotation.RequireProof([one.PublicKey, two.PublicKey], session, packed.ToArray());
        }

        Require(first, await SignAsync(two, HostKeyRotation.Proof, session, "rsa-sha2-256"));
        Require(first, await SignAsync(two, HostKeyRotation.Proof, session, "rsa-sha2-512"));
        var wrong = new[]
        {
            await SignAsync(two, HostKeyRotation.Proof, [1, 2, 4], "rsa-sha2-512"),
            await SignAsync(two, HostKeyRotation.Announcement, session, "rsa-sha2-512"),
            first,
        };
        foreach (var signature in wrong)
            Assert.Contains("does not hold", Assert.Throws<SshProtocolException>(() => Require(first, signature)).Message, StringComparison.Ordinal);
        Assert.Throws<SshProtocolException>(() => Require(first));
    }
}
