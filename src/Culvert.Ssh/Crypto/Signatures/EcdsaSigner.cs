using System.Security.Cryptography;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Crypto;

/// <summary>An ECDSA private key in memory (RFC 5656).</summary>
internal sealed class EcdsaSigner : Signer
{
    private readonly ECDsa _key;
    private readonly EcdsaPublicKey _publicKey;

    /// <summary>Takes the key over.</summary>
    /// <exception cref="CryptographicException">The key is of another curve.</exception>
    public EcdsaSigner(ECDsa key)
    {
        _key = key;
        var parameters = key.ExportParameters(false);
        var curve = NistCurve.All.FirstOrDefault(c => Is(parameters.Curve.Oid, c))
            ?? throw new CryptographicException("ECDSA keys must be of nistp256, nistp384 or nistp521");
        _publicKey = EcdsaPublicKey.FromPoint(curve, parameters.Q);
    }

    public override PublicKey PublicKey => _publicKey;

    public static EcdsaSigner Generate(NistCurve curve) => new(ECDsa.Create(curve.Curve));

    public override ValueTask<byte[]> SignAsync(string algorithm, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        RequireAlgorithm(algorithm);
        var curve = _publicKey.Curve;
        var signature = _key.SignData(data.Span, curve.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        var inner = new SshWriter(160).MpInt(signature.AsSpan(0, curve.FieldBytes)).MpInt(signature.AsSpan(curve.FieldBytes));
        return new(SignatureBlob.Write(algorithm, inner.WrittenSpan));
    }

    public override void Dispose() => _key.Dispose();

    // Windows names its curves (nistP256, ECDSA_P256) and may leave the identifier empty.
    private static bool Is(Oid oid, NistCurve curve) =>
        oid.Value is { Length: > 0 } identifier
            ? identifier == curve.ObjectIdentifier
            : oid.FriendlyName is { } name
                && (name.Equals(curve.Curve.Oid.FriendlyName, StringComparison.OrdinalIgnoreCase)
                    || name.Equals("ECDSA_P" + curve.Name["nistp".Length..], StringComparison.OrdinalIgnoreCase));
}
