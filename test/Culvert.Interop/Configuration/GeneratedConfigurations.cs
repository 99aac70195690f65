using System.Text;

namespace Culvert.Interop.Configuration;

/// <summary>Configurations made up from a seed: nested Host, Match and Include, all ways of writing a line, and in some of them mistakes.</summary>
internal static class GeneratedConfigurations
{
    private static readonly string[] Hosts = ["alias", "Alias", "web1.example.com", "WEB2.example.com", "db", "10.0.0.1", "127.1", "::1", "2001:db8::0:1", "me@alias", "you@db", "a-b_c"];

    private static readonly string[] Patterns =
        ["*", "alias", "Alias", "a*", "web?.example.com", "*.example.com", "!db *", "!alias a*", "db 10.*", "10.0.0.?", "::1", "* !web*", "\"a b\" alias", "none-such", "real.example.net"];

    private static readonly string[] Criteria =
    [
        "all", "host alias", "host *.example.com,db", "host !db,*", "Host=alias", "originalhost alias", "originalhost WEB*,a*", "user root", "user you,me", "user !root,*",
        "localuser root", "!localuser root", "final", "!final", "canonical", "exec true", "exec false", "!exec \"exit 3\"", "exec \"test %h = alias\"", "exec \"test '%n' = '%n'\"",
        "exec \"test %p -eq 22\"", "host real.example.net", "exec \"test %r = %u && test -n '%L%l%i%d%k%C'\"", "user=me",
    ];

    /// <summary>One configuration for each seed.</summary>
    public static Configuration Of(ulong seed)
    {
        var choice = new SeededChoice(seed);
        var mistakes = choice.OnceIn(3) ? 1 + choice.Below(3) : 0;
        var included = choice.Below(4);
        var files = new Dictionary<string, string>();
        for (var i = 0; i <= included; i++)
        {
            var name = i == 0 ? Configuration.UserFile : i == 1 ? "conf.d/a.conf" : i == 2 ? "conf.d/b.conf" : "other";
            // Files include only later ones, so that it ends.
            string[] includes = [.. Enumerable.Range(i + 1, included - i).Select(later => later switch { 1 => "{F}/conf.d/a.conf", 2 => "\"{F}/conf.d/b.conf\"", _ => "{F}/oth[a-f]r" }),
                .. i == 0 ? (string[])["{F}/conf.d/*.conf", "{F}/none*", "{F}/missing {F}/conf.d/?.conf"] : []];
            files[name] = File(choice, includes, i == 0 || choice.OnceIn(3) ? mistakes : 0);
        }
        var usual = choice.OnceIn(5);
        if (usual)
        {
            files[Configuration.UserFile] += "\nMatch all\nInclude conf.d/*.conf\nInclude ~/.ssh/oth?r\n";
            files[Configuration.SystemFile] = File(choice, [], 0);
        }
        return new Configuration($"seed {seed}", files, Options(choice), choice.Of(Hosts), usual);
    }

    private static List<string> Options(SeededChoice choice)
    {
        var options = new List<string>();
        for (var i = choice.Below(4); i > 0; i--)
        {
            var line = choice.Of(ConfigurationLines.Valid);
            if (line.Keyword == "LogLevel")
                continue; // it would change what ssh says of mistakes
            options.AddRange(choice.Below(7) switch
            {
                0 => ["-p", "2200"],
                1 => ["-l", "typed"],
                2 => ["-o", $"{line.Keyword} = {choice.Of(line.Values)}"],
                3 => ["-o", $"{line.Keyword}={choice.Of(line.Values)}"],
                _ => (string[])["-o", $"{line.Keyword} {choice.Of(line.Values)}"],
            });
        }
        return options;
    }

    private static string File(SeededChoice choice, string[] includes, int mistakes)
    {
        var text = new StringBuilder();
        for (var block = 1 + choice.Below(5); block > 0; block--)
        {
            var heading = choice.Below(5);
            if (heading is 1 or 2)
                text.Append(Written(choice, "Host", choice.Of(Patterns), choice.OnceIn(8)));
            else if (heading is 3 or 4)
                text.Append(Written(choice, "Match", MatchCriteria(choice), false));
            for (var line = choice.Below(8); line > 0; line--)
            {
                var (keyword, values, isRaw) = choice.Of(ConfigurationLines.Valid);
                text.Append(Written(choice, keyword, choice.Of(values), !isRaw && choice.OnceIn(8)));
                if (choice.OnceIn(10))
                    text.Append(choice.Of((string[])["\n", "# a comment\n", "   \t\n", "  # Port x\n"]));
                if (includes.Length > 0 && choice.OnceIn(5))
                    text.Append(Written(choice, "Include", choice.Of(includes), false));
            }
            if (mistakes > 0 && choice.OnceIn(2))
            {
                text.Append(choice.Of(ConfigurationLines.Mistakes)).Append('\n');
                mistakes--;
            }
        }
        for (; mistakes > 0; mistakes--)
            text.Append(choice.Of(ConfigurationLines.Mistakes)).Append('\n');
        return text.ToString();
    }

    private static string MatchCriteria(SeededChoice choice)
    {
        var criteria = new List<string>();
        for (var i = 1 + choice.Below(3); i > 0; i--)
        {
            var one = choice.Of(Criteria);
            if (one != "all" || criteria.Count == 0)
                criteria.Add(one);
            if (one == "all")
                break; // stands alone, or behind one other
        }
        return string.Join(' ', criteria);
    }

    private static string Written(SeededChoice choice, string keyword, string value, bool hasComment)
    {
        var name = choice.Below(4) switch { 0 => keyword.ToLowerInvariant(), 1 => keyword.ToUpperInvariant(), _ => keyword };
        var separator = choice.Below(6) switch { 0 => "=", 1 => " = ", 2 => "\t", 3 => "   ", _ => " " };
        var indent = choice.Of((string[])["", "  ", "\t"]);
        return indent + name + separator + value + (hasComment ? " # and why" : "") + choice.Of((string[])["", "", "", " ", "\t"]) + "\n";
    }
}
