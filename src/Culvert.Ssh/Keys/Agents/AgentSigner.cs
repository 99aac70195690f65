using Culvert.Ssh.Crypto;

namespace Culvert.Ssh.Keys;

/// <summary>A key that an agent holds. Valid as long as the client that listed it; disposing does nothing.</summary>
internal sealed class AgentSigner(AgentClient client, PublicKey publicKey) : Signer
{
    public override PublicKey PublicKey => publicKey;

    public override async ValueTask<byte[]> SignAsync(string algorithm, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        RequireAlgorithm(algorithm);
        var signature = await client.SignAsync(publicKey, algorithm, data, cancellationToken);
        // An old agent ignores the flags and signs by SHA-1; a security key's signature can't be checked here.
        if (((publicKey as Certificate)?.Key ?? publicKey) is not SecurityKeyPublicKey && !publicKey.Verify(algorithm, data.Span, signature))
            throw new AgentException($"agent: its signature is not a valid {algorithm}");
        return signature;
    }

    public override void Dispose()
    {
    }
}
