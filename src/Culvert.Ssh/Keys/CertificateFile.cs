using System.Text;
using Culvert.Ssh.Crypto;

namespace Culvert.Ssh.Keys;

/// <summary>Reads a user's certificate as ssh-keygen writes it: one line, <c>type base64 comment</c>.</summary>
internal static class CertificateFile
{
    /// <summary>A certificate in Base64, and a comment.</summary>
    private const int MaximumFileLength = Certificate.MaximumBlobLength * 2;

    /// <summary>The certificate that ssh-keygen puts beside a private key (<c>id_x-cert.pub</c>). Null: there is none, or it is none of a user's; the key itself is tried anyway.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async ValueTask<Certificate?> BesideAsync(string keyPath, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(keyPath + "-cert.pub", cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or KeyFileException)
        {
            return null;
        }
    }

    /// <summary>A certificate that the user named (<c>CertificateFile</c>).</summary>
    /// <exception cref="KeyFileException">It can't be read, or it is none of a user's.</exception>
    public static async ValueTask<Certificate> LoadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(path, cancellationToken);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new KeyFileException($"Warning: Certificate file {path} not accessible: No such file or directory.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyFileException($"Load certificate \"{path}\": {(e is UnauthorizedAccessException ? "Permission denied" : e.Message)}", e);
        }
    }

    private static async ValueTask<Certificate> ReadAsync(string path, CancellationToken cancellationToken)
    {
        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1, FileOptions.Asynchronous);
        var buffer = new byte[MaximumFileLength + 1];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        if (length > MaximumFileLength)
            throw new KeyFileException($"Load certificate \"{path}\": it is too large to be a certificate");
        if (!PublicKeys.TryParseLine(Encoding.UTF8.GetString(buffer, 0, length).Split('\n', 2)[0], out var key) || key is not Certificate certificate)
            throw new KeyFileException($"Load certificate \"{path}\": it is not a certificate");
        return certificate.Kind == CertificateKind.User
            ? certificate
            : throw new KeyFileException($"Load certificate \"{path}\": it is not a user's certificate");
    }
}
