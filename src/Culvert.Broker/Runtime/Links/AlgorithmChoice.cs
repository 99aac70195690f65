using Culvert.Broker.Config;
using Culvert.Ssh.Crypto;

namespace Culvert.Broker.Runtime;

/// <summary>Turns lists of algorithms as users write them into what the engine offers.</summary>
internal static class AlgorithmChoice
{
    /// <summary>The offer.</summary>
    /// <param name="config">Holds the lists.</param>
    /// <param name="knownHostKeys">Signature algorithms for which the host's key is known: they come first unless the user chose an order, as in OpenSSH.</param>
    /// <param name="warn">Told of names that were skipped.</param>
    /// <exception cref="BrokerException">A name that nobody knows, or nothing is left to offer.</exception>
    public static AlgorithmPreferences Of(ConnectionConfig config, IReadOnlyList<string> knownHostKeys, Action<Message> warn)
    {
        var defaults = AlgorithmPreferences.Default;
        var hostKeys = Read(AlgorithmKind.HostKey, "HostKeyAlgorithms", config.HostKeyAlgorithms, defaults.HostKey, warn);
        return new AlgorithmPreferences
        {
            KeyExchange = Read(AlgorithmKind.KeyExchange, "KexAlgorithms", config.KexAlgorithms, defaults.KeyExchange, warn),
            HostKey = config.HostKeyAlgorithms is null or ['+' or '-', ..]
                ? [.. hostKeys.Where(knownHostKeys.Contains), .. hostKeys.Where(name => !knownHostKeys.Contains(name))]
                : hostKeys,
            Ciphers = Read(AlgorithmKind.Cipher, "Ciphers", config.Ciphers, defaults.Ciphers, warn),
            Compression = config.Compression ? AlgorithmPreferences.DelayedCompression : AlgorithmPreferences.NoCompression,
            Macs = Read(AlgorithmKind.Mac, "MACs", config.Macs, defaults.Macs, warn),
        };
    }

    private static IReadOnlyList<string> Read(AlgorithmKind kind, string setting, string? text, IReadOnlyList<string> defaults, Action<Message> warn)
    {
        if (text is null)
            return defaults;
        var list = AlgorithmList.Parse(kind, text, defaults);
        if (list.Unknown.Count > 0)
        {
            var what = kind switch { AlgorithmKind.Cipher => "SSH2 cipher", AlgorithmKind.Mac => "SSH2 MAC", AlgorithmKind.KeyExchange => "SSH2 KexAlgorithms", _ => "key types" };
            throw new BrokerException(Message.Error($"Bad {what} spec '{text}'.", $"nobody knows {string.Join(", ", list.Unknown)}; culvert speaks {string.Join(",", defaults)}"));
        }
        var skipped = list.Old.Concat(list.Unsupported).ToList();
        if (list.Names.Count == 0)
        {
            throw new BrokerException(Message.Error(
                $"No algorithm is left of {setting} '{text}'.", $"culvert speaks {string.Join(",", defaults)}; for a server that knows only older ones say --engine openssh"));
        }
        if (skipped.Count > 0)
            warn(Message.Warning($"Warning: skipped in {setting}: {string.Join(", ", skipped)}"));
        return list.Names;
    }
}
