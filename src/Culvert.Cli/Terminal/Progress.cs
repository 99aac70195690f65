using System.Globalization;

namespace Culvert.Cli.Terminal;

/// <summary>The figures of a running transfer, as scp shows them.</summary>
/// <param name="Name">What is carried, already fit to be shown.</param>
/// <param name="Bytes">How much has arrived.</param>
/// <param name="Total">How much there will be, when known.</param>
/// <param name="BytesPerSecond">How fast it goes now.</param>
/// <param name="Elapsed">Since it began.</param>
internal readonly record struct Progress(string Name, long Bytes, long? Total, double BytesPerSecond, TimeSpan Elapsed)
{
    private const int SlowestWorthAGuess = 1;

    /// <summary>One line of at most <paramref name="columns"/> columns: name, percent, bytes, rate, time left.</summary>
    public string Line(int columns) => Line(columns, TimeLeft());

    /// <summary>The line that stays when it's complete: with the time that it took.</summary>
    public string FinalLine(int columns) => Line(columns, Time(Elapsed));

    private string Line(int columns, string clock)
    {
        var percent = Total is { } total ? string.Create(CultureInfo.InvariantCulture, $"{(total <= 0 ? 100 : (int)Math.Min(100, Bytes * 100.0 / total)),3}%") : "    ";
        var figures = $" {percent} {Size(Bytes),8} {Size((long)BytesPerSecond) + "/s",10} {clock,9}";
        var room = Math.Max(4, columns - figures.Length);
        var name = Printable.Cut(Name, room);
        return name + new string(' ', Math.Max(0, room - Printable.Columns(name))) + figures;
    }

    /// <summary>A byte count in at most four digits and a unit: <c>512B</c>, <c>1.0KB</c>, <c>24MB</c>.</summary>
    public static string Size(long bytes)
    {
        ReadOnlySpan<string> units = ["B", "KB", "MB", "GB", "TB", "PB"];
        var value = (double)Math.Max(0, bytes);
        var unit = 0;
        for (; value >= 1000 && unit < units.Length - 1; unit++)
            value /= 1024;
        return value.ToString(unit > 0 && value < 10 ? "0.0" : "0", CultureInfo.InvariantCulture) + units[unit];
    }

    /// <summary>Minutes and seconds, with hours when there are any.</summary>
    public static string Time(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes:00}:{time.Seconds:00}");

    private string TimeLeft()
    {
        if (Total is not { } total)
            return Time(Elapsed);
        if (BytesPerSecond < SlowestWorthAGuess)
            return "--:-- ETA";
        var seconds = Math.Min(359_999, Math.Max(0, total - Bytes) / BytesPerSecond);
        return Time(TimeSpan.FromSeconds(seconds)) + " ETA";
    }
}

/// <summary>The rate of a transfer, smoothed as scp smooths it. Not thread-safe.</summary>
internal sealed class RateMeter(TimeProvider time)
{
    private const double Old = 0.9;

    private readonly long _began = time.GetTimestamp();
    private long _lastTime = time.GetTimestamp();
    private long _lastBytes;
    private double _rate;

    /// <summary>Since the meter was made.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_began);

    /// <summary>Bytes a second, now that so many have arrived in all.</summary>
    public double Update(long bytes)
    {
        var now = time.GetTimestamp();
        var seconds = time.GetElapsedTime(_lastTime, now).TotalSeconds;
        if (seconds <= 0)
            return _rate;
        var current = (bytes - _lastBytes) / seconds;
        _rate = _rate == 0 ? current : (_rate * Old) + (current * (1 - Old));
        (_lastTime, _lastBytes) = (now, bytes);
        return _rate;
    }
}
