using Culvert.Ssh.Crypto;
using Culvert.Ssh.Keys;

namespace Culvert.Ssh.Auth;

/// <summary>A key that may be offered: one that signs already, or a file that may still need its passphrase.</summary>
/// <param name="Source">Where it comes from, for messages: a path, <c>agent</c>, <c>memory</c>.</param>
/// <param name="Signer">Signs, if it needs no opening.</param>
/// <param name="File">The file to open otherwise.</param>
internal sealed record PublicKeyCandidate(string Source, Signer? Signer, FileIdentity? File)
{
    /// <summary>Null: only the passphrase will tell.</summary>
    public PublicKey? PublicKey => Signer?.PublicKey ?? File?.PublicKey;
}
