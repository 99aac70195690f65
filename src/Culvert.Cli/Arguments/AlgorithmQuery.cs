using Culvert.Broker.Config;
using Culvert.Ssh.Crypto;

namespace Culvert.Cli.Arguments;

/// <summary><c>-Q</c>: what the built-in engine speaks, a name a line, the best first. Pure.</summary>
internal static class AlgorithmQuery
{
    /// <summary>The list.</summary>
    /// <param name="query">As <c>ssh -Q</c> takes it: a kind, or the keyword that chooses among it.</param>
    /// <exception cref="ConfigException">Nothing is listed by that name.</exception>
    public static IReadOnlyList<string> Answer(string query)
    {
        var all = AlgorithmPreferences.Default;
        return query.ToUpperInvariant() switch
        {
            "CIPHER" or "CIPHERS" => all.Ciphers,
            "MAC" or "MACS" => all.Macs,
            "KEX" or "KEXALGORITHMS" => all.KeyExchange,
            "KEY" or "KEY-SIG" or "SIG" or "HOSTKEYALGORITHMS" or "PUBKEYACCEPTEDALGORITHMS" => all.HostKey,
            "PROTOCOL-VERSION" => ["2"],
            "HELP" => ["cipher", "mac", "kex", "key", "sig", "protocol-version"],
            _ => throw new ConfigException($"Unsupported query \"{query}\"", "culvert -Q help lists what can be asked for"),
        };
    }
}
