using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Culvert.Ftp.Wire;

/// <summary>What was found in an address text.</summary>
internal enum AddressFound
{
    /// <summary>One address.</summary>
    One,
    /// <summary>None that can be read.</summary>
    None,
    /// <summary>Two that differ: clients disagree on which one counts, so it is hostile until proven otherwise.</summary>
    Several,
    /// <summary>EPRT only: a network protocol other than 1 (IPv4) and 2 (IPv6).</summary>
    UnknownFamily,
}

/// <summary>The addresses of the dialogue as text. What a client says is read strictly, because a server might read it otherwise; what a server
/// says is read liberally, because servers spell it in many ways; what we say is the one form that every client knows.</summary>
/// <remarks>
/// <code>
/// PORT h1,h2,h3,h4,p1,p2                                RFC 959 §5.3.2
/// 227 Entering Passive Mode (h1,h2,h3,h4,p1,p2).        RFC 959 §4.2, RFC 1123 §4.1.2.6
/// EPRT |1|132.235.1.2|6275|   EPRT |2|1080::8|5282|     RFC 2428 §2
/// 229 Entering Extended Passive Mode (|||6446|)         RFC 2428 §3
/// </code>
/// </remarks>
internal static class FtpAddress
{
    /// <summary>The argument of PORT: six decimal numbers and nothing else.</summary>
    public static AddressFound ParsePort(ReadOnlySpan<byte> argument, out IPEndPoint address)
    {
        Span<byte> numbers = stackalloc byte[6];
        address = new(IPAddress.Any, 0);
        for (var i = 0; i < 6; i++)
        {
            if (!TakeByte(ref argument, out numbers[i]) || (i < 5 && !Take(ref argument, (byte)',')))
                return AddressFound.None;
        }
        if (!argument.IsEmpty)
            return AddressFound.None;
        address = Address(numbers);
        return AddressFound.One;
    }

    /// <summary>The argument of EPRT: a literal address (never a name, which somebody would have to resolve), without scope.
    /// <c>::ffff:a.b.c.d</c> becomes IPv4.</summary>
    public static AddressFound ParseEprt(ReadOnlySpan<byte> argument, out IPEndPoint address)
    {
        address = new(IPAddress.Any, 0);
        if (argument.Length < 5 || !IsDelimiter(argument[0]))
            return AddressFound.None;
        Span<Range> fields = stackalloc Range[6];
        if (Split(argument, argument[0], fields) != 5 || !argument[fields[0]].IsEmpty || !argument[fields[4]].IsEmpty)
            return AddressFound.None;
        var family = argument[fields[1]];
        var literal = Encoding.ASCII.GetString(argument[fields[2]]);
        if (!TryPort(argument[fields[3]], out var port) || !IsNumber(family))
            return AddressFound.None;
        var wanted = family.SequenceEqual("1"u8) ? AddressFamily.InterNetwork : family.SequenceEqual("2"u8) ? AddressFamily.InterNetworkV6 : default;
        if (wanted == default)
            return AddressFound.UnknownFamily;
        if (literal.Contains('%', StringComparison.Ordinal) || literal.Contains('[', StringComparison.Ordinal)
            || (wanted == AddressFamily.InterNetwork ? !TryQuad(literal, out var ip) : !IPAddress.TryParse(literal, out ip)) || ip!.AddressFamily != wanted)
            return AddressFound.None;
        address = new(ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip, port);
        return AddressFound.One;
    }

    /// <summary>A 227, all its lines: every run of exactly six numbers counts, wherever it stands. Only the port is used, but the
    /// whole is compared.</summary>
    public static AddressFound Parse227(IEnumerable<FtpLine> lines, out IPEndPoint address)
    {
        var found = AddressFound.None;
        address = new(IPAddress.Any, 0);
        Span<byte> numbers = stackalloc byte[6];
        ReadOnlySpan<byte> text = Join(lines);
        var before = (byte)' ';
        while (!text.IsEmpty)
        {
            if (!char.IsAsciiDigit((char)text[0]))
            {
                before = text[0];
                text = text[1..];
                continue;
            }
            if (!TakeRun(ref text, numbers) || before is (byte)'-' or (byte)'+')
                continue;
            var candidate = Address(numbers);
            if (candidate.Port == 0)
                continue;
            if (found == AddressFound.One && !candidate.Equals(address))
                return AddressFound.Several;
            (found, address) = (AddressFound.One, candidate);
        }
        return found;
    }

    /// <summary>A 229, all its lines: three empty fields, or protocol and address, and then the port, between equal delimiters.</summary>
    public static AddressFound Parse229(IEnumerable<FtpLine> lines, out int port)
    {
        var found = AddressFound.None;
        port = 0;
        ReadOnlySpan<byte> text = Join(lines);
        for (; text.Length > 4; text = text[1..])
        {
            if (!IsDelimiter(text[0]) || !TryExtended(text, out var candidate))
                continue;
            if (found == AddressFound.One && candidate != port)
                return AddressFound.Several;
            (found, port) = (AddressFound.One, candidate);
        }
        return found;
    }

    /// <summary>The one form of a 227 that every client understands. IPv4 only.</summary>
    public static FtpLine Passive(IPAddress address, int port) => FtpLine.Of($"227 Entering Passive Mode ({Six(address, port)}).");

    /// <summary>The one form of a 229.</summary>
    public static FtpLine ExtendedPassive(int port) =>
        FtpLine.Of(string.Create(CultureInfo.InvariantCulture, $"229 Entering Extended Passive Mode (|||{port}|)"));

