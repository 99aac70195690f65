using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Culvert.Interop.Clients;
using Culvert.Interop.Servers;

namespace Culvert.Interop.Failures;

/// <summary>How the data connection of a download ended, as the client's own socket saw it.</summary>
internal enum DataEnd
{
    /// <summary>An end of file: a client that trusts it takes what it has for the whole file.</summary>
    Clean,

    /// <summary>A reset: no client takes that for the end of a file.</summary>
    Reset,
}

/// <summary>A download by hand, for the question that no client answers: did the cut look like a cut on the data socket?</summary>
internal static partial class RawDownload
{
    private const int BufferLength = 64 * 1024;

    /// <summary>Fetches a file, and does something after the first bytes.</summary>
    public static async Task<(long Bytes, DataEnd End)> RunAsync(FtpTarget target, string name, Action interruption, CancellationToken cancellation)
    {
        using var control = new TcpClient();
        await control.ConnectAsync(IPAddress.Parse(target.Address), target.Port, cancellation);
        await using var stream = control.GetStream();
        using var replies = new StreamReader(stream, Encoding.Latin1);
        await ReplyAsync(replies, cancellation);
        await AskAsync($"USER {target.User}");
        await AskAsync($"PASS {target.Password}");
        await AskAsync("TYPE I");
        var port = int.Parse(Port().Match(await AskAsync("EPSV")).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        using var data = new TcpClient();
        await data.ConnectAsync(IPAddress.Parse(target.Address), port, cancellation);
        await AskAsync($"RETR {FtpServer.PublicName}/{name}");
        return await ReadAsync(data.GetStream(), interruption, cancellation);

        async Task<string> AskAsync(string command)
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(command + "\r\n"), cancellation);
            return await ReplyAsync(replies, cancellation);
        }
    }

    private static async Task<(long Bytes, DataEnd End)> ReadAsync(NetworkStream data, Action interruption, CancellationToken cancellation)
    {
        var buffer = new byte[BufferLength];
        long bytes = 0;
        try
        {
            while (await data.ReadAsync(buffer, cancellation) is var count and > 0)
            {
                if (bytes == 0)
                {
                    interruption();
                }

                bytes += count;
            }

            return (bytes, DataEnd.Clean);
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return (bytes, DataEnd.Reset);
        }
    }

    private static async Task<string> ReplyAsync(StreamReader replies, CancellationToken cancellation)
    {
        while (await replies.ReadLineAsync(cancellation) is { } line)
        {
            if (LastLine().IsMatch(line))
            {
                return line;
            }
        }

        throw new InvalidOperationException("the control connection ended");
    }

    [GeneratedRegex(@"\(\|\|\|(\d+)\|\)")]
    private static partial Regex Port();

    [GeneratedRegex(@"^\d\d\d ")]
    private static partial Regex LastLine();
}
