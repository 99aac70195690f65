using Culvert.Broker.Config;

namespace Culvert.Cli.Arguments;

/// <summary>A command line of sshg3, taken apart.</summary>
/// <param name="Options">Names and values, in order; what is accepted without a meaning is left out.</param>
/// <param name="Host">The server; null: none was named.</param>
/// <param name="Command">The words of the command.</param>
internal sealed record TectiaWords(IReadOnlyList<(string Name, string Value)> Options, string? Host, IReadOnlyList<string> Command)
{
    private const string Hint = "sshg3 --help lists the options";

    /// <summary>Takes words apart: letters glued to their values (<c>-R5000:…</c>) and to each other, long names with <c>=</c> or a word of their own. Options
    /// may stand on both sides of the host, and end where the command begins.</summary>
    /// <exception cref="ConfigException">An option that sshg3 doesn't have, or that isn't offered, or that lacks its value.</exception>
    public static TectiaWords Split(IReadOnlyList<string> words)
    {
        var options = new List<(string, string)>();
        string? host = null;
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            if (word == "--")
            {
                var rest = words.Skip(i + 1).ToList();
                return host is null ? new(options, rest.FirstOrDefault(), [.. rest.Skip(1)]) : new(options, host, rest);
            }
            if (word.Length > 1 && word[0] is '-' or '+')
            {
                if (word.StartsWith("--", StringComparison.Ordinal))
                    TakeLong(word);
                else
                    TakeLetters(word);
            }
            else if (host is null)
            {
                host = word;
            }
            else
            {
                return new(options, host, [.. words.Skip(i)]);
            }

            void TakeLong(string text)
            {
                var equals = text.IndexOf('=', StringComparison.Ordinal);
                var name = equals < 0 ? text : text[..equals];
                var option = Find(name);
                if (!option.TakesValue && equals >= 0)
                    throw new ConfigException($"option {name} takes no value", Hint);
                Take(option, name, !option.TakesValue ? "" : equals >= 0 ? text[(equals + 1)..] : Next(name));
            }

            void TakeLetters(string text)
            {
                for (var at = 1; at < text.Length; at++)
                {
                    var name = $"{text[0]}{text[at]}";
                    var option = Find(name);
                    if (!option.TakesValue)
                    {
                        Take(option, name, "");
                        continue;
                    }
                    Take(option, name, at + 1 < text.Length ? text[(at + 1)..] : Next(name));
                    return;
                }
            }

            string Next(string name) => i + 1 < words.Count ? words[++i] : throw new ConfigException($"option {name} needs a value", Hint);

            void Take(TectiaOption option, string name, string value)
            {
                if (option.Fate == LetterFate.Refused)
                    throw new ConfigException($"option {name} is not supported", option.Note);
                if (option.Fate == LetterFate.Works)
                    options.Add((option.Name, value));
            }
        }
        return new(options, host, []);
    }

    private static TectiaOption Find(string spelling) => TectiaOptions.Find(spelling) ?? throw new ConfigException($"unknown option {spelling}", Hint);
}
