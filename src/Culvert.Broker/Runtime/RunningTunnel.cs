using System.Diagnostics.CodeAnalysis;
using System.Text;
using Culvert.Broker.Config;
using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>A tunnel at work: its port, who may enter, and the sessions in it.</summary>
internal sealed class RunningTunnel
{
    /// <summary>Refused clients that may be reading why at the same time. Beyond, they are reset: whoever may not enter must not keep out who may.</summary>
    public const int MaximumRefusals = 20;

    private readonly Admission _admission;
    private readonly TunnelSession _serve;
    private readonly IReporter _reporter;
    private readonly TimeProvider _time;
    private readonly Tunnel _tunnel;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _servingOf = [];
    private readonly Dictionary<Peer, Duplex> _clients = [];
    private int _serving;
    private int _refusing;

    /// <summary>Takes over the listener.</summary>
    public RunningTunnel(OpenTunnel facts, IListener listener, Admission admission, TunnelSession serve, IReporter reporter, TimeProvider time)
    {
        (Facts, _admission, _serve, _reporter, _time) = (facts, admission, serve, reporter, time);
        // The limit of sessions is kept here: the tunnel doesn't know who was admitted.
        _tunnel = new Tunnel(listener, AdmitAsync, int.MaxValue);
    }

    /// <summary>What it is.</summary>
    public OpenTunnel Facts { get; }

    /// <summary>Serves until <paramref name="stop"/> is cancelled or the listener dies; then closes the port, and returns when the last session has.</summary>
    /// <returns>Null after a stop; otherwise why the listener died.</returns>
    public Task<Failure?> RunAsync(CancellationToken stop) => _tunnel.RunAsync(stop);

    /// <summary>Cuts a client off: its connection is reset, and what it had running with it.</summary>
    /// <returns>Whether it's in here.</returns>
    public bool Cut(Peer client)
    {
        Duplex? near;
        lock (_gate)
            near = _clients.GetValueOrDefault(client);
        near?.Abort();
        return near is not null;
    }

    private async Task AdmitAsync(Accepted client, CancellationToken stop)
    {
        if (!_admission.Admits(client.Peer, out var reason))
        {
            await RefuseAsync(client, reason, stop).ConfigureAwait(false);
            return;
        }
        var whose = client.Peer.Owner?.Value ?? client.Peer.Address.Host ?? "";
        if (!TryEnter(client, whose, out var full))
        {
            await RefuseAsync(client, full, stop).ConfigureAwait(false);
            return;
        }
        _reporter.ClientConnected(Facts, client.Peer);
        try
        {
            await _serve(client, stop).ConfigureAwait(false);
        }
        finally
        {
            Leave(client, whose);
            _reporter.ClientGone(Facts, client.Peer);
        }
    }

    private bool TryEnter(Accepted client, string whose, [NotNullWhen(false)] out string? reason)
    {
        lock (_gate)
        {
            var own = _servingOf.GetValueOrDefault(whose);
            reason = _serving >= Facts.Config.MaximumSessions ? Says($"too many clients: this tunnel serves {Facts.Config.MaximumSessions} at once (--max-sessions)")
                : own >= _admission.SessionsPerUser ? Says($"too many clients: this tunnel serves {_admission.SessionsPerUser} of one user at once (--max-sessions-per-user)")
                : null;
            if (reason is not null)
                return false;
            _servingOf[whose] = own + 1;
            _serving++;
            _clients[client.Peer] = client.Duplex;
            return true;
        }

        static string Says(FormattableString text) => FormattableString.Invariant(text);
    }

    private void Leave(Accepted client, string whose)
    {
        lock (_gate)
        {
            _serving--;
            _clients.Remove(client.Peer);
            if (--_servingOf[whose] == 0)
                _servingOf.Remove(whose);
        }
    }

    // An FTP client hears why in FTP; any other sees a reset.
    private async Task RefuseAsync(Accepted client, string reason, CancellationToken stop)
    {
        _reporter.ClientRefused(Facts, client.Peer, reason);
        await using var near = client.Duplex.ConfigureAwait(false);
        var refusing = Interlocked.Increment(ref _refusing);
        try
        {
            if (Facts.Config.Spec.Type == TunnelType.Ftp && refusing <= MaximumRefusals)
                await Parting.SayAsync(client.Duplex, Encoding.UTF8.GetBytes($"421 {reason}\r\n"), _time, stop).ConfigureAwait(false);
            else
                client.Duplex.Abort();
        }
        finally
        {
            Interlocked.Decrement(ref _refusing);
        }
    }
}
