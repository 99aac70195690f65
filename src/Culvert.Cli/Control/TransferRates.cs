using System.Globalization;
using Culvert.Broker.Control;
using Culvert.Cli.Terminal;

namespace Culvert.Cli.Control;

/// <summary>Running transfers as lines with their rate and progress, from what two looks at them tell. Not thread-safe.</summary>
internal sealed class TransferRates(TimeProvider time)
{
    private Dictionary<long, (long Bytes, long At)> _before = [];

    /// <summary>A line for each that runs now.</summary>
    public IReadOnlyList<string> Lines(IReadOnlyList<TransferView> transfers)
    {
        var now = time.GetTimestamp();
        var lines = transfers.Select(transfer => Line(transfer, now)).ToList();
        _before = transfers.ToDictionary(transfer => transfer.Id, transfer => (transfer.Bytes, now));
        return lines.Count > 0 ? lines : ["(no transfers)"];
    }

    private string Line(TransferView transfer, long now)
    {
        var rate = _before.TryGetValue(transfer.Id, out var before) && time.GetElapsedTime(before.At, now) is { Ticks: > 0 } elapsed
            ? string.Create(CultureInfo.InvariantCulture, $"{(transfer.Bytes - before.Bytes) / elapsed.TotalSeconds / 1e6:0.0} MB/s")
            : "";
        var share = transfer.Expected is > 0 and var expected ? string.Create(CultureInfo.InvariantCulture, $"{100.0 * transfer.Bytes / expected:0} %") : "";
        return string.Create(CultureInfo.InvariantCulture, $"{transfer.Profile,-16} {transfer.Verb,-5} {transfer.Bytes / 1e6,10:0.0} MB {share,5} {rate,12}  {Printable.Line(transfer.Path)}");
    }
}
