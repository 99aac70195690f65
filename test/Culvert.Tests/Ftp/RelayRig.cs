using System.Collections.Concurrent;
using System.Runtime;
using System.Text;
using System.Threading.Channels;
using Culvert.Ftp;
using Culvert.Ftp.Wire;
using Culvert.Net;
using Culvert.TestKit.Networks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Ftp;

/// <summary>One relay session between two memory networks, with both ends of the dialogue in the test's hand.</summary>
internal sealed class RelayRig : IAsyncDisposable
{
    private static readonly Endpoint Destination = new("ftp.example", 21);

    /// <summary>A test that hangs fails after this; none takes a hundredth of it.</summary>
    private static readonly TimeSpan HangLimit = TimeSpan.FromSeconds(60);

    /// <summary>What is being compiled doesn't run, and is in no queue. While methods are compiled, rest is only believed after so long.</summary>
    private static readonly TimeSpan Compilation = TimeSpan.FromMilliseconds(5), ColdFor = TimeSpan.FromMilliseconds(200);

    private static long s_methods, s_compiled = TimeProvider.System.GetTimestamp();

    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _hang = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly List<IAsyncDisposable> _owned = [];
    private Task _relay = Task.CompletedTask;

    private RelayRig(MemoryNetworkOptions near, MemoryNetworkOptions far)
    {
        (Near, Far) = (new(near), new(far));
        _hang.CancelAfter(HangLimit);
    }

    public MemoryNetwork Near { get; }
    public MemoryNetwork Far { get; }
    public FakeTimeProvider Time { get; } = new();
    public Watcher Watcher { get; } = new();
    public Speech Client { get; set; } = null!;
    public Speech Server { get; set; } = null!;
    public Task Ended => _relay;
    public CancellationToken Hang => _hang.Token;

    public static Task<RelayRig> StartAsync(FtpRelayOptions? options = null, string networks = "faithful", Action<RelayRig>? prepare = null, bool greets = true)
    {
        var kind = networks switch
        {
            "lossy" => MemoryNetworkOptions.Lossy,
            "over a way" => new() { ListensOverAWay = true },
            "tiny" => new() { Capacity = 1 },
            "small" => new() { Capacity = 1200 }, // cuts TLS records; holds what a TLS server says of its own accord, while nobody reads
            _ => MemoryNetworkOptions.Faithful,
        };
        return new RelayRig(kind, kind).BeginAsync(options ?? new(), prepare, greets);
    }

    private async Task<RelayRig> BeginAsync(FtpRelayOptions options, Action<RelayRig>? prepare, bool greets)
    {
        prepare?.Invoke(this);
        await using var server = await Far.ListenAsync(Destination, ListenOptions.Default, Hang);
        await using var listener = await Near.ListenAsync(new("127.0.0.1", 1234), ListenOptions.Default, Hang);
        Client = new(Own(await ConnectAsync(Near, 1234)), Speaker.Server, Hang);
        var accepted = await listener.AcceptAsync(Hang);
        _relay = new FtpRelay(options, NullLogger.Instance, Time, Watcher).RunAsync(accepted, Near, Far, Destination, _stop.Token);
        if (Far.RefuseConnect(Destination, ConnectOptions.Default) is null)
        {
            Server = new(Own((await server.AcceptAsync(Hang)).Duplex), Speaker.Client, Hang);
            if (!greets)
                return this;
            await Server.SayAsync("220 ready");
            Assert.Equal("220 ready", await Client.HearAsync());
        }
        return this;
    }

    public Task StopAsync() => _stop.CancelAsync();

    /// <summary>Connects as the client would, telling where it comes from to a network that knows nothing by itself.</summary>
    public async Task<Duplex> ConnectAsync(MemoryNetwork network, int port, string from = "127.0.0.1")
    {
        var outcome = await network.Connect(new("127.0.0.1", port), new() { Originator = new(from, 50000) }).Outcome.WaitAsync(Hang);
        Assert.True(outcome.Duplex is not null, outcome.Failure?.Text);
        return Own(outcome.Duplex);
    }

