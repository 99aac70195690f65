using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Culvert.Interop.Clients;

namespace Culvert.Interop.Proofs;

/// <summary>An FTP client of the tests' own, for what no program lets one do: stop at a byte, go on after a cut, and tell what each socket saw.</summary>
internal sealed partial class RawFtpClient : IAsyncDisposable
{
    /// <summary>No reply takes longer; what does, hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly FtpTarget _target;
    private readonly TcpClient _control;
    private StreamReader _replies = StreamReader.Null;

    private RawFtpClient(FtpTarget target) => (_target, _control) = (target, new TcpClient(IPAddress.Parse(target.Address).AddressFamily));

    public static async Task<RawFtpClient> LoginAsync(FtpTarget target, CancellationToken cancellation)
    {
        var client = new RawFtpClient(target);
        try
        {
            await client._control.ConnectAsync(IPAddress.Parse(target.Address), target.Port, cancellation);
            client._control.NoDelay = true;
            client._replies = new StreamReader(client._control.GetStream(), Encoding.Latin1);
            var greeting = await client.ReplyAsync(cancellation);
            await client.AskAsync($"USER {target.User}", cancellation);
            var login = await client.AskAsync($"PASS {target.Password}", cancellation);
            if (login?.StartsWith('2') != true)
            {
                throw new InvalidOperationException($"no login: {greeting ?? "no greeting"}; {login ?? "the connection ended"}");
            }

            await client.AskAsync("TYPE I", cancellation);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Says a command and waits for the last line of its reply; null when the connection is gone.</summary>
    public async Task<string?> AskAsync(string command, CancellationToken cancellation)
    {
        await SayAsync(command, cancellation);
        return await ReplyAsync(cancellation);
    }

    public async Task SayAsync(string command, CancellationToken cancellation)
    {
        try
        {
            await _control.GetStream().WriteAsync(Encoding.Latin1.GetBytes(command + "\r\n"), cancellation);
        }
        catch (IOException)
        {
            // The connection is gone: whoever waits for the reply will see it.
        }
    }

    /// <summary>The last line of the next reply; null when the connection is gone.</summary>
    /// <exception cref="TimeoutException">Nobody says anything, and the connection stands.</exception>
    public async Task<string?> ReplyAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            while (await _replies.ReadLineAsync(limit.Token) is { } line)
            {
                if (LastLine().IsMatch(line))
                {
                    return line;
                }
            }

            return null;
        }
        catch (IOException)
        {
            return null;
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"no reply within {Patience.TotalSeconds} seconds", e);
        }
    }

    /// <summary>Arranges a data connection. A passive one is made by <see cref="RawDataDoor.OpenAsync"/> before the transfer's command is said, an
    /// active one after it.</summary>
    public async Task<RawDataDoor> ArrangeAsync(TransferMode mode, CancellationToken cancellation)
    {
        if (mode is TransferMode.Pasv or TransferMode.Epsv)
        {
            var reply = await AskAsync(mode == TransferMode.Pasv ? "PASV" : "EPSV", cancellation);
            return RawDataDoor.To(new IPEndPoint(IPAddress.Parse(_target.Address), PortIn(reply)));
        }

        var door = RawDataDoor.Listen(((IPEndPoint)_control.Client.LocalEndPoint!).Address);
        var (address, port) = (door.Endpoint.Address, door.Endpoint.Port);
        var command = mode == TransferMode.Port
            ? string.Create(CultureInfo.InvariantCulture, $"PORT {string.Join(',', address.GetAddressBytes())},{port >> 8},{port & 255}")
            : string.Create(CultureInfo.InvariantCulture, $"EPRT |{(address.AddressFamily == AddressFamily.InterNetwork ? 1 : 2)}|{address}|{port}|");
        var answer = await AskAsync(command, cancellation);
        if (answer?.StartsWith('2') == true)
        {
            return door;
        }

        door.Dispose();
        throw new InvalidOperationException($"{command}: {answer ?? "the connection ended"}");
    }

    public ValueTask DisposeAsync()
    {
        _replies.Dispose();
        _control.Dispose();
        return ValueTask.CompletedTask;
    }

    private static int PortIn(string? reply)
    {
        var (six, one) = (SixNumbers().Match(reply ?? ""), OneNumber().Match(reply ?? ""));
        return six.Success ? (Number(six.Groups[1]) << 8) | Number(six.Groups[2])
            : one.Success ? Number(one.Groups[1])
            : throw new InvalidOperationException($"no port in: {reply ?? "the connection ended"}");

        static int Number(Group digits) => int.Parse(digits.ValueSpan, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^227 .*\(\d+,\d+,\d+,\d+,(\d+),(\d+)\)")]
    private static partial Regex SixNumbers();

    [GeneratedRegex(@"^229 .*\(\|\|\|(\d+)\|\)")]
    private static partial Regex OneNumber();

    [GeneratedRegex(@"^\d\d\d ")]
    private static partial Regex LastLine();
}

/// <summary>Where a data connection will be made, or is awaited.</summary>
internal sealed class RawDataDoor : IDisposable
{
    private readonly Socket? _listener;

    private RawDataDoor(IPEndPoint endpoint, Socket? listener) => (Endpoint, _listener) = (endpoint, listener);

    public IPEndPoint Endpoint { get; }

    public bool IsPassive => _listener is null;

    public static RawDataDoor To(IPEndPoint endpoint) => new(endpoint, null);

    public static RawDataDoor Listen(IPAddress address)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(address, 0));
        listener.Listen();
        return new RawDataDoor((IPEndPoint)listener.LocalEndPoint!, listener);
    }

    public async Task<Socket> OpenAsync(CancellationToken cancellation)
    {
        if (_listener is not null)
        {
            return await _listener.AcceptAsync(cancellation);
        }

        var socket = new Socket(Endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(Endpoint, cancellation);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose() => _listener?.Dispose();
}
