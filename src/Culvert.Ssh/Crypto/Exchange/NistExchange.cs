using System.Security.Cryptography;

namespace Culvert.Ssh.Crypto;

/// <summary><c>ecdh-sha2-nistp256</c>, <c>-nistp384</c>, <c>-nistp521</c> (RFC 5656 §4). Public values are uncompressed points
/// (SEC1 §2.3.3): <c>04 X Y</c>.</summary>
internal sealed class NistExchange(ECCurve curve, int fieldLength, HashAlgorithmName hash) : KeyExchange(hash)
{
    private readonly ECDiffieHellman _own = ECDiffieHellman.Create(curve);

    protected override byte[] GenerateKeyPair()
    {
        var point = _own.ExportParameters(includePrivateParameters: false).Q;
        return [4, .. point.X!, .. point.Y!];
    }

    public override byte[] Complete(ReadOnlySpan<byte> serverPublic) => Agree(serverPublic);

    public override (byte[] ServerPublic, byte[] EncodedSecret) Answer(ReadOnlySpan<byte> clientPublic) => (Begin(), Agree(clientPublic));

    public override void Dispose() => _own.Dispose();

    private byte[] Agree(ReadOnlySpan<byte> theirs)
    {
        if (theirs.Length != 1 + 2 * fieldLength || theirs[0] != 4)
            throw Unacceptable("the public value is not an uncompressed point of the curve agreed upon");
        byte[]? secret = null;
        try
        {
            // Importing checks that the point lies on the curve (RFC 5656 §4); the curves have no points of small order.
            using var point = ECDiffieHellman.Create(new ECParameters
            {
                Curve = curve,
                Q = new ECPoint { X = theirs.Slice(1, fieldLength).ToArray(), Y = theirs[(1 + fieldLength)..].ToArray() },
            });
            using var publicKey = point.PublicKey;
            secret = _own.DeriveRawSecretAgreement(publicKey);
            return EncodeMpInt(secret);
        }
        catch (CryptographicException e)
        {
            throw Unacceptable("the public value is not a point of the curve agreed upon", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}
