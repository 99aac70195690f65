using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Culvert.Ftp.Wire;

namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>Random address texts. What servers say is made of pieces whose meaning is known, so that it's known what must be found; what clients say
/// is read by another, slower reader as well.</summary>
internal static class AddressTrial
{
    /// <summary>Lines of each trial.</summary>
    public const int Lines = 4;

    // Without digits, and so that no piece can run into the next one.
    private static readonly string[] Text = [" ", " (", ") ", "Entering Passive Mode ", ". ", "=", "[", "]", " host ", ", and ", "\u00e9 ", "\"", ";", "\t"];
    private static readonly string[] NoAddresses = ["1,2,3,4,5", "1,2,3,4,5,6,7", "256,0,0,1,4,1", "1,2,3,4,5,-6", "1.2.3.4", "12", "1,,2,3,4,5", "1234,0,0,1,4,1", "127,0,0,1,0,0"];
    private static readonly string[] Numbers = ["0", "1", "10", "127", "200", "255", "256", "001", "0177", "-1", "+1", "", "1 ", "x"];
    private static readonly string[] Literals = ["127.0.0.1", "10.9.8.7", "::1", "fe80::1%eth0", "[::1]", "::ffff:10.9.8.7", "0x7f.0.0.1", "127.1", "1.2.3.4.5", "localhost", "", "256.0.0.1"];
    private static readonly string[] Ports = ["2049", "1", "65535", "65536", "0", "080", "99999999999", "", "-5", "5 "];
    private static readonly string[] Families = ["1", "2", "3", "", "01", "x"];

    public static void Hold(uint[] steps)
    {
        var choices = new Choices(steps);
        choices.NextStep();
        Passive(choices);
        ExtendedPassive(choices);
        Port(choices);
        ExtendedPort(choices);
    }

    private static void Passive(Choices choices)
    {
        var text = new StringBuilder("227 ");
        IPEndPoint? first = null;
        var several = false;
        for (var pieces = choices.Next(6); pieces > 0; pieces--)
        {
            text.Append(choices.Of<string>(Text));
            if (choices.OneIn(3))
            {
                text.Append(choices.Of<string>(NoAddresses));
                continue;
            }
            var (host, port) = (choices.Next(2), choices.OneIn(3) ? 20000 : 1 + choices.Next(65535));
            var comma = choices.Of<string>([",", ",", ", ", " ,", ",\t"]);
            text.AppendJoin(comma, [10, 9, 8, host, port >> 8, choices.OneIn(4) ? (port & 255).ToString("000", CultureInfo.InvariantCulture) : port & 255]);
            var address = new IPEndPoint(new IPAddress([10, 9, 8, (byte)host]), port);
            several |= first is not null && !first.Equals(address);
            first ??= address;
        }
        text.Append(choices.Of<string>(Text));
        var found = FtpAddress.Parse227(LinesOf(choices, text.ToString()), out var read);
        RuleBrokenException.Unless(found == (several ? AddressFound.Several : first is null ? AddressFound.None : AddressFound.One), $"{found} in '{text}'");
        RuleBrokenException.Unless(found != AddressFound.One || read.Equals(first), $"{read} in '{text}'");
    }

    private static void ExtendedPassive(Choices choices)
    {
        var text = new StringBuilder("229 ");
        var (first, several) = (0, false);
        for (var pieces = choices.Next(4); pieces > 0; pieces--)
        {
            text.Append(choices.Of<string>([" (", " ", " Entering (", "x "]));
            var port = choices.OneIn(3) ? 20000 : 1 + choices.Next(65535);
            var bar = choices.Of<string>(["|", "|", "!", "#", "~"]);
            if (choices.OneIn(4))
            {
                text.Append(choices.Of<string>(["(||20000|)", "(|||0|)", "(|||65536|)", "(|||-1|)", "(|3|x|20000|)", "(|||20000)"]));
                continue;
            }
            text.Append(choices.OneIn(5) ? $"{bar}1{bar}10.9.8.7{bar}{port}{bar}" : $"{bar}{bar}{bar}{port}{bar}");
            several |= first != 0 && first != port;
            first = first == 0 ? port : first;
        }
        var found = FtpAddress.Parse229(LinesOf(choices, text + ")"), out var read);
        RuleBrokenException.Unless(found == (several ? AddressFound.Several : first == 0 ? AddressFound.None : AddressFound.One), $"{found} in '{text}'");
        RuleBrokenException.Unless(found != AddressFound.One || read == first, $"{read} in '{text}'");
    }

    private static void Port(Choices choices)
    {
        var text = string.Join(choices.OneIn(20) ? ", " : ",", Enumerable.Range(0, choices.OneIn(8) ? choices.Next(8) : 6).Select(_ => choices.OneIn(4) ? choices.Of<string>(Numbers) : "7"));
        var numbers = text.Split(',').Select(Number).ToArray();
        var good = numbers.Length == 6 && numbers.All(number => number is >= 0 and <= 255);
        var found = FtpAddress.ParsePort(Encoding.Latin1.GetBytes(text), out var read);
        RuleBrokenException.Unless(found == (good ? AddressFound.One : AddressFound.None), $"PORT {text}: {found}");
        RuleBrokenException.Unless(!good || (read.Port == (numbers[4] << 8 | numbers[5]) && read.Address.Equals(new IPAddress([.. numbers.Take(4).Select(n => (byte)n)]))), $"PORT {text}: {read}");
    }

    private static void ExtendedPort(Choices choices)
    {
        var bar = choices.Of<string>(["|", "|", "|", "!", " ", "1"]);
        var (family, literal, port) = (choices.Of<string>(Families), choices.Of<string>(Literals), choices.Of<string>(Ports));
        var text = string.Join(bar, ["", family, literal, port, .. choices.OneIn(10) ? new[] { "", "" } : choices.OneIn(10) ? [] : new[] { "" }]);
        var found = FtpAddress.ParseEprt(Encoding.Latin1.GetBytes(text), out var read);
        if (found == AddressFound.One)
        {
            var mapped = literal.StartsWith("::ffff:", StringComparison.Ordinal) ? literal[7..] : literal;
            RuleBrokenException.Unless(bar is "|" or "!" && text.Count(c => c == bar[0]) == 4 && read.Address.ToString() == mapped && port.TrimStart('0') == read.Port.ToString(CultureInfo.InvariantCulture), $"EPRT {text}: {read}");
            RuleBrokenException.Unless(family == (mapped != literal || read.AddressFamily == AddressFamily.InterNetworkV6 ? "2" : "1"), $"EPRT {text}: {read}");
        }
        else if (bar == "|" && text.Count(c => c == '|') == 4 && port is "2049" or "1" or "65535" && (family, literal) is ("1", "127.0.0.1" or "10.9.8.7") or ("2", "::1" or "::ffff:10.9.8.7"))
            throw new RuleBrokenException($"EPRT {text}: {found}");
    }

    private static int Number(string text) => text.Length is > 0 and <= 3 && text.All(char.IsAsciiDigit) ? int.Parse(text, CultureInfo.InvariantCulture) : -1;

    /// <summary>The reply as a server could send it: in one line, or cut into several at a blank.</summary>
    private static List<FtpLine> LinesOf(Choices choices, string text)
    {
        var cut = choices.OneIn(4) ? text.IndexOf(" (", StringComparison.Ordinal) : -1;
        var lines = cut < 0 ? [text] : new[] { text[..cut], text[cut..] };
        return [.. lines.Select(line => new FtpLine(Encoding.Latin1.GetBytes(line)))];
    }
}
