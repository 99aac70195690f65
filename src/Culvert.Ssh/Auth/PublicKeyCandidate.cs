using Culvert.Ssh.Crypto;
using Culvert.Ssh.Keys;

namespace Culvert.Ssh.Auth;

/// <summary>A key that may be offered: one that signs already, or a file that may still need its passphrase.</summary>
/// <param name="Source">Where it comes from, for messages: a path, <c>agent</c>, <c>memory</c>.</param>
/// <param name="Signer">Signs, if it needs no opening.</param>
/// <param name="File">The file to open otherwise.</param>
/// <param name="Certificate">Offered in place of the key that it certifies; null: the key itself is offered.</param>
internal sealed record PublicKeyCandidate(string Source, Signer? Signer, FileIdentity? File, Certificate? Certificate = null)
{
    /// <summary>What is offered. Null: only the passphrase will tell.</summary>
    public PublicKey? PublicKey => Certificate ?? Signer?.PublicKey ?? File?.PublicKey;

    /// <summary>What signs for it, once its key is open.</summary>
    public Signer Showing(Signer opened) => Certificate is null || opened.PublicKey is Certificate ? opened : new CertifiedSigner(Certificate, opened);
}
