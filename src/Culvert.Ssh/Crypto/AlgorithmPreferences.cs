namespace Culvert.Ssh.Crypto;

/// <summary>What to offer in a key exchange: names in order of preference. Immutable.</summary>
public sealed record AlgorithmPreferences
{
    /// <summary>Payloads travel as they are.</summary>
    public static IReadOnlyList<string> NoCompression { get; } = ["none"];

    /// <summary>zlib where the peer has it, after the login: before it, whoever isn't let in would reach zlib's code.</summary>
    public static IReadOnlyList<string> DelayedCompression { get; } = [DirectionAlgorithms.DelayedZlib, "none"];

    /// <summary>Everything that the engine speaks, in its own order.</summary>
    public static AlgorithmPreferences Default { get; } = new();

    /// <summary>What a server offers that has no old clients to mind: no curve of NIST's, no prime below 3072 bits, no MAC that leaves
    /// the length of a packet to be decrypted before it is known to be genuine. Which signature algorithms it has is a matter of its keys.</summary>
    public static AlgorithmPreferences Server { get; } = new()
    {
        KeyExchange = [.. Algorithms.Of(AlgorithmKind.KeyExchange).Where(name =>
            !name.StartsWith("ecdh-", StringComparison.Ordinal) && !name.Contains("-group14-", StringComparison.Ordinal))],
        Macs = [.. Algorithms.Of(AlgorithmKind.Mac).Where(name => name.Contains("-etm@", StringComparison.Ordinal))],
    };

    /// <summary>Key exchange methods.</summary>
    public IReadOnlyList<string> KeyExchange { get; init; } = Algorithms.Of(AlgorithmKind.KeyExchange);

    /// <summary>Signature algorithms for host keys. A client puts those first for which it knows the host's key.</summary>
    public IReadOnlyList<string> HostKey { get; init; } = Algorithms.Of(AlgorithmKind.HostKey);

    /// <summary>Ciphers, the same for both directions.</summary>
    public IReadOnlyList<string> Ciphers { get; init; } = Algorithms.Of(AlgorithmKind.Cipher);

    /// <summary>MACs, the same for both directions; without a part in ciphers that bring their own.</summary>
    public IReadOnlyList<string> Macs { get; init; } = Algorithms.Of(AlgorithmKind.Mac);

    /// <summary>Compression methods, the same for both directions: <see cref="NoCompression"/> unless somebody wants it. What is compressed before it's encrypted
    /// tells of itself by its length, and files are mostly compressed already.</summary>
    public IReadOnlyList<string> Compression { get; init; } = NoCompression;
}
