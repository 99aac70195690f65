using Culvert.Broker.Config;

namespace Culvert.Interop.Configuration;

/// <summary>What <c>culvert -G</c> does, without starting a program.</summary>
internal static class InProcess
{
    private static readonly Dictionary<string, string> Letters = new()
    {
        ["-p"] = "Port",
        ["-l"] = "User",
        ["-J"] = "ProxyJump",
        ["-b"] = "BindAddress",
        ["-c"] = "Ciphers",
    };

    /// <summary>The lines.</summary>
    /// <exception cref="ConfigException">They can't be meant.</exception>
    public static IEnumerable<string> Print(IReadOnlyList<string> words, Machine machine)
    {
        var builder = new ConfigBuilder(machine);
        string? file = null;
        for (var i = 0; i + 1 < words.Count; i += 2)
        {
            if (words[i] == "-F")
                file = words[i + 1];
            else if (words[i] == "-o")
                builder.SetLine(words[i + 1]);
            else
                builder.Set(Letters[words[i]], words[i + 1]);
        }
        return ResolvedConfig.Read(builder, HostSpec.Parse(words[^1]), ConfigSource.Of(file)).Lines();
    }
}
