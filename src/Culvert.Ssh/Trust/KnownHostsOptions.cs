using Culvert.Ssh.Crypto;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culvert.Ssh.Trust;

/// <summary>Where known host keys stand, and what is done about unknown ones.</summary>
public sealed record KnownHostsOptions
{
    /// <summary>The user's files (<c>UserKnownHostsFile</c>), at least one: what is learnt goes into the first.</summary>
    public required IReadOnlyList<string> UserFiles { get; init; }

    /// <summary>The system's files (<c>GlobalKnownHostsFile</c>), only read.</summary>
    public IReadOnlyList<string> GlobalFiles { get; init; } = [];

    /// <summary>SSH Tectia's folders of host keys, looked into before the files and never written to.</summary>
    public IReadOnlyList<string> TectiaFolders { get; init; } = [];

    /// <summary>Keys of this very host: when there are any, no other key of its is good, whatever the files say. What they revoke is revoked all the same.</summary>
    public IReadOnlyList<PinnedHostKey> PinnedKeys { get; init; } = [];

    /// <summary>Whether the address must have the same key as the name (<c>CheckHostIP</c>).</summary>
    public bool CheckAddress { get; init; }

    /// <summary>RSA keys with fewer bits are refused, known or not (<c>RequiredRSASize</c>).</summary>
    public int RequiredRsaBits { get; init; } = RsaPublicKey.MinimumBits;

    /// <summary>Algorithms by which an authority may have signed a certificate (<c>CASignatureAlgorithms</c>); one by another counts for nothing.</summary>
    public IReadOnlyList<string> AuthoritySignatures { get; init; } = [.. Algorithms.Signatures];

    /// <summary>What to do about an unknown key.</summary>
    public HostKeyChecking Checking { get; init; } = HostKeyChecking.Ask;

    /// <summary>Whether names are written as hashes (<c>HashKnownHosts</c>).</summary>
    public bool HashNames { get; init; }

    /// <summary>The name under which keys are looked up and kept, instead of the host's and without its port (<c>HostKeyAlias</c>).</summary>
    public string? HostKeyAlias { get; init; }

    /// <summary>Asks whether to trust a key; null where there is nobody.</summary>
    public Ask? Ask { get; init; }

    /// <summary>Shows warnings: whole lines, already escaped, without the last line feed.</summary>
    public Action<string>? Show { get; init; }

    /// <summary>Where the engine's log goes.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The clock that waits for a file that somebody else is writing.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
