using Culvert.Broker.Config;

namespace Culvert.Cli.Arguments;

/// <summary>Turns the words of a command line as getopt(3) reads them into words that leave nothing to guess: <c>-fNL 1234:a:21</c> becomes
/// <c>-f</c>, <c>-N</c>, <c>-L=1234:a:21</c>. Words with two dashes, and all after <c>--</c>, pass as they are.</summary>
internal static class Getopt
{
    /// <summary>The same command line, one option a word.</summary>
    /// <exception cref="ConfigException">A letter that OpenSSH doesn't have, or that isn't offered, or that lacks its value.</exception>
    public static List<string> Canonical(IReadOnlyList<string> words)
    {
        var canonical = new List<string>(words.Count + 4);
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            if (word == "--")
            {
                canonical.AddRange(words.Skip(i));
                break;
            }
            if (word.Length < 2 || word[0] != '-' || word[1] == '-')
            {
                canonical.Add(word);
                continue;
            }
            for (var at = 1; at < word.Length; at++)
            {
                var name = word[at];
                if (!Letters.All.TryGetValue(name, out var letter))
                    throw new ConfigException($"unknown option -- {name}", "culvert --help lists the options");
                if (letter.Fate == LetterFate.Refused)
                    throw new ConfigException($"option -{name} is not supported", letter.Note);
                if (!letter.TakesValue)
                {
                    if (letter.Fate == LetterFate.Works)
                        canonical.Add($"-{name}");
                    continue;
                }
                string value;
                if (at + 1 < word.Length)
                    value = word[(at + 1)..];
                else if (i + 1 < words.Count)
                    value = words[++i];
                else
                    throw new ConfigException($"option requires an argument -- {name}", "culvert --help shows what follows it");
                if (letter.Fate == LetterFate.Works)
                    canonical.Add($"-{name}={value}");
                break;
            }
        }
        return canonical;
    }
}
