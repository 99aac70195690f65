using System.Text;

namespace Culvert.Interop.Configuration;

/// <summary>Configurations made up from a seed: nested Host, Match and Include, all ways of writing a line, and in some of them mistakes.</summary>
internal static class GeneratedConfigurations
{
    private static readonly string[] Hosts = ["alias", "Alias", "web1.example.com", "WEB2.example.com", "db", "10.0.0.1", "127.1", "::1", "2001:db8::0:1", "me@alias", "you@db", "a-b_c",
        "ssh://you@web1.example.com:2222", "ssh://10.0.0.1", "d@domain@alias", "\u0041lias.", "10.0.0.01"];

    private static readonly string[] Patterns =
        ["*", "alias", "Alias", "a*", "web?.example.com", "*.example.com", "!db *", "!alias a*", "db 10.*", "10.0.0.?", "::1", "* !web*", "\"a b\" alias", "none-such", "real.example.net", "alias db", "?lias", "A*", "**", "a*s", "!real.example.net *", "web1.example.com web2.example.com", "127.*", "2001:db8::*", "!* alias", "\"al\"ias", "you"];

    private static readonly string[] Criteria =
    [
        "all", "host alias", "host *.example.com,db", "host !db,*", "Host=alias", "originalhost alias", "originalhost WEB*,a*", "user root", "user you,me", "user !root,*",
        "localuser root", "!localuser root", "final", "!final", "canonical", "exec true", "exec false", "!exec \"exit 3\"", "exec \"test %h = alias\"", "exec \"test '%n' = '%n'\"",
        "exec \"test %p -eq 22\"", "HOST alias", "!host alias", "host \"alias\"", "host=alias,db", "host = alias", "originalhost=*", "!originalhost web*", "user=you", "!user root,me", "localuser=root,me", "!final", "!canonical",
        "exec=true", "!exec true", "exec \"exit 0\"", "exec 'true'", "exec \"test -n '%C' -a '%n' != '%h'\"", "host real.example.net", "exec \"test %r = %u && test -n '%L%l%i%d%k%C'\"", "user=me",
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
                .. i == 0 ? (string[])["{F}/conf.d/*.conf", "{F}/none*", "{F}/missing {F}/conf.d/?.conf", "{F}/conf.[d]/[ab].conf", "{F}/*/b.conf {F}/conf.d/a.conf", "\"{F}/no such\"", "{F}/conf.d/[!a].conf", "={F}/conf.d/a.conf", "{F}/conf.d"] : []];
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
        for (var i = choice.Below(5); i > 0; i--)
        {
            if (choice.OnceIn(2))
            {
                // Two -J, or two -W, are refused; which words mean a port to us alone is not OpenSSH's affair.
                var letter = choice.Of(ConfigurationLines.Letters);
                if (letter[0] is not ("-J" or "-W") || !options.Contains(letter[0]))
                    options.AddRange(letter);
                continue;
            }
            var line = choice.Of(ConfigurationLines.Valid);
            if (line.Keyword is "LogLevel" or "ProxyCommand" or "ProxyJump" || (options.Contains("-W") && line.Keyword.EndsWith("Forward", StringComparison.Ordinal)))
                continue; // it would change what ssh says of mistakes, or exclude a letter
            options.AddRange(choice.Below(5) switch
            {
                0 => ["-o", $"{line.Keyword} = {choice.Of(line.Values)}"],
                1 => ["-o", $"{line.Keyword}={choice.Of(line.Values)}"],
                2 => [$"-o{line.Keyword}={choice.Of(line.Values)}"],
                3 => [$"-o{line.Keyword.ToUpperInvariant()} {choice.Of(line.Values)}"],
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
