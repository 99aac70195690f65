using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Culvert.Interop.Conformance;

/// <summary>An FTP server that spells its 227 or 229 in the way that the user name asks for (<see cref="PassiveForm"/>), and sends one file, or
/// a long list. The mode of
/// the other reply it doesn't have, so that every client comes by the form under test.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private const int FileLength = 70_000;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _sessions = [];
    private readonly Task _accepting;

    public ScriptedServer()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What every RETR sends.</summary>
    public byte[] Content { get; } = RandomNumberGenerator.GetBytes(FileLength);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_sessions);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _sessions.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var control = client;
        using var data = new TcpListener(IPAddress.Loopback, 0);
        try
        {
            var stream = control.GetStream();
            using var lines = new StreamReader(stream, Encoding.Latin1);
            var form = PassiveForm.All[0];
            await SayAsync("220 scripted");
            while (await lines.ReadLineAsync(_stop.Token) is { } line)
            {
                var verb = line.Split(' ')[0].ToUpperInvariant();
                switch (verb)
                {
                    case "USER":
                        form = PassiveForm.All.Single(one => one.User == line[5..]);
                        await SayAsync("331 password");
                        break;
                    case "PASS":
                        await SayAsync("230 in");
                        break;
                    case "PASV" or "EPSV":
                        data.Start();
                        await SayAsync(form.Reply(verb, ((IPEndPoint)data.LocalEndpoint).Port));
                        break;
                    case "RETR":
                        await SendAsync(data);
                        break;
                    case "PWD" or "XPWD":
                        await SayAsync("257 \"/\"");
                        break;
                    case "SIZE":
                        await SayAsync($"213 {FileLength.ToString(CultureInfo.InvariantCulture)}");
                        break;
                    case "SYST":
                        await SayAsync("215 UNIX Type: L8");
                        break;
                    case "STAT":
                        await ListAsync(int.Parse(line[5..], CultureInfo.InvariantCulture));
                        break;
                    case "TYPE" or "CWD" or "NOOP":
                        await SayAsync("200 ok");
                        break;
                    case "QUIT":
                        await SayAsync("221 bye");
                        return;
                    default:
                        await SayAsync("502 not here");
                        break;
                }
            }

            async Task SayAsync(string reply) => await stream.WriteAsync(Encoding.Latin1.GetBytes(reply + "\r\n"), _stop.Token);

            async Task ListAsync(int megabytes)
            {
                await SayAsync("213-a long list");
                var part = Encoding.Latin1.GetBytes(string.Concat(Enumerable.Repeat("  -rw-r--r--   1 user     group        1234 Jan  1 00:00 a file among many, which has a long name\r\n", 10_000)));
                for (var sent = 0L; sent < megabytes * 1_000_000L; sent += part.Length)
                {
                    await stream.WriteAsync(part, _stop.Token);
                }

                await SayAsync("213 end of the list");
            }

            async Task SendAsync(TcpListener from)
            {
                await SayAsync("150 coming");
                using (var connection = await from.AcceptTcpClientAsync(_stop.Token))
                {
                    await connection.GetStream().WriteAsync(Content, _stop.Token);
                }

                await SayAsync("226 done");
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
        {
            // The client has gone, or the test is over.
        }
    }
}