    /// <summary>The command that names an address to a server: PORT for IPv4, EPRT for IPv6.</summary>
    public static FtpLine Active(IPAddress address, int port) => address.AddressFamily == AddressFamily.InterNetwork
        ? FtpLine.Of($"PORT {Six(address, port)}")
        : FtpLine.Of(string.Create(CultureInfo.InvariantCulture, $"EPRT |2|{address}|{port}|"));

    private static string Six(IPAddress address, int port)
    {
        var b = address.GetAddressBytes();
        return b.Length == 4
            ? string.Create(CultureInfo.InvariantCulture, $"{b[0]},{b[1]},{b[2]},{b[3]},{port >> 8},{port & 255}")
            : throw new ArgumentException("six numbers can only say an IPv4 address", nameof(address));
    }

    private static IPEndPoint Address(ReadOnlySpan<byte> six) => new(new IPAddress(six[..4]), six[4] << 8 | six[5]);

    // Lines are joined by a line feed, which is neither blank nor comma: a run never goes on from one line to the next.
    private static byte[] Join(IEnumerable<FtpLine> lines)
    {
        var all = new List<byte>();
        foreach (var line in lines)
        {
            all.AddRange(line.Bytes.Span);
            all.Add((byte)'\n');
        }
        return [.. all];
    }

    /// <summary>Takes a whole run of numbers and commas; true when it is six bytes.</summary>
    private static bool TakeRun(ref ReadOnlySpan<byte> text, scoped Span<byte> numbers)
    {
        var count = 0;
        var good = true;
        while (true)
        {
            if (!TakeByte(ref text, out var number))
            {
                good = false;
                while (!text.IsEmpty && char.IsAsciiDigit((char)text[0]))
                    text = text[1..];
            }
            else if (count < 6)
                numbers[count] = number;
            count++;
            var ahead = text.TrimStart(" \t"u8);
            if (!Take(ref ahead, (byte)','))
                return good && count == 6;
            ahead = ahead.TrimStart(" \t"u8);
            if (ahead.IsEmpty || !char.IsAsciiDigit((char)ahead[0]))
            {
                // A comma, and then no number: "-1", or the end of a sentence.
                text = ahead;
                return good && count == 6 && (ahead.IsEmpty || ahead[0] is not ((byte)'-' or (byte)'+' or (byte)','));
            }
            text = ahead;
        }
    }

    /// <summary>Takes one decimal number 0–255 of at most three digits.</summary>
    private static bool TakeByte(ref ReadOnlySpan<byte> text, out byte number)
    {
        var length = 0;
        while (length < text.Length && char.IsAsciiDigit((char)text[length]))
            length++;
        if (length is 0 or > 3 || !Utf8Parser.TryParse(text[..length], out int value, out _) || value > 255)
        {
            number = 0;
            return false;
        }
        number = (byte)value;
        text = text[length..];
        return true;
    }

    private static bool Take(ref ReadOnlySpan<byte> text, byte expected)
    {
        if (text.IsEmpty || text[0] != expected)
            return false;
        text = text[1..];
        return true;
    }

    private static bool TryExtended(ReadOnlySpan<byte> text, out int port)
    {
        port = 0;
        var delimiter = text[0];
        Span<Range> fields = stackalloc Range[6];
        var count = Split(text, delimiter, fields);
        if (count < 5 || !text[fields[0]].IsEmpty)
            return false;
        var protocol = text[fields[1]];
        var address = text[fields[2]];
        var plain = protocol.IsEmpty && address.IsEmpty;
        var full = protocol.Length == 1 && protocol[0] is (byte)'1' or (byte)'2' && !address.IsEmpty && !address.ContainsAny(" \n()"u8);
        return (plain || full) && TryPort(text[fields[3]], out port);
    }

    /// <summary>Cuts at each delimiter; the last range takes what remains when there are more fields than ranges.</summary>
    private static int Split(ReadOnlySpan<byte> text, byte delimiter, Span<Range> fields)
    {
        var (count, start) = (0, 0);
        while (count < fields.Length - 1 && text[start..].IndexOf(delimiter) is >= 0 and var at)
        {
            fields[count++] = start..(start + at);
            start += at + 1;
        }
        fields[count++] = start..text.Length;
        return count;
    }

    private static bool TryPort(ReadOnlySpan<byte> digits, out int port) =>
        Utf8Parser.TryParse(digits, out port, out var used) && used == digits.Length && IsNumber(digits) && port is > 0 and <= 65535;

    private static bool IsNumber(ReadOnlySpan<byte> digits) => digits.Length is > 0 and <= 5 && !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9');

    // Four decimal numbers: IPAddress.TryParse would take octal, hexadecimal and shortened forms too, which others read otherwise.
    private static bool TryQuad(string literal, out IPAddress? address)
    {
        address = null;
        ReadOnlySpan<byte> text = Encoding.ASCII.GetBytes(literal);
        Span<byte> numbers = stackalloc byte[4];
        for (var i = 0; i < 4; i++)
        {
            if (!TakeByte(ref text, out numbers[i]) || (i < 3 && !Take(ref text, (byte)'.')))
                return false;
        }
        if (!text.IsEmpty)
            return false;
        address = new IPAddress(numbers);
        return true;
    }

    private static bool IsDelimiter(byte value) => value is >= 33 and <= 126 && !char.IsAsciiDigit((char)value);
}
