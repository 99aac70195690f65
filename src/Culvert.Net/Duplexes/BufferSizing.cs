namespace Culvert.Net;

/// <summary>How large a buffer should be, from how full it was: four times as large when it was filled to the brim, small again after a long
/// run of uses that needed hardly any of it. An idle connection holds little, a busy one makes few system calls.</summary>
/// <param name="smallest">What little load needs, in bytes.</param>
/// <param name="largest">What it grows to.</param>
public struct BufferSizing(int smallest, int largest)
{
    /// <summary>So many scanty uses in a row and the load is over; fewer, and a bulk transfer that pauses would lose its buffer.</summary>
    private const int ScantyRun = 64;

    private int _scanty;

    /// <summary>The capacity for the next use, after one that needed <paramref name="used"/> bytes of <paramref name="capacity"/>.</summary>
    public int Next(int capacity, int used)
    {
        if (used >= capacity)
        {
            _scanty = 0;
            return Math.Min(capacity * 4, largest);
        }
        _scanty = used <= capacity / 16 ? _scanty + 1 : 0;
        if (_scanty < ScantyRun || capacity <= smallest)
            return capacity;
        _scanty = 0;
        return smallest;
    }
}
