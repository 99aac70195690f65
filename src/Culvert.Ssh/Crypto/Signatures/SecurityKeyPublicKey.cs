using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Crypto;

/// <summary>A key that lives in a FIDO authenticator (OpenSSH's PROTOCOL.u2f). Only an agent signs with it; its blob and its signatures
/// pass through unchanged. It verifies nothing here, and so is never accepted as a host key or by our server.</summary>
internal sealed class SecurityKeyPublicKey : PublicKey
{
    public const string Ed25519Name = "sk-ssh-ed25519@openssh.com", EcdsaName = "sk-ecdsa-sha2-nistp256@openssh.com";

    private readonly string[] _algorithms;

    private SecurityKeyPublicKey(string type, byte[] blob)
    {
        Type = type;
        Blob = blob;
        _algorithms = [type];
    }

    public override string Type { get; }

    public override string ShortName => Type == Ed25519Name ? "ED25519-SK" : "ECDSA-SK";

    public override ReadOnlyMemory<byte> Blob { get; }

    public override IReadOnlyList<string> SignatureAlgorithms => _algorithms;

    public static SecurityKeyPublicKey Parse(ReadOnlySpan<byte> blob)
    {
        // PROTOCOL.u2f: string type, [string curve,] string point, string application
        var reader = new SshReader(blob, "public key");
        var type = reader.Text("type");
        if (type == EcdsaName)
            reader.String("curve");
        reader.String("point");
        reader.String("application");
        reader.End();
        return new SecurityKeyPublicKey(type, blob.ToArray());
    }

    public override bool Verify(string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signatureBlob) => false;
}
