using System.Net.Sockets;
using Culvert.Interop.Clients;
using Culvert.Interop.Failures;
using Culvert.Interop.Servers;

namespace Culvert.Interop.Proofs;

/// <summary>What a client can know of a transfer.</summary>
/// <param name="Bytes">Received, or handed to the socket.</param>
/// <param name="Same">A download: every byte that came is the right one, and none is missing.</param>
/// <param name="End">How the data connection ended.</param>
/// <param name="Reply">The final reply; null when the control connection went first.</param>
internal sealed record RawOutcome(long Bytes, bool Same, DataEnd End, string? Reply)
{
    public bool HasSuccessReply => Reply?.StartsWith('2') == true;

    public override string ToString() => $"{Bytes} bytes, data {End}, reply {Reply ?? "none"}";
}

/// <summary>Transfers that stop at a byte, let something happen, and go on.</summary>
internal static class RawTransfer
{
    private const int Chunk = 64 * 1024;

    /// <summary>Fetches a file of known content.</summary>
    /// <param name="client">Logged in.</param>
    /// <param name="mode">How.</param>
    /// <param name="name">The file, in the public folder.</param>
    /// <param name="expected">What it holds.</param>
    /// <param name="stopAt">So many bytes are taken before the interruption.</param>
    /// <param name="interruption">Gets the client's own data socket.</param>
    /// <param name="cancellation">Ends the test.</param>
    public static async Task<RawOutcome> DownloadAsync(
        RawFtpClient client, TransferMode mode, string name, byte[] expected, long stopAt, Func<Socket, Task> interruption, CancellationToken cancellation)
    {
        using var door = await client.ArrangeAsync(mode, cancellation);
        var (data, refusal) = await BeginAsync(client, door, $"RETR {FtpServer.PublicName}/{name}", cancellation);
        using var socket = data;
        if (socket is null)
        {
            return new RawOutcome(0, false, DataEnd.Reset, refusal);
        }

        var (bytes, same, end) = await ReceiveAsync(socket, expected, stopAt, interruption, cancellation);
        socket.Dispose();
        return new RawOutcome(bytes, same && bytes == expected.Length, end, await client.ReplyAsync(cancellation));
    }

    /// <summary>Stores bytes under a name; the interruption comes when the first <paramref name="stopAt"/> have been handed to the socket.</summary>
    public static async Task<RawOutcome> UploadAsync(
        RawFtpClient client, TransferMode mode, string name, byte[] content, long stopAt, Func<Socket, Task> interruption, CancellationToken cancellation)
    {
        using var door = await client.ArrangeAsync(mode, cancellation);
        var (data, refusal) = await BeginAsync(client, door, $"STOR {FtpServer.PublicName}/{name}", cancellation);
        using var socket = data;
        if (socket is null)
        {
            return new RawOutcome(0, false, DataEnd.Reset, refusal);
        }

        var end = DataEnd.Clean;
        long sent = 0;
        try
        {
            sent += await SendAsync(socket, content.AsMemory(0, (int)stopAt), cancellation);
            await interruption(socket);
            sent += await SendAsync(socket, content.AsMemory((int)stopAt), cancellation);
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            end = DataEnd.Reset;
        }

        return new RawOutcome(sent, false, end, await client.ReplyAsync(cancellation));
    }

    /// <summary>Fetches a listing of the public folder.</summary>
    public static async Task<(long Bytes, DataEnd End, string? Reply)> ListAsync(RawFtpClient client, TransferMode mode, CancellationToken cancellation)
    {
        using var door = await client.ArrangeAsync(mode, cancellation);
        var (data, refusal) = await BeginAsync(client, door, $"LIST {FtpServer.PublicName}", cancellation);
        using var socket = data;
        if (socket is null)
        {
            return (0, DataEnd.Reset, refusal);
        }

        var (bytes, _, end) = await ReceiveAsync(socket, [], long.MaxValue, _ => Task.CompletedTask, cancellation);
        socket.Dispose();
        return (bytes, end, await client.ReplyAsync(cancellation));
    }

    private static async Task<(Socket? Data, string? Refusal)> BeginAsync(RawFtpClient client, RawDataDoor door, string command, CancellationToken cancellation)
    {
        var socket = door.IsPassive ? await door.OpenAsync(cancellation) : null;
        await client.SayAsync(command, cancellation);
        // An active connection may come before the reply or after it; a refusal means that none will come.
        var reply = client.ReplyAsync(cancellation);
        if (socket is null)
        {
            using var refused = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var opening = door.OpenAsync(refused.Token);
            if (await Task.WhenAny(opening, reply) == reply && (await reply)?.StartsWith('1') != true)
            {
                await refused.CancelAsync();
                await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return (null, await reply);
            }

            socket = await opening;
        }

        if ((await reply)?.StartsWith('1') == true)
        {
            return (socket, null);
        }

        socket.Dispose();
        return (null, await reply);
    }

    private static async Task<(long Bytes, bool Same, DataEnd End)> ReceiveAsync(
        Socket socket, byte[] expected, long stopAt, Func<Socket, Task> interruption, CancellationToken cancellation)
    {
        var buffer = new byte[Chunk];
        var (bytes, same, stopped) = (0L, true, false);
        try
        {
            while (true)
            {
                var room = stopped ? Chunk : (int)Math.Min(Chunk, stopAt - bytes);
                var count = await socket.ReceiveAsync(buffer.AsMemory(0, room), cancellation);
                if (count == 0)
                {
                    return (bytes, same, DataEnd.Clean);
                }

                same &= bytes + count <= expected.Length && expected.AsSpan((int)bytes, count).SequenceEqual(buffer.AsSpan(0, count));
                bytes += count;
                if (!stopped && bytes == stopAt)
                {
                    stopped = true;
                    await interruption(socket);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return (bytes, same, DataEnd.Reset);
        }
    }

    private static async Task<int> SendAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        for (var sent = 0; sent < bytes.Length;)
        {
            sent += await socket.SendAsync(bytes.Slice(sent, Math.Min(Chunk, bytes.Length - sent)), cancellation);
        }

        return bytes.Length;
    }
}
