namespace Culvert.Ssh.Crypto;

/// <summary>What both sides agreed upon in the latest key exchange.</summary>
/// <param name="KeyExchange">The key exchange method.</param>
/// <param name="HostKey">The signature algorithm of the host key.</param>
/// <param name="ClientToServer">What protects the client's packets.</param>
/// <param name="ServerToClient">What protects the server's packets.</param>
public sealed record NegotiatedAlgorithms(string KeyExchange, string HostKey, DirectionAlgorithms ClientToServer, DirectionAlgorithms ServerToClient)
{
    /// <summary>What protects one direction's packets.</summary>
    internal DirectionAlgorithms Direction(bool clientToServer) => clientToServer ? ClientToServer : ServerToClient;
}

/// <summary>What protects one direction.</summary>
/// <param name="Cipher">The cipher.</param>
/// <param name="Mac">The MAC; null when the cipher brings its own.</param>
/// <param name="Compression">What is done to payloads before they're encrypted.</param>
public sealed record DirectionAlgorithms(string Cipher, string? Mac, string Compression = "none")
{
    /// <summary>zlib (RFC 4253 §6.2) that begins when the login is over.</summary>
    internal const string DelayedZlib = "zlib@openssh.com";

    /// <summary>Whether payloads are compressed after the login.</summary>
    internal bool Compresses => Compression == DelayedZlib;

    /// <inheritdoc/>
    public override string ToString() => $"cipher: {Cipher} MAC: {Mac ?? "<implicit>"} compression: {Compression}";
}
