using System.Globalization;
using System.Text;

namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>What clients say: sane ones, and the hostile ones who hope that some server reads it differently than the relay.</summary>
internal static class ClientWords
{
    private static readonly (string Line, SaidKind Kind)[] Sane =
    [
        ("PASV", SaidKind.Passive), ("PASV", SaidKind.Passive), ("PASV", SaidKind.Passive), ("EPSV", SaidKind.ExtendedPassive), ("EPSV", SaidKind.ExtendedPassive),
        ("EPSV", SaidKind.ExtendedPassive), ("PORT 127,0,0,1,200,{p}", SaidKind.Active), ("EPRT |1|127.0.0.1|40{p}|", SaidKind.Active),
        ("RETR t{n}", SaidKind.Download), ("RETR t{n}", SaidKind.Download), ("RETR t{n}", SaidKind.Download), ("LIST t{n}", SaidKind.Download), ("MLSD t{n}", SaidKind.Download),
        ("STOR t{n}", SaidKind.Upload), ("STOR t{n}", SaidKind.Upload), ("APPE t{n}", SaidKind.Upload), ("STOU t{n}", SaidKind.Upload),
        ("ABOR", SaidKind.Abort), ("\u00ff\u00f4\u00ff\u00f2ABOR", SaidKind.Abort), ("STAT", SaidKind.Preemptive), ("NOOP t{n}", SaidKind.Preemptive),
        ("REST {n}", SaidKind.Restart), ("REST {n}", SaidKind.Restart), ("TYPE I t{n}", SaidKind.Plain), ("TYPE A t{n}", SaidKind.Plain), ("CWD t{n}", SaidKind.Plain), ("SIZE t{n}", SaidKind.Plain),
        ("PWD t{n}", SaidKind.Plain), ("FEAT t{n}", SaidKind.Plain), ("STAT t{n}", SaidKind.Plain), ("SITE t{n}", SaidKind.Plain), ("ALLO {n}", SaidKind.Plain), ("XFOO t{n}", SaidKind.Plain),
        ("USER t{n}", SaidKind.Plain), ("PASS t{n}", SaidKind.Plain), ("MODE S", SaidKind.Plain), ("STRU F", SaidKind.Plain), ("DELE t{n}\u00e9\u00ff", SaidKind.Plain),
    ];

    private static readonly (string Line, SaidKind Kind)[] Rare =
    [
        ("AUTH TLS", SaidKind.Security), ("AUTH TLS", SaidKind.Security), ("PBSZ 0", SaidKind.Security), ("PROT P", SaidKind.Security), ("PROT C", SaidKind.Security), ("CCC", SaidKind.Refused), ("ADAT x", SaidKind.Refused),
        ("LPSV", SaidKind.Refused), ("LPRT 4,4,127,0,0,1,2,200,1", SaidKind.Refused), ("CPSV", SaidKind.Refused), ("SPSV", SaidKind.Refused),
        ("PASV 1", SaidKind.Refused), ("EPSV 3", SaidKind.Refused), ("EPSV 2", SaidKind.Noise), ("EPSV 1", SaidKind.Noise), ("EPSV ALL", SaidKind.ExtendedOnly),
        ("PORT 10,9,8,7,200,1", SaidKind.Refused), ("PORT 127,0,0,1,3,255", SaidKind.Refused), ("EPRT |1|10.9.8.7|40000|", SaidKind.Refused), ("EPRT |3|x|40000|", SaidKind.Refused),
        ("EPRT |2|::1|40000|", SaidKind.Noise), ("EPRT |2|::ffff:127.0.0.1|40000|", SaidKind.Noise), ("PORT 0177,0,0,1,200,1", SaidKind.Refused), ("EPRT |1|localhost|40000|", SaidKind.Refused),
        ("REIN t{n}", SaidKind.Plain), ("QUIT t{n}", SaidKind.Plain), ("MODE B", SaidKind.Plain), ("STRU R", SaidKind.Plain), ("HELP t{n}", SaidKind.Plain),
        ("GET / HTTP/1.1", SaidKind.Noise), ("", SaidKind.Noise), ("\u0001", SaidKind.Noise),
    ];

    private static readonly string[] Verbs = ["PASV", "EPSV", "PORT 10,9,8,7,200,1", "EPRT |1|10.9.8.7|40000|", "AUTH TLS", "LPSV", "CWD x", "XFOO"];

    // Put before, inside, or after a verb: what a relay might stumble over and a server might skip.
    private static readonly string[] Dirt =
    [
        " ", "\t", "\0", "\r", "\u000b", "\u00ff\u00f1", "\u00ff\u00fb\u0001", "\u00ff", "\u00f2", "\u00ff\u00ff", "\u00ff\u00fa", "\r\0", "\u007f", "\u0080", "\u00a0", "\u2028", ";",
        "\n", "\r\n", "\u0000\n",
    ];

    private static readonly string LongName = new('x', 4090);

    /// <summary>A line that a client of flesh and blood could say.</summary>
    public static (byte[] Line, SaidKind Kind) Sensible(Choices choices, int number)
    {
        var (line, kind) = choices.OneIn(6) ? choices.Of<(string, SaidKind)>(Rare) : choices.Of<(string, SaidKind)>(Sane);
        if (choices.OneIn(8))
            line = MixedCase(line);
        return (Bytes(line
            .Replace("{n}", number.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{p}", ((number % 90) + 10).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)), kind);
    }

    /// <summary>A line in disguise. It may hold line feeds.</summary>
    public static byte[] Disguised(Choices choices)
    {
        var verb = choices.Of<string>(Verbs);
        var (dirt, at) = (choices.Of<string>(Dirt), choices.Next(verb.Length + 1));
        var line = choices.Next(5) switch
        {
            0 => dirt + verb,
            1 => verb.Insert(at, dirt),
            2 => verb + dirt,
            3 => $"SITE x{dirt}{verb}",
            _ => dirt + choices.Of<string>(Dirt) + verb,
        };
        return Bytes(choices.OneIn(60) ? $"{verb} {LongName}{line}" : line);
    }

    private static string MixedCase(string line)
    {
        var end = line.IndexOf(' ', StringComparison.Ordinal);
        end = end < 0 ? line.Length : end;
        return string.Concat(line.Take(end).Select((c, i) => i % 2 == 0 ? char.ToLowerInvariant(c) : c)) + line[end..];
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
