using System.Diagnostics;
using Culvert.Ssh;
using Culvert.Ssh.Keys;
using Xunit;

namespace Culvert.Tests.Ssh.Keys;

public sealed class IdentityFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _shown = [];
    private readonly List<string> _asked = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private ValueTask<FileIdentity?> Load(string path, bool isDefault = false) =>
        new IdentityFile(path) { IsDefault = isDefault }.LoadAsync(_shown.Add, Cancelled);

    private Ask Answers(params string?[] answers)
    {
        var queue = new Queue<string?>(answers);
        return (question, _) =>
        {
            Assert.Equal(QuestionKind.Passphrase, question.Kind);
            Assert.False(question.Echo);
            _asked.Add(question.Text);
            return new(queue.Dequeue());
        };
    }

    [Fact]
    public async Task The_public_half_is_known_before_anybody_is_asked()
    {
        var path = KeyFixture.Place(_folder.Path, "ed25519.aes256-ctr");
        using var identity = await Load(path);
        Assert.True(KeyFixture.PublicOf("ed25519").IsSameKey(identity!.PublicKey!));
        Assert.Empty(_asked);
        using var signer = await identity.OpenAsync(Answers("wrong", KeyFixture.Passphrase), _shown.Add, Cancelled);
        Assert.NotNull(signer);
        Assert.Equal([$"Enter passphrase for key '{path}': ", $"Enter passphrase for key '{path}': "], _asked);
    }

    [Fact]
    public async Task Three_wrong_passphrases_are_enough_and_an_empty_one_goes_on()
    {
        using var identity = await Load(KeyFixture.Place(_folder.Path, "rsa2048.pkcs8-encrypted"));
        Assert.Null(identity!.PublicKey);
        Assert.Null(await identity.OpenAsync(Answers("a", "b", "c"), _shown.Add, Cancelled));
        Assert.Equal(3, _asked.Count);
        Assert.Contains("incorrect passphrase", Assert.Single(_shown), StringComparison.Ordinal);
        Assert.Null(await identity.OpenAsync(Answers(""), _shown.Add, Cancelled));
        Assert.Null(await identity.OpenAsync(Answers([null]), _shown.Add, Cancelled));
    }

    [Fact]
    public async Task Nobody_to_ask_names_the_way_out()
    {
        using var identity = await Load(KeyFixture.Place(_folder.Path, "ed25519.aes256-ctr"));
        Assert.Null(await identity!.OpenAsync(null, _shown.Add, Cancelled));
        Assert.Contains("ssh-add", Assert.Single(_shown), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_pub_file_beside_tells_the_public_half_and_must_fit()
    {
        var path = KeyFixture.Place(_folder.Path, "rsa2048.pkcs8-encrypted", withPublic: true);
        using (var identity = await Load(path))
        {
            Assert.True(KeyFixture.PublicOf("rsa2048").IsSameKey(identity!.PublicKey!));
            using var signer = await identity.OpenAsync(Answers(KeyFixture.Passphrase), _shown.Add, Cancelled);
            Assert.NotNull(signer);
        }

        File.Copy(Path.Combine(KeyFixture.Folder, "rsa3072.pub"), path + ".pub", overwrite: true);
        using (var identity = await Load(path))
        {
            var e = await Assert.ThrowsAsync<KeyFileException>(async () => await identity!.OpenAsync(Answers(KeyFixture.Passphrase), _shown.Add, Cancelled));
            Assert.Contains("ssh-keygen -y", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_lone_public_key_chooses_one_of_the_agents()
    {
        var path = _folder.File("chosen");
        File.Copy(Path.Combine(KeyFixture.Folder, "ed25519.pub"), path + ".pub");
        foreach (var name in (string[])[path, path + ".pub"])
        {
            using var identity = await Load(name);
            Assert.False(identity!.HasPrivateKey);
            Assert.True(KeyFixture.PublicOf("ed25519").IsSameKey(identity.PublicKey!));
        }
    }

    [Fact]
    public async Task A_missing_file_is_told_unless_it_is_a_default()
    {
        Assert.Null(await Load(_folder.File("id_rsa"), isDefault: true));
        Assert.Empty(_shown);
        Assert.Null(await Load(_folder.File("id_rsa")));
        Assert.Equal($"Warning: Identity file {_folder.File("id_rsa")} not accessible: No such file or directory.", Assert.Single(_shown));
    }

    [Fact]
    public async Task A_key_that_others_can_read_is_ignored_loudly()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Unix permissions");
            return;
        }
        var path = KeyFixture.Place(_folder.Path, "ed25519");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        var e = await Assert.ThrowsAsync<KeyFileException>(async () => await Load(path));
        Assert.Contains("UNPROTECTED PRIVATE KEY FILE!", e.Message, StringComparison.Ordinal);
        Assert.Contains($"Permissions 0644 for '{path}' are too open.", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("bad permissions", e.Message, StringComparison.Ordinal);
        File.SetUnixFileMode(path, UnixFileMode.UserRead);
        Assert.NotNull(await Load(path));
    }

    [Fact]
    public async Task A_refusal_names_the_file_and_the_command()
    {
        var path = KeyFixture.Place(_folder.Path, "rsa2048.legacy");
        var e = await Assert.ThrowsAsync<KeyFileException>(async () => await Load(path));
        Assert.StartsWith($"Load key \"{path}\": ", e.Message, StringComparison.Ordinal);
        Assert.EndsWith($"ssh-keygen -p -f {path}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_huge_file_is_no_key()
    {
        await File.WriteAllBytesAsync(_folder.File("huge"), new byte[100_000], Cancelled);
        Assert.Contains("too large", (await Assert.ThrowsAsync<KeyFileException>(async () => await Load(_folder.File("huge")))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task KeyFile_loads_at_once_or_says_why_not()
    {
        using var signer = await KeyFile.LoadAsync(KeyFixture.Place(_folder.Path, "ecdsa256"), null, Cancelled);
        Assert.Equal("ecdsa-sha2-nistp256", signer.PublicKey.Type);
        async Task Refused(string path, string reason) =>
            Assert.Contains(reason, (await Assert.ThrowsAsync<KeyFileException>(async () => await KeyFile.LoadAsync(path, null, Cancelled))).Message, StringComparison.Ordinal);
        await Refused(_folder.File("nothing"), "No such file");
        await Refused(KeyFixture.Place(_folder.Path, "ed25519.pub"), "not a private key");
        await Refused(KeyFixture.Place(_folder.Path, "ed25519.aes256-ctr"), "nobody to ask");
    }

    [Theory]
    [InlineData("-t ed25519", "")]
    [InlineData("-t ed25519", "pass wörd")]
    [InlineData("-t rsa -b 2048", "pass")]
    [InlineData("-t rsa -b 2048 -m PEM", "")]
    [InlineData("-t ecdsa -b 384 -m PKCS8", "passphrase")]
    [InlineData("-t ecdsa -b 521 -Z aes256-gcm@openssh.com", "pass")]
    public async Task Keys_made_by_the_installed_ssh_keygen_open(string options, string passphrase)
    {
        var path = _folder.File("fresh");
        var start = new ProcessStartInfo("ssh-keygen") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[.. options.Split(' '), "-q", "-N", passphrase, "-f", path])
            start.ArgumentList.Add(argument);
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("ssh-keygen is not installed");
            return;
        }
        using (process)
        {
            await process.WaitForExitAsync(Cancelled);
            Assert.Equal(0, process.ExitCode);
        }
        using var signer = await KeyFile.LoadAsync(path, Answers(passphrase), Cancelled);
        Assert.StartsWith(signer.PublicKey.ToString(), await File.ReadAllTextAsync(path + ".pub", Cancelled), StringComparison.Ordinal);
        Assert.Equal(passphrase.Length > 0 ? 1 : 0, _asked.Count);
    }
}
