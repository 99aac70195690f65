namespace Culvert.Interop.Conformance;

/// <summary>A way to write a command that sets up a data connection, which one server or another takes for that command.</summary>
/// <param name="Name">For people.</param>
/// <param name="Text">The bytes, <c>%v</c> for the verb and <c>%a</c> for a blank and its argument, where it has one.</param>
internal sealed record Spelling(string Name, string Text)
{
    /// <summary>An address at which nobody listens; where it turns up behind the relay, it got through.</summary>
    public const string Marked = "127,0,0,77,77,77";

    public static (string Verb, string Argument)[] Commands { get; } =
    [
        ("PASV", ""), ("EPSV", ""), ("PORT", Marked), ("EPRT", "|1|127.0.0.77|19789|"),
    ];

    public static Spelling[] All { get; } =
    [
        new("as it should be", "%v%a\r\n"),
        new("lower case", "%l%a\r\n"),
        new("mixed case", "%m%a\r\n"),
        new("a blank before it", " %v%a\r\n"),
        new("a tab before it", "\t%v%a\r\n"),
        new("a form feed before it", "\f%v%a\r\n"),
        new("blanks behind it", "%v%a  \r\n"),
        new("a tab behind it", "%v%a\t\r\n"),
        new("a tab after the verb", "%v%t\r\n"),
        new("two blanks after the verb", "%v %a\r\n"),
        new("a vertical tab after the verb", "%v\v%a\r\n"),
        new("a bare line feed", "%v%a\n"),
        new("two carriage returns", "%v%a\r\r\n"),
        new("a bare carriage return, then a line", "NOOP\r%v%a\r\n"),
        new("behind a line feed in another command", "NOOP\n%v%a\r\n"),
        new("behind a NUL in another command", "NOOP\0%v%a\r\n"),
        new("behind CR NUL in another command", "NOOP\r\0%v%a\r\n"),
        new("a NUL before it", "\0%v%a\r\n"),
        new("a NUL in the verb", "%1\0%2%a\r\n"),
        new("a NUL behind it", "%v%a\0\r\n"),
        new("a carriage return in the verb", "%1\r%2%a\r\n"),
        new("Telnet IP before it", "\xFF\xF4%v%a\r\n"),
        new("Telnet Synch before it", "\xFF\xF4\xFF\xF2%v%a\r\n"),
        new("a Telnet option before it", "\xFF\xFB\x01%v%a\r\n"),
        new("Telnet NOP in the verb", "%1\xFF\xF1%2%a\r\n"),
        new("a Telnet option in the verb", "%1\xFF\xFD\x06%2%a\r\n"),
        new("a Telnet subnegotiation before it", "\xFF\xFA\x18\x01\xFF\xF0%v%a\r\n"),
        new("a doubled IAC before it", "\xFF\xFF%v%a\r\n"),
        new("a data mark before it", "\xF2%v%a\r\n"),
        new("a backspace in the verb", "%1x\b%2%a\r\n"),
        new("a control byte before it", "\x01%v%a\r\n"),
        new("a no-break space before it", "\xA0%v%a\r\n"),
        new("a UTF-8 byte order mark before it", "\xEF\xBB\xBF%v%a\r\n"),
        new("an argument where there is none", "%v%a x\r\n"),
        new("a comma after the verb", "%v,%a\r\n"),
        new("quoted", "\"%v\"%a\r\n"),
        new("as an X verb", "X%v%a\r\n"),
        new("behind SITE", "SITE %v%a\r\n"),
        new("one byte a segment", "%v%a\r\n"),
    ];

    /// <summary>The bytes, one character each.</summary>
    public string Say(string verb, string argument)
    {
        var blank = argument.Length == 0 ? "" : " " + argument;
        var tab = argument.Length == 0 ? "\t" : "\t" + argument;
        return Text.Replace("%a", blank, StringComparison.Ordinal).Replace("%t", tab, StringComparison.Ordinal)
            .Replace("%v", verb, StringComparison.Ordinal).Replace("%l", verb.ToLowerInvariant(), StringComparison.Ordinal)
            .Replace("%m", string.Concat(verb.Select((letter, index) => index % 2 == 0 ? letter : char.ToLowerInvariant(letter))), StringComparison.Ordinal)
            .Replace("%1", verb[..2], StringComparison.Ordinal).Replace("%2", verb[2..], StringComparison.Ordinal);
    }
}
