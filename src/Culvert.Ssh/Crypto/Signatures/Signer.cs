namespace Culvert.Ssh.Crypto;

/// <summary>Something that can sign: a private key in memory, or an agent that holds one.</summary>
/// <remarks>Disposing wipes what key material .NET lets us wipe. One signature at a time.</remarks>
public abstract class Signer : IDisposable
{
    private protected Signer()
    {
    }

    /// <summary>The public half.</summary>
    public abstract PublicKey PublicKey { get; }

    /// <summary>A new Ed25519 key that lives in memory only: a host key or a login for one run.</summary>
    public static Signer GenerateEd25519() => Ed25519Signer.Generate();

    /// <summary>A signature blob (<c>string</c> algorithm, <c>string</c> signature) by <paramref name="algorithm"/>, one of the key's
    /// <see cref="PublicKey.SignatureAlgorithms"/>.</summary>
    public abstract ValueTask<byte[]> SignAsync(string algorithm, ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract void Dispose();

    private protected void RequireAlgorithm(string algorithm)
    {
        if (!PublicKey.SignatureAlgorithms.Contains(algorithm))
            throw new ArgumentException($"{algorithm} does not fit a key of type {PublicKey.Type}", nameof(algorithm));
    }
}
