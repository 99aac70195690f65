namespace Culvert.Ssh.Crypto;

/// <summary>Something that can sign: a private key in memory, or an agent that holds one.</summary>
/// <remarks>Disposing wipes what key material .NET lets us wipe.</remarks>
internal abstract class Signer : IDisposable
{
    /// <summary>The public half.</summary>
    public abstract PublicKey PublicKey { get; }

    /// <summary>A signature blob (<c>string</c> algorithm, <c>string</c> signature) by <paramref name="algorithm"/>, one of the key's
    /// <see cref="PublicKey.SignatureAlgorithms"/>.</summary>
    public abstract ValueTask<byte[]> SignAsync(string algorithm, ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract void Dispose();
}