    public async Task<IListener> ListenAsync(MemoryNetwork network)
    {
        var listener = await network.ListenAsync(new("127.0.0.1", 0), ListenOptions.Default, Hang);
        _owned.Add(listener);
        return listener;
    }

    public async Task<Duplex> AcceptAsync(IListener listener) => Own((await listener.AcceptAsync(Hang)).Duplex);

    /// <summary>EPSV, up to the client's knowledge of the port. The server's data listener is the caller's.</summary>
    public async Task<(IListener Server, int ClientPort)> EpsvAsync()
    {
        var listener = await ListenAsync(Far);
        await Client.SayAsync("EPSV");
        Assert.Equal("EPSV", await Server.HearAsync());
        await Server.SayAsync($"229 Extended (|||{listener.LocalEndpoint.Port}|)");
        return (listener, PortIn(await Client.HearAsync()));
    }

    /// <summary>The server offers this listener, for a PORT or EPRT that was converted.</summary>
    public async Task ReplyFrom229Async(IListener listener)
    {
        await Server.SayAsync($"229 Extended (|||{listener.LocalEndpoint.Port}|)");
        Assert.StartsWith("200 ", await Client.HearAsync(), StringComparison.Ordinal);
    }

    /// <summary>EPSV, and both data sockets.</summary>
    public async Task<(Duplex Client, Duplex Server)> StandingAsync()
    {
        var (listener, port) = await EpsvAsync();
        var client = await ConnectAsync(Near, port);
        return (client, await AcceptAsync(listener));
    }

    /// <summary>The server must hear this; the client has said it.</summary>
    public async Task PassAsync(string line)
    {
        await Client.SayAsync(line);
        Assert.Equal(line, await Server.HearAsync());
    }

    /// <summary>The client must hear this; the server has said it.</summary>
    public async Task ReplyAsync(string line)
    {
        await Server.SayAsync(line);
        Assert.Equal(line, await Client.HearAsync());
    }

    /// <summary>Lets time go by until something has happened. Time moves only when everyone had a turn.</summary>
    public async Task<T> PassTimeUntilAsync<T>(Task<T> task, TimeSpan step)
    {
        while (!task.IsCompleted)
        {
            await RestAsync();
            if (!task.IsCompleted)
                Time.Advance(step);
        }
        return await task;
    }

    /// <summary>Waits until nothing is left to be run: many turns in a row in which nothing waits for its turn, and nobody has missed bytes that lie there,
    /// however busy the machine is.</summary>
    public async Task RestAsync()
    {
        var since = TimeProvider.System.GetTimestamp();
        for (var quiet = 0; quiet < 50 || (IsCompiling() && TimeProvider.System.GetElapsedTime(since) < Compilation); quiet++)
        {
            Hang.ThrowIfCancellationRequested();
            await Task.Yield();
            if (ThreadPool.PendingWorkItemCount > 0 || !Near.IsAtRest || !Far.IsAtRest)
                (quiet, since) = (-1, TimeProvider.System.GetTimestamp());
        }
    }

    // A method counts when it's done: whether one is being compiled right now can't be told, but where there was one there are more.
    private static bool IsCompiling()
    {
        var methods = JitInfo.GetCompiledMethodCount();
        if (Interlocked.Exchange(ref s_methods, methods) != methods)
            Interlocked.Exchange(ref s_compiled, TimeProvider.System.GetTimestamp());
        return TimeProvider.System.GetElapsedTime(Interlocked.Read(ref s_compiled)) < ColdFor;
    }

    public async Task<bool> HasEndedAsync()
    {
        await Ended;
        return true;
    }

