using System.Globalization;

namespace Culvert.Interop.Conformance;

/// <summary>A way to spell 227 or 229 that some server has, or could have.</summary>
/// <param name="Code">227 or 229.</param>
/// <param name="Name">For people.</param>
/// <param name="Text">The whole reply, <c>%h</c> for the address with commas, <c>%p</c> for the port in two numbers, <c>%e</c> for it in one, <c>%o</c> for
/// another port in two.</param>
/// <param name="IsHostile">No client may get anywhere by it.</param>
internal sealed record PassiveForm(int Code, string Name, string Text, bool IsHostile = false)
{
    public static PassiveForm[] All { get; } =
    [
        new(227, "`(h,h,h,h,p,p).`", "227 Entering Passive Mode (%h,%p)."),
        new(227, "without a dot", "227 Entering Passive Mode (%h,%p)"),
        new(227, "no parentheses", "227 Entering Passive Mode %h,%p"),
        new(227, "`=h,h,h,h,p,p`", "227 Passive mode OK =%h,%p"),
        new(227, "`[h,h,h,h,p,p]`", "227 Entering Passive Mode [%h,%p]"),
        new(227, "text after it", "227 Entering Passive Mode (%h,%p) in a moment"),
        new(227, "padded with zeros", "227 Entering Passive Mode (127,000,000,001,%z)"),
        new(227, "blanks after the commas", "227 Entering Passive Mode (127, 0, 0, 1, %s)"),
        new(227, "several lines, the last has it", "227-Entering\r\n Passive\r\n227 Mode (%h,%p)"),
        new(227, "a digit before it", "227 host2 says (%h,%p)"),
        new(227, "several lines, the first has it", "227-Entering Passive Mode (%h,%p)\r\n and that is\r\n227 all"),
        new(227, "the same address twice", "227 (%h,%p) I said (%h,%p)"),
        new(227, "the address 0.0.0.0", "227 Entering Passive Mode (0,0,0,0,%p)"),
        new(227, "an address of the server's own network", "227 Entering Passive Mode (10,99,99,99,%p)"),
        new(227, "two addresses, the second is right", "227 not (%h,%o) but (%h,%p)", IsHostile: true),
        new(227, "two addresses, the first is right", "227 (%h,%p) not (%h,%o)", IsHostile: true),
        new(227, "no address", "227 Entering Passive Mode", IsHostile: true),
        new(227, "a privileged port", "227 Entering Passive Mode (%h,0,22)", IsHostile: true),
        new(229, "`(|||p|)`", "229 Entering Extended Passive Mode (|||%e|)"),
        new(229, "with a dot", "229 Entering Extended Passive Mode (|||%e|)."),
        new(229, "`(!!!p!)`", "229 Entering Extended Passive Mode (!!!%e!)"),
        new(229, "several lines", "229-Entering\r\n229 Extended Passive Mode (|||%e|)"),
        new(229, "`(|1|h|p|)`", "229 Entering Extended Passive Mode (|1|127.0.0.1|%e|)"),
        new(229, "no parentheses", "229 Entering Extended Passive Mode |||%e|"),
        new(229, "another parenthesis before it", "229 Entering (extended) Passive Mode (|||%e|)"),
        new(229, "code 227 in its place", "227 Entering Passive Mode (%h,%p)."),
        new(229, "two ports", "229 (|||%e|) (|||9|)", IsHostile: true),
        new(229, "a privileged port", "229 Entering Extended Passive Mode (|||22|)", IsHostile: true),
    ];

    /// <summary>The row of the page.</summary>
    public string Row => $"{Code}: {Name}";

    /// <summary>The user name by which a client asks for it.</summary>
    public string User => "form" + Array.IndexOf(All, this).ToString(CultureInfo.InvariantCulture);

    /// <summary>The answer to PASV or EPSV. The form 229 belongs to EPSV; a server that has only that is asked for it in the end.</summary>
    public string Reply(string verb, int port)
    {
        if (verb != (Code == 227 ? "PASV" : "EPSV"))
        {
            return "502 not here";
        }

        var (high, low) = (port >> 8, port & 255);
        return Text.Replace("%h", "127,0,0,1", StringComparison.Ordinal)
            .Replace("%p", string.Create(CultureInfo.InvariantCulture, $"{high},{low}"), StringComparison.Ordinal)
            .Replace("%s", string.Create(CultureInfo.InvariantCulture, $"{high}, {low}"), StringComparison.Ordinal)
            .Replace("%z", string.Create(CultureInfo.InvariantCulture, $"{high:000},{low:000}"), StringComparison.Ordinal)
            .Replace("%o", string.Create(CultureInfo.InvariantCulture, $"{high},{low ^ 1}"), StringComparison.Ordinal)
            .Replace("%e", string.Create(CultureInfo.InvariantCulture, $"{port}"), StringComparison.Ordinal);
    }
}
