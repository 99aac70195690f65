using System.Text.RegularExpressions;
using Culvert.Broker.Config;
using Culvert.Cli.Arguments;
using Culvert.Tests.Broker;
using Culvert.TestKit;
using Xunit;

namespace Culvert.Tests.Cli;

/// <summary>The manual's table of letters, row by row: each says what really happens.</summary>
public sealed partial class LetterTableTests
{
    private static readonly Machine Nothing = new FakeMachine().With("/home/me/other", "User other").With("/home/me/.ssh/config", "Match tagged tag\n Port 7").Machine;

    // A value that each letter with one accepts.
    private static readonly Dictionary<char, string> Values = new()
    {
        ['B'] = "lo", ['b'] = "127.0.0.1", ['c'] = "aes128-ctr", ['D'] = "1080", ['E'] = "/log", ['e'] = "none", ['F'] = "/home/me/other", ['i'] = "/key", ['J'] = "jump", ['L'] = "1:a:2", ['l'] = "you",
        ['m'] = "hmac-sha2-256", ['o'] = "BatchMode=yes", ['P'] = "tag", ['p'] = "2200", ['Q'] = "cipher", ['R'] = "1:a:2", ['W'] = "a:1",
    };

    public static TheoryData<char, bool, string, string> Rows()
    {
        var rows = new TheoryData<char, bool, string, string>();
        var manual = File.ReadAllText(Path.Combine(Repository.Root, "docs", "man", "culvert.1"));
        var table = manual[manual.IndexOf(".Sh LETTERS", StringComparison.Ordinal)..];
        foreach (Match row in Row().Matches(table[..table.IndexOf("\n.El", StringComparison.Ordinal)]))
            rows.Add(row.Groups["letter"].Value[0], row.Groups["value"].Success, row.Groups["fate"].Value, row.Groups["note"].Value.Replace("\\-", "-", StringComparison.Ordinal));
        return rows;
    }

    [Fact]
    public void The_table_has_every_letter_once_in_the_order_of_the_source() =>
        Assert.Equal(Letters.All.Keys.Order(), Rows().Select(row => row.Data.Item1).Order());

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_row_says_what_happens(char name, bool takesValue, string fate, string note)
    {
        Assert.Equal(Letters.All[name].TakesValue, takesValue);
        Assert.NotEqual("", note);
        var value = takesValue ? Values.GetValueOrDefault(name, "x") : null;
        // Alone, with its value as the next word, glued to it, and behind another letter.
        string[][] forms = value is null
            ? [[$"-{name}"], [$"-N{name}"]]
            : [[$"-{name}", value], [$"-{name}{value}"], [$"-N{name}", value], [$"-N{name}{value}"]];
        foreach (var form in forms)
        {
            Invocation Read() => CommandLineReader.Read([.. form, .. name == 'W' ? (string[])[] : ["-L", "5:b:6"], "host"], Nothing);
            switch (fate)
            {
                case "works" when name is 'N' or 'T':
                case "nothing":
                    // What it asks for is so anyway.
                    Assert.Equal(Usual, Told(Read()));
                    break;
                case "works":
                    Assert.NotEqual(Usual, Told(Read()));
                    break;
                default:
                    Assert.Equal("refused", fate);
                    var refusal = Assert.Throws<ConfigException>(Read);
                    Assert.Equal($"option -{name} is not supported", refusal.Message);
                    Assert.Equal(note, refusal.Hint);
                    break;
            }
        }
    }

    private static string Usual => Told(CommandLineReader.Read(["-L", "5:b:6", "host"], Nothing));

    /// <summary>All that the command line came to.</summary>
    private static string Told(Invocation invocation) => invocation switch
    {
        Invocation.Tunnels(var connection, var background, var log) =>
            $"{background} {log} {string.Join(' ', connection.Tunnels.Select(tunnel => $"{tunnel.Spec} {tunnel.OpenToOthers}"))} {string.Join(' ', connection.IdentityFiles)} {connection with { Tunnels = [], IdentityFiles = [], UserKnownHostsFiles = null }}",
        _ => invocation.GetType().Name,
    };

    [GeneratedRegex(@"^\.It Fl (?<letter>\S)(?<value> Ar \S+)? Ta (?<fate>\w+) Ta (?<note>.+)$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
