using System.Globalization;
using Culvert.Broker.Runtime;
using Culvert.Cli.Terminal;
using Culvert.Ftp;
using Culvert.Net;

namespace Culvert.Cli.Reporting;

/// <summary>Adds live lines below those of a <see cref="LineReporter"/>: each tunnel that has clients, and each transfer that runs.</summary>
internal sealed class LiveReporter(Screen screen, IReporter lines, TimeProvider time) : IReporter
{
    /// <summary>Four times a second looks alive and costs nothing.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);

    /// <summary>More running transfers than this are counted, not listed: a terminal has few rows.</summary>
    private const int MostTransfersShown = 8;

    private readonly Lock _gate = new();
    private readonly Dictionary<OpenTunnel, int> _clients = [];
    private readonly List<(Transfer Transfer, RateMeter Rate)> _running = [];
    private bool _empty = true;

    /// <inheritdoc/>
    public void Tell(Message message) => lines.Tell(message);

    /// <inheritdoc/>
    public void Opened(OpenTunnel tunnel) => lines.Opened(tunnel);

    /// <inheritdoc/>
    public void ClientConnected(OpenTunnel tunnel, Peer client)
    {
        lock (_gate)
            _clients[tunnel] = _clients.GetValueOrDefault(tunnel) + 1;
        lines.ClientConnected(tunnel, client);
    }

    /// <inheritdoc/>
    public void ClientGone(OpenTunnel tunnel, Peer client)
    {
        lock (_gate)
        {
            if (_clients.GetValueOrDefault(tunnel) <= 1)
                _clients.Remove(tunnel);
            else
                _clients[tunnel]--;
        }
        lines.ClientGone(tunnel, client);
    }

    /// <inheritdoc/>
    public void ClientRefused(OpenTunnel tunnel, Peer client, string reason) => lines.ClientRefused(tunnel, client, reason);

    /// <inheritdoc/>
    public void Started(Transfer transfer)
    {
        lock (_gate)
            _running.Add((transfer, new RateMeter(time)));
        lines.Started(transfer);
    }

    /// <inheritdoc/>
    public void Ended(Transfer transfer)
    {
        lock (_gate)
            _running.RemoveAll(entry => entry.Transfer == transfer);
        // Its last line stays: the same figures, above the live ones. What went wrong is told in words.
        if (transfer.Result == TransferResult.Complete)
        {
            var took = transfer.Duration ?? TimeSpan.Zero;
            var rate = took > TimeSpan.Zero ? transfer.Bytes / took.TotalSeconds : 0;
            lines.Tell(Message.Note(new Progress(Label(transfer), transfer.Bytes, transfer.Bytes, rate, took).FinalLine(screen.Columns)));
        }
        else
        {
            lines.Ended(transfer);
        }
        Draw();
    }

    /// <inheritdoc/>
    public void AddressRewritten(string from, string to) => lines.AddressRewritten(from, to);

    /// <inheritdoc/>
    public void ChannelOpening(Endpoint to) => lines.ChannelOpening(to);

    /// <summary>Keeps the live lines alive until cancelled, then takes them away.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Beat, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false))
                Draw();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            screen.ShowLive([]);
        }
    }

    /// <summary>Draws once.</summary>
    public void Draw()
    {
        var shown = new List<string>();
        lock (_gate)
        {
            foreach (var (tunnel, clients) in _clients)
                shown.Add(Printable.Cut(string.Create(CultureInfo.InvariantCulture, $"{tunnel.Typed}: {clients} {(clients == 1 ? "client" : "clients")}"), screen.Columns));
            foreach (var (transfer, rate) in _running.Take(MostTransfersShown))
            {
                var bytes = transfer.Bytes;
                shown.Add(new Progress(Label(transfer), bytes, Total(transfer, bytes), rate.Update(bytes), rate.Elapsed).Line(screen.Columns));
            }
            if (_running.Count > MostTransfersShown)
                shown.Add(string.Create(CultureInfo.InvariantCulture, $"and {_running.Count - MostTransfersShown} more"));
            if (_empty && shown.Count == 0)
                return;
            _empty = shown.Count == 0;
        }
        screen.ShowLive(shown);
    }

    private static string Label(Transfer transfer) =>
        (transfer.Direction == TransferDirection.Download ? "↓ " : "↑ ") + (transfer.Path.Length > 0 ? transfer.Path : transfer.Verb);

    // A hint that turned out too small (ASCII mode, REST) is no total.
    private static long? Total(Transfer transfer, long bytes) => transfer.ExpectedSize is { } size && size >= bytes ? size : null;
}
