using System.Security.Cryptography;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Crypto;

/// <summary><c>ecdsa-sha2-nistp256</c>, <c>-384</c>, <c>-521</c> (RFC 5656 §3).</summary>
internal sealed class EcdsaPublicKey : PublicKey
{
    private readonly NistCurve _curve;
    private readonly ECPoint _point;
    private readonly string[] _algorithms;

    private EcdsaPublicKey(NistCurve curve, ECPoint point)
    {
        _curve = curve;
        _point = point;
        _algorithms = [curve.KeyType];
        Blob = new SshWriter(192).String(curve.KeyType).String(curve.Name).String([4, .. point.X!, .. point.Y!]).ToArray();
    }

    public override string Type => _curve.KeyType;

    public override string ShortName => "ECDSA";

    public override ReadOnlyMemory<byte> Blob { get; }

    public override IReadOnlyList<string> SignatureAlgorithms => _algorithms;

    public NistCurve Curve => _curve;

    public static EcdsaPublicKey FromPoint(NistCurve curve, ECPoint point)
    {
        var key = new EcdsaPublicKey(curve, point);
        try
        {
            // The import is what checks that the point lies on the curve.
            key.Open().Dispose();
        }
        catch (CryptographicException e)
        {
            throw new SshProtocolException($"public key: not a point of {curve.Name}", inner: e);
        }
        return key;
    }

    public static EcdsaPublicKey Parse(NistCurve curve, ReadOnlySpan<byte> blob)
    {
        // RFC 5656 §3.1
        //   string    "ecdsa-sha2-[identifier]"
        //   string    [identifier]
        //   string    Q
        var reader = new SshReader(blob, "public key");
        reader.String("type");
        if (reader.Text("curve") != curve.Name)
            throw new SshProtocolException($"public key: {curve.KeyType} over another curve");
        var point = ReadPoint(curve, reader.String("Q"));
        reader.End();
        return FromPoint(curve, point);
    }

    /// <summary>SEC 1 §2.3.4, uncompressed only: nobody sends compressed points in SSH.</summary>
    public static ECPoint ReadPoint(NistCurve curve, ReadOnlySpan<byte> encoded)
    {
        if (encoded.Length != 1 + (2 * curve.FieldBytes) || encoded[0] != 4)
            throw new SshProtocolException($"public key: not an uncompressed point of {curve.Name}");
        return new ECPoint
        {
            X = encoded.Slice(1, curve.FieldBytes).ToArray(),
            Y = encoded[(1 + curve.FieldBytes)..].ToArray(),
        };
    }

    public override bool Verify(string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signatureBlob)
    {
        if (algorithm != Type || !SignatureBlob.TryRead(algorithm, signatureBlob, out var signature))
            return false;
        var fixedSize = new byte[2 * _curve.FieldBytes];
        try
        {
            // RFC 5656 §3.1.2
            //   mpint     r
            //   mpint     s
            var reader = new SshReader(signature, "signature");
            var r = reader.MpInt("r");
            if (r.Length > _curve.FieldBytes)
                return false;
            r.CopyTo(fixedSize.AsSpan(_curve.FieldBytes - r.Length));
            var s = reader.MpInt("s");
            if (s.Length > _curve.FieldBytes)
                return false;
            s.CopyTo(fixedSize.AsSpan(fixedSize.Length - s.Length));
            reader.End();
        }
        catch (SshProtocolException)
        {
            return false;
        }
        using var ecdsa = Open();
        return ecdsa.VerifyData(data, fixedSize, _curve.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    private ECDsa Open() => ECDsa.Create(new ECParameters { Curve = _curve.Curve, Q = _point });
}
