using Culvert.Ssh.Crypto;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Auth;

/// <summary>The messages of RFC 4252 and RFC 4256 that both halves build or read.</summary>
internal static class AuthenticationMessages
{
    public const string UserAuthService = "ssh-userauth", ConnectionService = "ssh-connection";
    public const string None = "none", PublicKey = "publickey", Password = "password", Interactive = "keyboard-interactive";

    /// <summary>RFC 4252 §5: what every request begins with.</summary>
    public static SshWriter Request(string user, string method)
    {
        // byte      SSH_MSG_USERAUTH_REQUEST
        // string    user name
        // string    service name
        // string    method name
        // ....      method specific fields
        return new SshWriter().Byte(MessageNumber.UserAuthRequest).String(user).String(ConnectionService).String(method);
    }

    /// <summary>RFC 4252 §7: may this key log in? (answered by PK_OK or FAILURE)</summary>
    public static SshWriter PublicKeyProbe(string user, string algorithm, PublicKey key)
    {
        // boolean   FALSE
        // string    public key algorithm name
        // string    public key blob
        return Request(user, PublicKey).Bool(false).String(algorithm).String(key.Blob.Span);
    }

    /// <summary>RFC 4252 §7: the request that is signed; the signature follows as a <c>string</c>.</summary>
    public static SshWriter SignedPublicKey(string user, string algorithm, ReadOnlySpan<byte> keyBlob)
    {
        // boolean   TRUE
        // string    public key algorithm name
        // string    public key blob
        // string    signature
        return Request(user, PublicKey).Bool(true).String(algorithm).String(keyBlob);
    }

    /// <summary>RFC 4252 §7: what the signature is made over: the session's id and the request up to the signature.</summary>
    public static byte[] SignedData(ReadOnlySpan<byte> sessionId, ReadOnlySpan<byte> request) =>
        new SshWriter(sessionId.Length + request.Length + 4).String(sessionId).Raw(request).ToArray();
}
