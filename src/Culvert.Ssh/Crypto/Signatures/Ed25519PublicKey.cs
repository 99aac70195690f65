using Culvert.Ssh.Wire;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Culvert.Ssh.Crypto;

/// <summary><c>ssh-ed25519</c> (RFC 8709).</summary>
internal sealed class Ed25519PublicKey : PublicKey
{
    public const string Name = "ssh-ed25519";

    private static readonly string[] Algorithms = [Name];
    private readonly byte[] _point;

    private Ed25519PublicKey(byte[] point)
    {
        _point = point;
        Blob = new SshWriter(64).String(Name).String(point).ToArray();
    }

    public override string Type => Name;

    public override string ShortName => "ED25519";

    public override ReadOnlyMemory<byte> Blob { get; }

    public override IReadOnlyList<string> SignatureAlgorithms => Algorithms;

    public static Ed25519PublicKey FromPoint(ReadOnlySpan<byte> point)
    {
        // A point that isn't on the curve, or of small order, would verify nothing or everything.
        if (point.Length != Ed25519.PublicKeySize || !Ed25519.ValidatePublicKeyPartial(point.ToArray(), 0))
            throw new SshProtocolException("public key: not an Ed25519 point");
        return new Ed25519PublicKey(point.ToArray());
    }

    public static Ed25519PublicKey Parse(ReadOnlySpan<byte> blob)
    {
        // RFC 8709 §4
        //   string    "ssh-ed25519"
        //   string    key (32 bytes)
        var reader = new SshReader(blob, "public key");
        reader.String("type");
        var key = FromPoint(reader.String("key"));
        reader.End();
        return key;
    }

    public override bool Verify(string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signatureBlob) =>
        algorithm == Name
        && SignatureBlob.TryRead(algorithm, signatureBlob, out var signature)
        && signature.Length == Ed25519.SignatureSize
        && Ed25519.Verify(signature.ToArray(), 0, _point, 0, data.ToArray(), 0, data.Length);
}
