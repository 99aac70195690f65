using System.Security.Cryptography;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Crypto;

/// <summary>The exchange hash H (RFC 4253 §8, RFC 5656 §4), which the host key signs and which, from the first exchange, becomes the session id:
/// <code>
/// string  V_C, V_S   version lines without CR LF
/// string  I_C, I_S   payloads of both KEXINITs
/// string  K_S        the host key
/// …                  what the method agreed upon first, if anything (RFC 4419 §3)
/// string  Q_C, Q_S   public values (mpint for Diffie-Hellman, which looks the same)
/// mpint   K          (or string) the secret
/// </code></summary>
internal sealed record ExchangeTranscript(
    byte[] ClientVersion, byte[] ServerVersion, byte[] ClientKexInit, byte[] ServerKexInit, byte[] HostKey, byte[] Parameters, byte[] ClientPublic, byte[] ServerPublic)
{
    public byte[] Hash(HashAlgorithmName algorithm, ReadOnlySpan<byte> encodedSecret)
    {
        var writer = new SshWriter(4096);
        writer.String(ClientVersion).String(ServerVersion).String(ClientKexInit).String(ServerKexInit).String(HostKey)
            .Raw(Parameters).String(ClientPublic).String(ServerPublic).Raw(encodedSecret);
        var hash = CryptographicOperations.HashData(algorithm, writer.WrittenSpan);
        writer.Clear();
        return hash;
    }
}
