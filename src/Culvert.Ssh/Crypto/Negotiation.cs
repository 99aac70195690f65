namespace Culvert.Ssh.Crypto;

/// <summary>The ten lists that one side offers (RFC 4253 §7.1), without the cookie and the languages.</summary>
internal sealed record AlgorithmOffer(
    IReadOnlyList<string> KeyExchange, IReadOnlyList<string> HostKey,
    IReadOnlyList<string> CiphersClientToServer, IReadOnlyList<string> CiphersServerToClient,
    IReadOnlyList<string> MacsClientToServer, IReadOnlyList<string> MacsServerToClient,
    IReadOnlyList<string> CompressionClientToServer, IReadOnlyList<string> CompressionServerToClient);

/// <summary>Either an agreement, or OpenSSH's words for why there is none.</summary>
internal readonly record struct NegotiationResult(NegotiatedAlgorithms? Agreed, string? Error);

/// <summary>RFC 4253 §7.1: of each kind the first name on the client's list that is on the server's too.</summary>
internal static class Negotiation
{
    /// <summary>Characters of an offer that are shown: OpenSSH's longest list has 500.</summary>
    private const int MaximumShown = 1000;

    /// <param name="client">The client's lists.</param>
    /// <param name="server">The server's lists.</param>
    /// <param name="theyAreServer">Whose lists the message calls <i>their offer</i>.</param>
    public static NegotiationResult Negotiate(AlgorithmOffer client, AlgorithmOffer server, bool theyAreServer)
    {
        string? error = null;

        string? Choose(string what, Func<AlgorithmOffer, IReadOnlyList<string>> list)
        {
            var theirs = list(server);
            var chosen = list(client).FirstOrDefault(name => theirs.Contains(name, StringComparer.Ordinal) && !IsSignal(name));
            if (chosen is null)
                error ??= $"no matching {what} found. Their offer: {Shown(theyAreServer ? theirs : list(client))}";
            return chosen;
        }

        DirectionAlgorithms? Direction(Func<AlgorithmOffer, IReadOnlyList<string>> ciphers, Func<AlgorithmOffer, IReadOnlyList<string>> macs,
            Func<AlgorithmOffer, IReadOnlyList<string>> compressions)
        {
            var cipher = Choose("cipher", ciphers);
            if (cipher is null)
                return null;
            var mac = Algorithms.BringsItsOwnMac(cipher) ? null : Choose("MAC", macs);
            return Choose("compression method", compressions) is { } compression ? new(cipher, mac, compression) : null;
        }

        var exchange = Choose("key exchange method", offer => offer.KeyExchange);
        var hostKey = Choose("host key type", offer => offer.HostKey);
        var up = Direction(o => o.CiphersClientToServer, o => o.MacsClientToServer, o => o.CompressionClientToServer);
        var down = Direction(o => o.CiphersServerToClient, o => o.MacsServerToClient, o => o.CompressionServerToClient);
        return error is null ? new(new(exchange!, hostKey!, up!, down!), null) : new(null, error);
    }

    /// <summary>RFC 4253 §7: a guess was right when both sides prefer the same key exchange method and host key algorithm.</summary>
    public static bool GuessIsRight(AlgorithmOffer client, AlgorithmOffer server) =>
        client.KeyExchange is [var ours, ..] && server.KeyExchange is [var theirs, ..] && ours == theirs
        && client.HostKey is [var clientKey, ..] && server.HostKey is [var serverKey, ..] && clientKey == serverKey;

    private static string Shown(IReadOnlyList<string> names)
    {
        var all = string.Join(',', names);
        return all.Length <= MaximumShown ? all : string.Concat(all.AsSpan(0, MaximumShown), "…");
    }

    /// <summary>Names on the list of key exchange methods that only signal what a side can do (RFC 8308 §2.1; OpenSSH PROTOCOL §1.10).</summary>
    private static bool IsSignal(string name) =>
        name.StartsWith("ext-info-", StringComparison.Ordinal) || name.StartsWith("kex-strict-", StringComparison.Ordinal);
}
