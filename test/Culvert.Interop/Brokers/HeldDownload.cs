using System.Net.Sockets;
using Culvert.Interop.Clients;
using Culvert.Interop.Proofs;
using Culvert.Interop.Servers;

namespace Culvert.Interop.Brokers;

/// <summary>A download that has begun and goes no further, since its client takes nothing more: alive for as long as a test wants it to be.</summary>
internal sealed class HeldDownload : IAsyncDisposable
{
    private readonly RawFtpClient _client;
    private readonly Socket _data;

    private HeldDownload(RawFtpClient client, Socket data) => (_client, _data) = (client, data);

    /// <summary>Begins one of a file in the public folder.</summary>
    public static async Task<HeldDownload> StartAsync(FtpServer ftp, int port, string name, CancellationToken cancellation)
    {
        var client = await RawFtpClient.LoginAsync(FtpTarget.Through(ftp, port), cancellation);
        try
        {
            using var door = await client.ArrangeAsync(TransferMode.Epsv, cancellation);
            var data = await door.OpenAsync(cancellation);
            if ((await client.AskAsync($"RETR /{FtpServer.PublicName}/{name}", cancellation))?.StartsWith('1') != true)
                throw new InvalidOperationException("the download didn't begin");
            await data.ReceiveAsync(new byte[1], cancellation);
            return new HeldDownload(client, data);
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes what is left, up to the end.</summary>
    /// <returns>Whether that was a reset, and what the server said at last; null: it said nothing more.</returns>
    public async Task<(bool WasReset, string? Reply)> EndAsync(CancellationToken cancellation)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await _data.ReceiveAsync(buffer, cancellation) > 0)
            {
                // What comes isn't looked at.
            }
            return (false, await _client.ReplyAsync(cancellation));
        }
        catch (SocketException)
        {
            return (true, await _client.ReplyAsync(cancellation));
        }
    }

    /// <summary>Goes away in the middle of it: data and control connection are reset.</summary>
    public async Task AbandonAsync()
    {
        _data.LingerState = new LingerOption(true, 0);
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _data.Dispose();
        await _client.DisposeAsync();
    }
}
