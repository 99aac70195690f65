using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Culvert.Interop.Clients;

namespace Culvert.Interop.Conformance;

/// <summary>An FTP session by hand: says exactly the bytes that a test wants to be said, which no client program would.</summary>
internal sealed partial class RawSession : IAsyncDisposable
{
    /// <summary>No server takes so long to answer; what does, hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TcpClient _control;
    private readonly NetworkStream _stream;
    private readonly StreamReader _replies;
    private readonly FtpTarget _target;
    private readonly CancellationTokenSource _limit;

    private RawSession(TcpClient control, FtpTarget target, CancellationToken cancellation)
    {
        (_control, _target) = (control, target);
        _stream = control.GetStream();
        _replies = new StreamReader(_stream, Encoding.Latin1, detectEncodingFromByteOrderMarks: false);
        _limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    }

    /// <summary>The control connection itself.</summary>
    public Socket Socket => _control.Client;

    /// <summary>Connects and reads the greeting.</summary>
    public static async Task<RawSession> ConnectAsync(FtpTarget target, CancellationToken cancellation)
    {
        var control = new TcpClient { NoDelay = true };
        await control.ConnectAsync(IPAddress.Parse(target.Address), target.Port, cancellation);
        var session = new RawSession(control, target, cancellation);
        await session.HearAsync();
        return session;
    }

    /// <summary>Connects, logs in, and asks for binary files.</summary>
    public static async Task<RawSession> LoginAsync(FtpTarget target, CancellationToken cancellation)
    {
        var session = await ConnectAsync(target, cancellation);
        await session.LoginAsync();
        return session;
    }

    public async Task LoginAsync()
    {
        if ((await AskAsync($"USER {_target.User}")).StartsWith("331", StringComparison.Ordinal))
        {
            Expect("2", await AskAsync($"PASS {_target.Password}"));
        }

        Expect("200", await AskAsync("TYPE I"));
    }

    public async Task SayAsync(string bytes) => await _stream.WriteAsync(Encoding.Latin1.GetBytes(bytes), Limit());

    /// <summary>The same, a byte in a segment each.</summary>
    public async Task SaySlowlyAsync(string bytes)
    {
        foreach (var one in Encoding.Latin1.GetBytes(bytes))
        {
            await _stream.WriteAsync(new[] { one }, Limit());
        }
    }

    /// <summary>Says a line and hears its reply.</summary>
    public async Task<string> AskAsync(string line)
    {
        await SayAsync(line + "\r\n");
        return await HearAsync();
    }

    /// <summary>The next whole reply, its lines joined by line feeds; empty when the connection has ended.</summary>
    public async Task<string> HearAsync()
    {
        var reply = new List<string>();
        try
        {
            while (await _replies.ReadLineAsync(Limit()) is { } line)
            {
                if (reply.Count == 0 && !Code().IsMatch(line))
                {
                    continue; // pyftpdlib shows what it doesn't know, line feeds and all
                }

                reply.Add(line);
                if (LastLine().IsMatch(line) && line[..3] == reply[0][..3])
                {
                    return string.Join('\n', reply);
                }
            }
        }
        catch (IOException)
        {
            // Reset: as much an end as the other.
        }

        return string.Join('\n', reply);
    }

    /// <summary>Reads a reply and keeps none of it; its length in bytes.</summary>
    public async Task<long> SkipReplyAsync()
    {
        var length = 0L;
        while (await _replies.ReadLineAsync(Limit()) is { } line)
        {
            length += line.Length + 2;
            if (LastLine().IsMatch(line))
            {
                break;
            }
        }

        return length;
    }

    /// <summary>Connects to the port that a 227 or 229 names, on the host of the control connection.</summary>
    public async Task<TcpClient> ConnectDataAsync(string reply)
    {
        var data = new TcpClient { NoDelay = true };
        await data.ConnectAsync(IPAddress.Parse(_target.Address), PortIn(reply), Limit());
        return data;
    }

    /// <summary>Fetches a file by EPSV and RETR.</summary>
    public Task<byte[]> FetchAsync(string name) => FetchByAsync($"RETR {name}");

    /// <summary>Fetches what a command sends.</summary>
    public async Task<byte[]> FetchByAsync(string command)
    {
        using var data = await ConnectDataAsync(Expect("229", await AskAsync("EPSV")));
        Expect("1", await AskAsync(command));
        var bytes = await ReadAllAsync(data);
        Expect("2", await HearAsync());
        return bytes;
    }

    /// <summary>Stores bytes by EPSV and a command such as <c>STOR name</c>.</summary>
    public async Task<string> StoreByAsync(string command, byte[] content)
    {
        using var data = await ConnectDataAsync(Expect("229", await AskAsync("EPSV")));
        Expect("1", await AskAsync(command));
        await data.GetStream().WriteAsync(content, Limit());
        data.Close();
        return Expect("2", await HearAsync());
    }

    public async Task<byte[]> ReadAllAsync(TcpClient data)
    {
        using var bytes = new MemoryStream();
        await data.GetStream().CopyToAsync(bytes, Limit());
        return bytes.ToArray();
    }

    public static int PortIn(string reply)
    {
        if (Extended().Match(reply) is { Success: true } extended)
        {
            return int.Parse(extended.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        }

        var passive = Passive().Match(reply);
        return passive.Success
            ? int.Parse(passive.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * 256 + int.Parse(passive.Groups[2].ValueSpan, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"no port in '{reply}'");
    }

    /// <summary>The reply, when it begins so.</summary>
    public static string Expect(string code, string reply) => reply.StartsWith(code, StringComparison.Ordinal)
        ? reply
        : throw new InvalidOperationException($"expected {code}, heard '{reply}'");

    public ValueTask DisposeAsync()
    {
        _limit.Dispose();
        _replies.Dispose();
        _control.Dispose();
        return ValueTask.CompletedTask;
    }

    private CancellationToken Limit()
    {
        _limit.CancelAfter(Patience);
        return _limit.Token;
    }

    [GeneratedRegex(@"^\d\d\d([ -]|$)")]
    private static partial Regex Code();

    [GeneratedRegex(@"^\d\d\d( |$)")]
    private static partial Regex LastLine();

    [GeneratedRegex(@"\(\|\|\|(\d+)\|\)")]
    private static partial Regex Extended();

    [GeneratedRegex(@"\d+,\d+,\d+,\d+,(\d+),(\d+)")]
    private static partial Regex Passive();
}
