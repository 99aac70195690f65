using System.Buffers;
using Culvert.Net;

namespace Culvert.Demo.FtpServer.Transfers;

/// <summary>The three things that happen on a data connection: a file goes out, a file comes in, a text goes out.</summary>
internal static class DataWorks
{
    /// <summary>Bytes read from or written to the disk at once.</summary>
    private const int ChunkSize = 64 * 1024;

    private static readonly Reply Cut = new(426, "Connection closed; transfer aborted.");

    /// <summary>RETR.</summary>
    /// <param name="place">The file on the disk.</param>
    /// <param name="offset">REST: bytes to leave out at the beginning.</param>
    /// <param name="ascii">TYPE A: each LF becomes CR LF.</param>
    public static DataWork SendFile(string place, long offset, bool ascii) => async (data, transfer) =>
    {
        using var file = File.OpenHandle(place, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);
        byte[] chunk = ArrayPool<byte>.Shared.Rent(ChunkSize);
        try
        {
            while (true)
            {
                int count = await RandomAccess.ReadAsync(file, chunk.AsMemory(0, ChunkSize), offset, transfer.Ending);
                if (count == 0) return await EndAsync(data, transfer);
                offset += count;
                var bytes = ascii ? LineEnds.ToNetwork(chunk.AsSpan(0, count)) : chunk.AsMemory(0, count);
                if (await data.WriteAsync(bytes, transfer.Ending) != WriteEnd.None) return Cut;
                transfer.Moved(bytes.Length);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    };

    /// <summary>LIST, NLST, MLSD.</summary>
    public static DataWork SendText(byte[] text) => async (data, transfer) =>
    {
        if (text.Length > 0 && await data.WriteAsync(text, transfer.Ending) != WriteEnd.None) return Cut;
        transfer.Moved(text.Length);
        return await EndAsync(data, transfer);
    };

    /// <summary>STOR and APPE. The file is opened, and an old one emptied, only now that the data connection stands.</summary>
    /// <param name="place">The file on the disk.</param>
    /// <param name="offset">REST: where to begin writing; null: at the end (APPE).</param>
    /// <param name="ascii">TYPE A: each CR LF becomes LF.</param>
    public static DataWork ReceiveFile(string place, long? offset, bool ascii) => async (data, transfer) =>
    {
        using var file = File.OpenHandle(place, offset == 0 ? FileMode.Create : FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read | FileShare.Delete, FileOptions.Asynchronous);
        long at = offset ?? RandomAccess.GetLength(file);
        byte[] chunk = ArrayPool<byte>.Shared.Rent(ChunkSize);
        try
        {
            var ends = new LineEnds();
            while (true)
            {
                var (bytes, end) = await data.ReadAsync(chunk.AsMemory(0, ChunkSize), transfer.Ending);
                if (end is ReadEnd.Reset or ReadEnd.Lost) return Cut;
                var kept = !ascii ? bytes : end == ReadEnd.Ended ? ends.Rest() : ends.FromNetwork(bytes.Span);
                await RandomAccess.WriteAsync(file, kept, at, transfer.Ending);
                at += kept.Length;
                if (end == ReadEnd.Ended) break;
                transfer.Moved(bytes.Length);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
        await data.EndAsync(transfer.Ending);
        return null;
    };

    private static async Task<Reply?> EndAsync(Duplex data, Transfer transfer) =>
        await data.EndAsync(transfer.Ending) == WriteEnd.None ? null : Cut;
}
