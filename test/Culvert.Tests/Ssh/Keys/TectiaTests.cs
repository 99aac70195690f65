using System.Text;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Keys;
using Culvert.Ssh.Trust;
using Xunit;

namespace Culvert.Tests.Ssh.Keys;

public sealed class TectiaTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private static byte[] Read(string name) => KeyFixture.Read(Path.Combine("tectia", name));

    [Theory]
    [InlineData("rsa2048")]
    [InlineData("ed25519")]
    [InlineData("ecdsa384")]
    public void Public_keys_of_RFC_4716_are_read(string name)
    {
        Assert.True(Ssh2Text.TryReadPublic(Read(name + ".ssh2.pub"), out var key));
        Assert.Equal(KeyFixture.PublicOf(name).ToString(), key.ToString());
    }

    [Fact]
    public void Headers_may_go_on_in_the_next_line_and_nothing_else_may_be_wrong()
    {
        var base64 = KeyFixture.PublicOf("ed25519").ToString().Split(' ')[1];
        static byte[] File(string body) => Encoding.UTF8.GetBytes($"any text before\r\n---- BEGIN SSH2 PUBLIC KEY ----\r\n{body}\r\n---- END SSH2 PUBLIC KEY ----\r\n");
        Assert.True(Ssh2Text.TryReadPublic(File($"Subject: me\r\nComment: \"one \\\r\ntwo: \\\r\nthree\"\r\n{base64[..20]}\r\n{base64[20..]}"), out _));
        Assert.False(Ssh2Text.TryReadPublic(File(base64[..^4]), out _));
        Assert.False(Ssh2Text.TryReadPublic(File("Comment: " + new string('x', 2000) + "\\\r\n\r\n" + base64), out _));
        Assert.False(Ssh2Text.TryReadPublic(File("!" + base64), out _));
        Assert.False(Ssh2Text.TryReadPublic(Encoding.UTF8.GetBytes($"---- BEGIN SSH2 PUBLIC KEY ----\n{base64}\n"), out _));
    }

    [Fact]
    public async Task A_private_RSA_key_without_a_passphrase_signs()
    {
        using var document = PrivateKeyDocument.Parse(Read("rsa2048.ssh2"));
        Assert.False(document.IsEncrypted);
        using var signer = document.Open([], Cancelled)!;
        Assert.Equal(KeyFixture.PublicOf("rsa2048").ToString(), signer.PublicKey.ToString());
        var signature = await signer.SignAsync("rsa-sha2-512", new byte[] { 1 }, Cancelled);
        Assert.True(signer.PublicKey.Verify("rsa-sha2-512", [1], signature));
    }

    [Fact]
    public void No_damaged_private_key_is_read_and_none_takes_down_the_process()
    {
        var file = Read("rsa2048.ssh2");
        var blob = Ssh2Text.Decode(file, Ssh2Text.PrivateLabel)!;
        for (var length = 0; length < blob.Length; length += 3)
        {
            var cut = blob[..length];
            Assert.ThrowsAny<SshException>(() => Ssh2PrivateKey.Read(cut));
        }
        foreach (var at in (int[])[0, 4, 8, 80, 100, 140, 200, 400, 800])
        {
            var damaged = (byte[])blob.Clone();
            damaged[at] ^= 0x40;
            Assert.ThrowsAny<SshException>(() => Ssh2PrivateKey.Read(damaged));
        }
    }

    [Theory]
    [InlineData("rsa2048.ssh2-encrypted", "ssh-keygen -i -f")]
    [InlineData("ed25519.ppk", "puttygen {FILE} -O private-openssh")]
    public void What_is_not_read_says_how_to_convert_it(string name, string how) =>
        Assert.Contains(how, Assert.Throws<KeyFileException>(() => PrivateKeyDocument.Parse(Read(name))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_public_key_of_that_format_beside_a_private_one_serves()
    {
        var path = KeyFixture.Place(_folder.Path, "rsa2048.pkcs8-encrypted");
        File.Copy(Path.Combine(KeyFixture.Folder, "tectia", "rsa2048.ssh2.pub"), path + ".pub");
        using var identity = await new IdentityFile(path).LoadAsync(null, Cancelled);
        Assert.Equal(KeyFixture.PublicOf("rsa2048").ToString(), identity!.PublicKey!.ToString());
    }

    [Fact]
    public void An_identification_file_names_keys_in_order()
    {
        var told = new List<string>();
        var keys = IdentificationFile.Parse("# mine\nIdKey one\r\n  idkey \"two words\"\n\nIdKey /abs\nCertKey x\nIdKey\n", "/h/.ssh2/identification", "/h/.ssh2", told.Add);
        Assert.Equal(["/h/.ssh2/one", "/h/.ssh2/two words", "/abs"], keys.Select(key => key.Path));
        Assert.Equal(["/h/.ssh2/identification:6: only IdKey means something here; the line is ignored", "/h/.ssh2/identification:7: only IdKey means something here; the line is ignored"], told);
    }

    [Fact]
    public async Task Host_keys_stand_in_folders_by_port_and_name()
    {
        var (first, second) = (_folder.File("first"), _folder.File("second"));
        Directory.CreateDirectory(second);
        File.Copy(Path.Combine(KeyFixture.Folder, "tectia", "ed25519.ssh2.pub"), Path.Combine(second, "key_2222_host.example.pub"));
        var shown = new List<string>();
        async Task CheckAsync(string key, int port = 2222, string host = "Host.example")
        {
            shown.Clear();
            var policy = new KnownHostsPolicy(new() { UserFiles = [_folder.File("known_hosts")], TectiaFolders = [first, second], Checking = HostKeyChecking.Yes, Show = shown.Add });
            var shownKey = KeyFixture.PublicOf(key);
            await policy.CheckAsync(new(new Endpoint(host, port), shownKey.Type, shownKey.Blob, shownKey.Fingerprint), Cancelled);
        }

        await CheckAsync("ed25519");
        await Assert.ThrowsAsync<SshHostKeyException>(() => CheckAsync("openssl25519"));
        Assert.Contains($"Offending ED25519 key in {Path.Combine(second, "key_2222_host.example.pub")}\n  remove with:\n  rm \"", shown[0], StringComparison.Ordinal);
        await Assert.ThrowsAsync<SshHostKeyException>(() => CheckAsync("ed25519", port: 22));
        await Assert.ThrowsAsync<SshHostKeyException>(() => CheckAsync("ed25519", host: "host"));
        // A name is no way out of the folder.
        await Assert.ThrowsAsync<SshHostKeyException>(() => CheckAsync("ed25519", host: "x/../../second/key_2222_host.example"));
        await File.WriteAllTextAsync(_folder.File("known_hosts"), $"[host.example]:2222 {KeyFixture.PublicOf("rsa2048")}\n", Cancelled);
        await CheckAsync("rsa2048");
        await CheckAsync("ed25519");
    }

    [Fact]
    public async Task A_key_that_was_configured_for_a_host_counts_instead_of_what_the_files_say()
    {
        await File.WriteAllTextAsync(
            _folder.File("known_hosts"), $"host.example {KeyFixture.PublicOf("rsa2048")}\nhost.example {KeyFixture.PublicOf("openssl25519")}\n@revoked * {KeyFixture.PublicOf("rsa3072")}\n", Cancelled);
        Assert.True(PinnedHostKey.TryParse("/c.xml", KeyFixture.PublicOf("ed25519").ToString()!, out var pinned));
        var shown = new List<string>();
        var policy = new KnownHostsPolicy(new() { UserFiles = [_folder.File("known_hosts")], PinnedKeys = [pinned], Checking = HostKeyChecking.No, Show = shown.Add });
        async Task CheckAsync(string key)
        {
            var offered = KeyFixture.PublicOf(key);
            await policy.CheckAsync(new(new Endpoint("host.example", 22), offered.Type, offered.Blob, offered.Fingerprint), Cancelled);
        }

        await CheckAsync("ed25519");
        Assert.Empty(shown);
        await Assert.ThrowsAsync<SshHostKeyException>(() => CheckAsync("openssl25519"));
        Assert.Contains("Offending ED25519 key in /c.xml\n  remove with:\n  (it stands", shown[0], StringComparison.Ordinal);
        await Assert.ThrowsAsync<SshHostKeyException>(() => CheckAsync("rsa2048"));
        Assert.Contains("was revoked", (await Assert.ThrowsAsync<SshHostKeyException>(() => CheckAsync("rsa3072"))).Message + string.Join('\n', shown), StringComparison.Ordinal);
        // Nobody is asked either: it was said which one it must be.
        policy = new KnownHostsPolicy(new() { UserFiles = [_folder.File("known_hosts")], PinnedKeys = [pinned], Checking = HostKeyChecking.Ask, Ask = (_, _) => new("yes") });
        await Assert.ThrowsAsync<SshHostKeyException>(() => CheckAsync("rsa2048"));
    }
}
