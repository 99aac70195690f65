using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Crypto;

/// <summary>The envelope of every signature.</summary>
internal static class SignatureBlob
{
    // RFC 4253 §6.6
    //   string    signature format identifier
    //   string    signature blob

    public static byte[] Write(string algorithm, ReadOnlySpan<byte> signature) =>
        new SshWriter(signature.Length + 32).String(algorithm).String(signature).ToArray();

    /// <summary>The inner signature, if the blob is well-formed and of exactly that algorithm.</summary>
    public static bool TryRead(string algorithm, ReadOnlySpan<byte> blob, out ReadOnlySpan<byte> signature)
    {
        try
        {
            var reader = new SshReader(blob, "signature");
            var named = reader.Text("algorithm");
            signature = reader.String("signature");
            reader.End();
            return named == algorithm;
        }
        catch (SshProtocolException)
        {
            signature = default;
            return false;
        }
    }
}
