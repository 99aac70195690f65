using System.Text;

namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>A command line as the most careless server could read it: it ends lines at CR, LF and NUL alike, obeys Telnet wherever it stands (or
/// skips 0xFF alone), drops control bytes, and doesn't mind case or blanks. If any such reading finds a verb that makes data connections or
/// starts TLS, the line may not pass as it is.</summary>
internal static class ServerEyes
{
    private static readonly HashSet<string> Dangerous = new(StringComparer.Ordinal)
    {
        "PASV", "EPSV", "PORT", "EPRT", "LPRT", "LPSV", "APSV", "SPSV", "CPSV", "CEPR", "SSCN", "ESTA", "ESTP", "ALGS",
        "AUTH", "ADAT", "MIC", "CONF", "ENC", "PBSZ", "PROT", "CCC",
    };

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> DangerousSpan = Dangerous.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The dangerous verb that somebody could find in these bytes, or null.</summary>
    public static string? DangerIn(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var end = bytes.IndexOfAny((byte)'\r', (byte)'\n', (byte)0);
            var line = end < 0 ? bytes : bytes[..end];
            if ((Verb(line, telnet: true) ?? Verb(line, telnet: false)) is { } verb)
                return verb;
            if (end < 0)
                return null;
            bytes = bytes[(end + 1)..];
        }
    }

    private static string? Verb(ReadOnlySpan<byte> line, bool telnet)
    {
        Span<char> verb = stackalloc char[8];
        var length = 0;
        for (var i = 0; i < line.Length; i++)
        {
            var value = line[i];
            if (value == 0xFF && telnet)
                i += i + 1 < line.Length && line[i + 1] is >= 0xFB and <= 0xFE ? 2 : 1;
            else if (value is (byte)' ' or (byte)'\t')
            {
                if (length > 0)
                    break;
            }
            else if (value < ' ' || value == 0xFF || (telnet && value >= 0xF0))
                continue;
            else if (length == verb.Length)
                return null;
            else
                verb[length++] = char.ToUpperInvariant((char)value);
        }
        return DangerousSpan.TryGetValue(verb[..length], out var found) ? found : null;
    }

    /// <summary>The verb in upper case, for a server that reads as RFC 959 says.</summary>
    public static string VerbOf(ReadOnlySpan<byte> line)
    {
        var end = line.IndexOf((byte)' ');
        return Encoding.Latin1.GetString(end < 0 ? line : line[..end]).ToUpperInvariant();
    }
}