    /// <summary>Says the same line over and over until nobody takes it any more.</summary>
    public async Task FloodAsync(Speech speaker, string line, string lineEnd = "\r\n")
    {
        var bytes = Encoding.Latin1.GetBytes(line + lineEnd);
        while (await speaker.Duplex.WriteAsync(bytes, Hang) == WriteEnd.None)
            await Task.Yield();
    }

    public static int PortInCommand(string port)
    {
        Assert.Equal(AddressFound.One, FtpAddress.ParsePort(FtpCommand.Parse(FtpLine.Of(port)).Argument.Span, out var address));
        return address.Port;
    }

    public static int PortIn(string reply)
    {
        var line = FtpLine.Of(reply);
        return FtpAddress.Parse229([line], out var port) == AddressFound.One ? port
            : FtpAddress.Parse227([line], out var address) == AddressFound.One ? address.Port
            : throw new Xunit.Sdk.XunitException($"no port in '{reply}'");
    }

    public static async Task<(byte[] Bytes, ReadEnd End)> ReadAllAsync(Duplex from, CancellationToken cancellationToken)
    {
        var bytes = new MemoryStream();
        while (true)
        {
            var read = await from.ReadAsync(cancellationToken);
            if (read.End != ReadEnd.None)
                return (bytes.ToArray(), read.End);
            bytes.Write(read.Bytes.Span);
            from.Release(read.Bytes.Length);
        }
    }

    /// <summary>Ends the session, and sees that the relay keeps nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var one in _owned)
            await one.DisposeAsync();
        while (!_relay.IsCompleted)
        {
            Hang.ThrowIfCancellationRequested();
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        await _relay;
        Assert.Equal((0, 0, 0, 0), (Near.Listeners, Far.Listeners, Near.OpenConnections, Far.OpenConnections));
        Assert.All(Watcher.Transfers, transfer => Assert.NotEqual(TransferResult.Running, transfer.Result));
        _hang.Dispose();
        _stop.Dispose();
    }

    private Duplex Own(Duplex duplex)
    {
        _owned.Add(duplex);
        return duplex;
    }
}

/// <summary>One end of a control connection: says lines and hears lines.</summary>
internal sealed class Speech(Duplex duplex, Speaker other, CancellationToken hang)
{
    private readonly LineReader _lines = new(other);

    public Duplex Duplex => duplex;

    public async Task SayAsync(params string[] lines) =>
        await duplex.WriteAsync(Encoding.Latin1.GetBytes(string.Concat(lines.Select(line => line + "\r\n"))), hang);

    /// <summary>The next line, or <c>(Ended)</c> and the like.</summary>
    public async Task<string> HearAsync()
    {
        FtpLine line;
        while (!_lines.TryRead(out line))
        {
            var read = await duplex.ReadAsync(_lines.Room, hang);
            if (read.End != ReadEnd.None)
                return $"({read.End})";
            _lines.Fill(read.Bytes.Length);
        }
        return Encoding.Latin1.GetString(line.Bytes.Span);
    }
}

internal sealed class Watcher : ITransferObserver
{
    public ConcurrentQueue<Transfer> Transfers { get; } = [];
    public ConcurrentQueue<Transfer> Done { get; } = [];
    public ConcurrentQueue<string> Rewritten { get; } = [];

    private readonly Channel<Transfer> _ended = Channel.CreateUnbounded<Transfer>();

    public void Started(Transfer transfer) => Transfers.Enqueue(transfer);

    public void Ended(Transfer transfer)
    {
        Done.Enqueue(transfer);
        _ended.Writer.TryWrite(transfer);
    }

    /// <summary>The next transfer that is told to be over.</summary>
    public Task<Transfer> NextAsync(CancellationToken cancellationToken) => _ended.Reader.ReadAsync(cancellationToken).AsTask();

    public void AddressRewritten(string from, string to) => Rewritten.Enqueue($"{from} -> {to}");
    public void ChannelOpening(Endpoint to) { }

    public int UnseenCuts { get; private set; }

    public void UnseenDataCut() => UnseenCuts++;
}
