using System.Text;

namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>What hostile servers say: replies that nobody asked for, and addresses where they have no business.</summary>
internal static class ServerWords
{
    /// <summary>The address that no client may ever be sent to, in the two forms of a reply.</summary>
    public const string Planted = "10,9,8,7,78,32";

    private static readonly byte[][] Lines =
    [
        .. new[]
        {
            "220 hi", "230 in", "331 pass", "200 ok", "226 done", "225 none", "426 cut", "425 no", "150 go (100 bytes).", "125 go", "120 soon", "350 rest", "250 ok", "257 /",
            "211 stat", "213 5", "221 bye", "421 idle", "450 busy", "500 what", "502 no", "530 login", "550 none", "631 safe",
            $"227 ok ({Planted})", $"227 ok (10,9,8,7,78,32) (10,9,8,7,78,33)", "227 none", "229 ok (|||20000|)", "229 ok (|||80|)", "229 ok (|||2121|)", "229 none", "229 ok (|||1|)(|||2|)",
            "227-a", "226-a", "200-a", "211-a", "421-a", "150-a", "550-a", "229-a", " text", $"227 x ({Planted})", $"2279 ({Planted})", $"200 ({Planted})", "hello", "",
            $" 227 ({Planted})", $"227-({Planted})", $"227\t({Planted})", $"227\0({Planted})", $"227\r\0({Planted})", $"226 x\r227 ({Planted})", $"226\n227 ({Planted})", "226", "200", "227",
            $"\u00ff\u00f1227 ({Planted})", $"550 227 ({Planted})", "234 go on with TLS", "211- AUTH TLS", " AUTH TLS", "211 End",
        }.Select(Encoding.Latin1.GetBytes),
        Encoding.ASCII.GetBytes("200 " + new string('x', 9000)),
        Encoding.ASCII.GetBytes("200-" + new string('x', 8186)),
    ];

    /// <summary>A line; the two longest are rare.</summary>
    public static byte[] Hostile(Choices choices) => Lines[choices.Next(choices.OneIn(100) ? Lines.Length : Lines.Length - 2)];
}
