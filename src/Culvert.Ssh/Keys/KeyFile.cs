using Culvert.Ssh.Crypto;

namespace Culvert.Ssh.Keys;

/// <summary>Loads one private key for use right away, such as a server's host key.</summary>
public static class KeyFile
{
    /// <summary>Reads and, if need be, decrypts the file; the caller disposes the key.</summary>
    /// <param name="path">A private key file.</param>
    /// <param name="ask">Asked for the passphrase; null: an encrypted file is refused.</param>
    /// <param name="cancellationToken">Ends reading and asking.</param>
    /// <exception cref="KeyFileException">There is no usable private key in it, or its passphrase was not given.</exception>
    public static async ValueTask<Signer> LoadAsync(string path, Ask? ask, CancellationToken cancellationToken)
    {
        var why = $"Load key \"{path}\": No such file or directory";
        void Remember(string text) => why = text;
        using var identity = await new IdentityFile(path) { IsDefault = true }.LoadAsync(Remember, cancellationToken);
        if (identity is { HasPrivateKey: false })
            why = $"Load key \"{path}\": it is not a private key";
        else if (identity is not null)
            why = $"Load key \"{path}\": no passphrase was given";
        return (identity is null ? null : await identity.OpenAsync(ask, Remember, cancellationToken)) ?? throw new KeyFileException(why);
    }
}
