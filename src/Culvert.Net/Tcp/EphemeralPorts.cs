using System.Globalization;
using System.Security.Cryptography;

namespace Culvert.Net.Tcp;

/// <summary>The ports from which the system chooses when any will do. Each file leaves one behind that lingers for a minute (TIME_WAIT), and among thousands of those Linux
/// looks for a free one for milliseconds, while a lingering one serves a listener as well: so some are tried by chance before it is asked.</summary>
internal static class EphemeralPorts
{
    /// <summary>Ports in use are few beside those that linger: nearly always the first try succeeds.</summary>
    private const int Tries = 3;

    private const string Range = "/proc/sys/net/ipv4/ip_local_port_range", Reserved = "/proc/sys/net/ipv4/ip_local_reserved_ports";

    private static readonly PortRange? s_range = Read();

    /// <summary>Some of them, by chance; none where the system doesn't tell its range, or keeps ports in it for somebody.</summary>
    public static IEnumerable<int> Some()
    {
        for (var i = 0; i < Tries && s_range is { } range; i++)
            yield return RandomNumberGenerator.GetInt32(range.First, range.Last + 1);
    }

    private static PortRange? Read()
    {
        try
        {
            if (!OperatingSystem.IsLinux() || File.ReadAllText(Reserved).Trim().Length > 0)
                return null;
            return File.ReadAllText(Range).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is [var first, var last]
                && int.TryParse(first, CultureInfo.InvariantCulture, out var from) && int.TryParse(last, CultureInfo.InvariantCulture, out var to)
                && from is > 0 and <= ushort.MaxValue && to >= from && to <= ushort.MaxValue
                ? new(from, to) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // a container that shows nothing of this
        }
    }
}
