using System.Globalization;
using System.Net;

namespace Culvert.Ftp.Tls;

/// <summary>The name under which one control connection's TLS session is kept, and found again for its data connections.</summary>
/// <remarks>
/// SslStream keeps the last session of each <c>TargetHost</c>, for the whole process, and lets nobody choose among them. Two control connections to one server
/// would take each other's session, and servers refuse such data connections (ProFTPD with TLS 1.3: 425). Names of hosts are compared without
/// case (RFC 4343), the sessions' are not: so every control connection at a time has a spelling of its own. The first one's is the plain one. When a name
/// has fewer spellings than there are sessions at once, some share one. Addresses have no case and keep no session at all (RFC 6066 §3
/// wants none in SNI): for these a name that belongs to nobody is asked for (RFC 2606, .invalid).
/// Thread-safe.
/// </remarks>
internal sealed class TlsSessionName : IDisposable
{
    /// <summary>More spellings than there are sessions at once help nobody.</summary>
    private const int MaxLetters = 16;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, SortedSet<int>> Taken = [];

    private readonly string _plain;
    private readonly int _number;
    private bool _given;

    private TlsSessionName(string plain, int number, string spelling) => (_plain, _number, Spelling) = (plain, number, spelling);

    /// <summary>What TLS is told.</summary>
    public string Spelling { get; }

    /// <summary>Takes the first spelling that no other session has.</summary>
    public static TlsSessionName Take(string host)
    {
        var plain = Plain(host);
        lock (Gate)
        {
            if (!Taken.TryGetValue(plain, out var taken))
                Taken.Add(plain, taken = []);
            var count = 1 << Math.Min(plain.Count(char.IsAsciiLetter), MaxLetters);
            var number = Enumerable.Range(0, count).FirstOrDefault(n => !taken.Contains(n), -1);
            if (number >= 0)
                taken.Add(number);
            return new(plain, number, Spell(plain, Math.Max(number, 0)));
        }
    }

    public void Dispose()
    {
        lock (Gate)
        {
            if (_given || !Taken.TryGetValue(_plain, out var taken))
                return;
            _given = true;
            taken.Remove(_number);
            if (taken.Count == 0)
                Taken.Remove(_plain);
        }
    }

    private static string Plain(string host)
    {
        if (!IPAddress.TryParse(host, out var address))
            return host.ToLowerInvariant();
        var words = address.ToString().ToLowerInvariant().Replace('.', '-').Replace(':', '-').Replace('%', '-');
        return string.Create(CultureInfo.InvariantCulture, $"address-{words}.invalid");
    }

    /// <summary>The bits of the number are the cases of the letters.</summary>
    private static string Spell(string plain, int number) => string.Create(plain.Length, (plain, number), static (span, state) =>
    {
        var (text, bits) = state;
        for (var i = 0; i < span.Length; i++)
        {
            span[i] = text[i];
            if (!char.IsAsciiLetter(text[i]))
                continue;
            if ((bits & 1) != 0)
                span[i] = char.ToUpperInvariant(text[i]);
            bits >>= 1;
        }
    });
}
