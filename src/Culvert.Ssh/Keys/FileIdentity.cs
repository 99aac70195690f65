using System.Security.Cryptography;
using System.Text;
using Culvert.Ssh.Crypto;

namespace Culvert.Ssh.Keys;

/// <summary>An identity file that was read but perhaps not decrypted: its public half can be offered to a server before anybody is
/// asked for a passphrase.</summary>
internal sealed class FileIdentity(string path, PublicKey? publicKey, PrivateKeyDocument? document, Certificate? certificate = null) : IDisposable
{
    /// <summary>OpenSSH's count.</summary>
    private const int PassphraseTries = 3;

    public string Path => path;

    /// <summary>Known from the file itself or from the <c>.pub</c> beside it; null: only the passphrase will tell.</summary>
    public PublicKey? PublicKey => publicKey;

    /// <summary>The certificate beside the file; null: there is none.</summary>
    public Certificate? Certificate => certificate;

    /// <summary>False for a lone public key, which only chooses among the agent's.</summary>
    public bool HasPrivateKey => document is not null;

    /// <summary>The private key, once a passphrase has opened it, if it needs one. Null: nobody could or would give it.</summary>
    /// <exception cref="KeyFileException">The file is damaged.</exception>
    public async ValueTask<Signer?> OpenAsync(Ask? ask, Action<string>? show, CancellationToken cancellationToken)
    {
        if (document is null)
            return null;
        if (!document.IsEncrypted)
            return Matching(Open(document, "", cancellationToken)!);
        if (ask is null)
        {
            show?.Invoke($"Key '{path}' needs a passphrase and there is nobody to ask for it; give the key to an agent: ssh-add {path}");
            return null;
        }
        for (var i = 0; i < PassphraseTries; i++)
        {
            var answer = await ask(new Question(QuestionKind.Passphrase, $"Enter passphrase for key '{path}': ", Echo: false), cancellationToken);
            // As in ssh, an empty answer means: go on to the next key.
            if (string.IsNullOrEmpty(answer))
                return null;
            if (Open(document, answer, cancellationToken) is { } signer)
                return Matching(signer);
        }
        show?.Invoke($"Load key \"{path}\": incorrect passphrase supplied to decrypt private key");
        return null;
    }

    public void Dispose() => document?.Dispose();

    private Signer? Open(PrivateKeyDocument opened, string passphrase, CancellationToken cancellationToken)
    {
        var bytes = Encoding.UTF8.GetBytes(passphrase);
        try
        {
            return opened.Open(bytes, cancellationToken);
        }
        catch (KeyFileException e)
        {
            throw IdentityFile.Named(path, e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private Signer Matching(Signer signer)
    {
        if (publicKey is null || signer.PublicKey.IsSameKey(publicKey))
            return signer;
        signer.Dispose();
        throw new KeyFileException($"Load key \"{path}\": it does not belong to the public key in {path}.pub; write that anew with: ssh-keygen -y -f {path} > {path}.pub");
    }
}
