using System.Security.Cryptography;
using System.Text;
using Culvert.Ssh.Crypto;

namespace Culvert.Ssh.Keys;

/// <summary>A file that may hold a key to log in with (<c>-i</c>, <c>IdentityFile</c>). Naming one reads nothing; authentication reads it
/// and asks for its passphrase only when the server would take the key.</summary>
/// <param name="path">A private key, or a lone public key that chooses one of the agent's.</param>
public sealed class IdentityFile(string path)
{
    /// <summary>The largest RSA keys take 13 KiB; more isn't a key.</summary>
    private const int MaximumFileLength = 64 * 1024;

    private static readonly string[] DefaultNames = ["id_rsa", "id_ecdsa", "id_ed25519"];

    /// <summary>As the user named it.</summary>
    public string Path { get; } = path;

    /// <summary>One of the usual names, not named by the user: that it is missing is no news.</summary>
    public bool IsDefault { get; init; }

    /// <summary>OpenSSH's usual names in a folder (<c>~/.ssh</c>), in its order.</summary>
    public static IReadOnlyList<IdentityFile> Defaults(string sshFolder) =>
        [.. DefaultNames.Select(name => new IdentityFile(System.IO.Path.Combine(sshFolder, name)) { IsDefault = true })];

    /// <summary>Reads the file, the <c>.pub</c> beside it when that is needed, and the file's permissions. Null: there is no such file
    /// (which is shown, unless it's a default).</summary>
    /// <exception cref="KeyFileException">It is there and can't be used.</exception>
    internal async ValueTask<FileIdentity?> LoadAsync(Action<string>? show, CancellationToken cancellationToken)
    {
        byte[] content;
        string? complaint;
        try
        {
            await using var stream = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1, FileOptions.Asynchronous);
            complaint = KeyFilePermissions.Complaint(stream.SafeFileHandle, Path);
            content = await ReadAsync(stream, cancellationToken);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            if (await PublicBesideAsync(cancellationToken) is { } lone)
                return new FileIdentity(Path, lone, null, await CertificateFile.BesideAsync(Path, cancellationToken));
            if (!IsDefault)
                show?.Invoke($"Warning: Identity file {Path} not accessible: No such file or directory.");
            return null;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new KeyFileException($"Load key \"{Path}\": Permission denied", e);
        }
        catch (IOException e)
        {
            throw new KeyFileException($"Load key \"{Path}\": {e.Message}", e);
        }

        try
        {
            // A public key may be open to all the world.
            if (TryReadPublic(content, out var named))
                return new FileIdentity(Path, named, null);
            if (complaint is not null)
                throw new KeyFileException($"{complaint}\nLoad key \"{Path}\": bad permissions");
            var document = PrivateKeyDocument.Parse(content);
            var certificate = await CertificateFile.BesideAsync(Path, cancellationToken);
            return new FileIdentity(Path, document.PublicKey ?? await PublicBesideAsync(cancellationToken) ?? certificate?.Key, document, certificate);
        }
        catch (KeyFileException e) when (complaint is null)
        {
            throw Named(Path, e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <summary>Puts the file's name to a bare reason.</summary>
    internal static KeyFileException Named(string path, KeyFileException reason) =>
        new($"Load key \"{path}\": {reason.Message.Replace(PrivateKeyDocument.FilePlaceholder, path, StringComparison.Ordinal)}", reason);

    private async ValueTask<PublicKey?> PublicBesideAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = new FileStream(Path + ".pub", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1, FileOptions.Asynchronous);
            return TryReadPublic(await ReadAsync(stream, cancellationToken), out var key) && key is not Certificate ? key : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or KeyFileException)
        {
            // It only saves a question; without it the passphrase is asked for earlier.
            return null;
        }
    }

    private async ValueTask<byte[]> ReadAsync(FileStream stream, CancellationToken cancellationToken)
    {
        // The length isn't asked for: a pipe or /dev/fd has none.
        var buffer = new byte[MaximumFileLength + 1];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        var content = buffer.AsSpan(0, length).ToArray();
        CryptographicOperations.ZeroMemory(buffer);
        return length <= MaximumFileLength ? content : throw new KeyFileException($"Load key \"{Path}\": it is too large to be a key");
    }

    private static bool TryReadPublic(ReadOnlySpan<byte> content, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PublicKey? key)
    {
        if (Ssh2Text.TryReadPublic(content, out key))
            return true;
        return content.IndexOf("---- BEGIN"u8) < 0
            && PublicKeys.TryParseLine(Encoding.UTF8.GetString(content).Split('\n', 2)[0], out key);
    }
}
