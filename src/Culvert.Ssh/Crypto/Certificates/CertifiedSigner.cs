namespace Culvert.Ssh.Crypto;

/// <summary>A private key that shows its certificate instead of its plain public half.</summary>
/// <param name="certificate">The certificate.</param>
/// <param name="signer">The key that it certifies, owned from now on.</param>
internal sealed class CertifiedSigner(Certificate certificate, Signer signer) : Signer
{
    public override PublicKey PublicKey => certificate;

    public override ValueTask<byte[]> SignAsync(string algorithm, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        RequireAlgorithm(algorithm);
        return signer.SignAsync(CertificateNames.Plain(algorithm), data, cancellationToken);
    }

    public override void Dispose() => signer.Dispose();
}
