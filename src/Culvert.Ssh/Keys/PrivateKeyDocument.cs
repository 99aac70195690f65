using System.Security.Cryptography;
using System.Text;
using Culvert.Ssh.Crypto;

namespace Culvert.Ssh.Keys;

/// <summary>What a private key file says before anything secret of it is opened. Bytes in, decisions out: it reads no file and asks nobody.
/// Its <see cref="KeyFileException"/>s give the bare reason; who read the file puts its name before it.</summary>
internal abstract class PrivateKeyDocument : IDisposable
{
    /// <summary>The public half, where the format shows it unencrypted.</summary>
    public virtual PublicKey? PublicKey => null;

    public abstract bool IsEncrypted { get; }

    /// <summary>The private key, or null: the passphrase is wrong. Derives the cipher key on the calling thread, which may take long.</summary>
    /// <param name="passphrase">Ignored when the document isn't encrypted.</param>
    /// <param name="cancellationToken">Ends a long derivation.</param>
    /// <exception cref="KeyFileException">The passphrase may be right, but what it opens is no usable key.</exception>
    public abstract Signer? Open(ReadOnlySpan<byte> passphrase, CancellationToken cancellationToken);

    /// <summary>Wipes what secrets it still holds; an opened key lives on.</summary>
    public abstract void Dispose();

    /// <summary>Recognises the format and reads what is not encrypted.</summary>
    /// <exception cref="KeyFileException">Not a private key, damaged, or of a kind that is refused.</exception>
    public static PrivateKeyDocument Parse(ReadOnlySpan<byte> file)
    {
        RefuseForeignFormats(file);
        if (Ssh2Text.IsLabelled(file, Ssh2Text.PrivateLabel))
            return ParseSsh2(file);
        if (!PemEncoding.TryFindUtf8(file, out var pem))
            throw new KeyFileException("invalid format");
        var der = new byte[pem.DecodedDataLength];
        try
        {
            if (!TryDecode(file[pem.Base64Data], der))
                throw new KeyFileException("invalid format");
            var label = Encoding.ASCII.GetString(file[pem.Label]);
            return label == OpenSshPrivateKey.Label ? OpenSshPrivateKey.Read(der) : PemPrivateKey.Read(label, der);
        }
        catch (SshProtocolException e)
        {
            throw new KeyFileException(e.Message, e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(der);
        }
    }

    private static Ssh2PrivateKey ParseSsh2(ReadOnlySpan<byte> file)
    {
        var blob = Ssh2Text.Decode(file, Ssh2Text.PrivateLabel) ?? throw new KeyFileException("invalid format");
        try
        {
            return Ssh2PrivateKey.Read(blob);
        }
        catch (SshProtocolException e)
        {
            throw new KeyFileException(e.Message, e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(blob);
        }
    }

    /// <summary>These are recognised only so that the refusal can say what to do.</summary>
    private static void RefuseForeignFormats(ReadOnlySpan<byte> file)
    {
        if (file.IndexOf("Proc-Type: 4,ENCRYPTED"u8) >= 0)
            throw new KeyFileException($"it is encrypted in the old PEM way (MD5, no work factor), which is not supported; convert it in place with: ssh-keygen -p -f {FilePlaceholder}");
        if (file.StartsWith("PuTTY-User-Key-File-"u8))
            throw new KeyFileException($"it is in PuTTY's format; convert it with: puttygen {FilePlaceholder} -O private-openssh -o NEWFILE");
    }

    /// <summary>Stands for the file's path in a reason; who knows the path puts it in.</summary>
    public const string FilePlaceholder = "{FILE}";

    private static bool TryDecode(ReadOnlySpan<byte> base64, Span<byte> der)
    {
        var compact = new byte[base64.Length];
        var length = 0;
        foreach (var b in base64)
        {
            if (b is not ((byte)'\n' or (byte)'\r' or (byte)' ' or (byte)'\t'))
                compact[length++] = b;
        }
        var status = System.Buffers.Text.Base64.DecodeFromUtf8(compact.AsSpan(0, length), der, out var consumed, out var written);
        CryptographicOperations.ZeroMemory(compact);
        return status == System.Buffers.OperationStatus.Done && consumed == length && written == der.Length;
    }
}
