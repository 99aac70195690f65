using Culvert.Net;

namespace Culvert.Ssh.Trust;

/// <summary>A server's host key, once the server has proved that it holds it.</summary>
/// <param name="Server">The host as the user named it, and its port.</param>
/// <param name="KeyType">Type of the key, <c>ssh-ed25519</c>.</param>
/// <param name="Blob">The key as it travels.</param>
/// <param name="Fingerprint">As <c>ssh-keygen -l</c> prints it: <c>SHA256:…</c>.</param>
public sealed record HostKeyOffer(Endpoint Server, string KeyType, ReadOnlyMemory<byte> Blob, string Fingerprint)
{
    /// <summary>The server's address as an IP literal, where it's known (not behind a jump host): shown beside the name.</summary>
    public string? Address { get; init; }
}

/// <summary>Decides whether a host key is the right one: returns, or throws <see cref="SshHostKeyException"/>. There is no default:
/// who connects must choose. Called at the first key exchange; later ones must show the same key.</summary>
public delegate ValueTask HostKeyPolicy(HostKeyOffer offer, CancellationToken cancellationToken);
