using Culvert.Broker.Config;
using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>Where a tunnel of a broker stands.</summary>
public enum TunnelState
{
    /// <summary>Its port isn't open yet.</summary>
    Opening,
    /// <summary>Its port is open.</summary>
    Listening,
    /// <summary>Its port can't be had; it's tried again by itself.</summary>
    Failed,
    /// <summary>It has ended.</summary>
    Closed,
}

/// <summary>A tunnel that is wanted: its port is opened, opened again when it's lost, and tried again when it can't be had. Thread-safe; <see cref="RunAsync"/> has one caller.</summary>
internal sealed class TunnelSupervisor
{
    /// <summary>The longest wait for a port that somebody else has.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);

    private readonly ConnectionConfig _connection;
    private readonly INetwork _there;
    private readonly BrokerServices _services;
    private readonly Broadcast _retry = new();
    private volatile Standing _standing;
    private volatile RunningTunnel? _running;
    private volatile Func<int> _cut = () => 0;

    /// <param name="id">Its number.</param>
    /// <param name="config">What is wanted.</param>
    /// <param name="profile">The profile that carries it.</param>
    /// <param name="there">The far side.</param>
    /// <param name="services">This machine; its reporter hears of this tunnel alone.</param>
    public TunnelSupervisor(long id, TunnelConfig config, ProfileConfig profile, INetwork there, BrokerServices services)
    {
        (Id, Config, ProfileId, _connection, _there, _services) = (id, config, profile.Id, profile.Connection, there, services);
        _standing = new Standing(TunnelState.Opening, services.Time.GetUtcNow(), null, null);
    }

    /// <summary>Unique in the broker.</summary>
    public long Id { get; }

    /// <summary>What is wanted.</summary>
    public TunnelConfig Config { get; }

    /// <summary>Whose it is.</summary>
    public string ProfileId { get; }

    /// <summary>It listens from the start, whether its profile is connected or not.</summary>
    public bool IsStatic { get; init; }

    /// <summary>Somebody opened it by hand: it's in no file, and a reload leaves it alone.</summary>
    public bool IsByHand { get; init; }

    /// <summary>How it stands.</summary>
    public Standing Now => _standing;

    /// <summary>Happens after each change of <see cref="Now"/>.</summary>
    public Broadcast Changed { get; } = new();

    /// <summary>Tries now, if it's waiting.</summary>
    public void RetryNow() => _retry.Send();

    /// <summary>Cuts a client off.</summary>
    /// <returns>Whether it's in here.</returns>
    public bool Cut(Peer client) => _running?.Cut(client) == true;

    /// <summary>Transfers and connections that were cut because it was stopped.</summary>
    public int CutAtStop => _cut();

    /// <summary>Keeps it open until <paramref name="stop"/> is cancelled; then closes the port, and returns when the last session has ended.</summary>
    /// <param name="port">An open port to begin with; null: none. Owned from now on.</param>
    /// <param name="stop">Ends it.</param>
    public async Task RunAsync(OpenPort? port, CancellationToken stop)
    {
        string? told = null;
        var wait = FirstWait;
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var retry = _retry.Next;
                try
                {
                    var assembly = port is null
                        ? (await TunnelAssembly.OpenAsync(Config, _connection, _there, _services, stop, stop).ConfigureAwait(false)).Assembly
                        : TunnelAssembly.Of(Config, _connection, port, _there, _services, stop);
                    port = null;
                    (told, wait) = (null, FirstWait);
                    (_running, _cut) = (assembly.Tunnel, assembly.CutSoFar);
                    Become(TunnelState.Listening, null, assembly.Tunnel.Facts);
                    _services.Reporter.Opened(assembly.Tunnel.Facts);
                    if (await assembly.Tunnel.RunAsync(stop).ConfigureAwait(false) is { } died)
                        Become(TunnelState.Opening, died.Text, null);
                    continue;
                }
                catch (BrokerException e)
                {
                    Become(TunnelState.Failed, e.Reason.Text.ReplaceLineEndings("; "), null);
                    // Said once, not each time.
                    if (told != e.Reason.Text)
                        _services.Reporter.Tell(e.Reason);
                    told = e.Reason.Text;
                }
                using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
                await Task.WhenAny(retry, Task.Delay(wait, _services.Time, over.Token)).ConfigureAwait(false);
                await over.CancelAsync().ConfigureAwait(false);
                wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // That is how it ends while it waits for its port.
        }
        finally
        {
            if (port is not null)
                await port.Listener.DisposeAsync().ConfigureAwait(false);
            Become(TunnelState.Closed, null, null);
        }
    }

    private void Become(TunnelState state, string? cause, OpenTunnel? facts)
    {
        _standing = new Standing(state, _services.Time.GetUtcNow(), cause, facts);
        Changed.Send();
    }

    /// <summary>How a tunnel stands.</summary>
    /// <param name="State">The state.</param>
    /// <param name="Since">When it was entered.</param>
    /// <param name="Cause">Why the port isn't open; null when it is, or nothing is known.</param>
    /// <param name="Facts">Where it listens, while it does.</param>
    internal sealed record Standing(TunnelState State, DateTimeOffset Since, string? Cause, OpenTunnel? Facts);
}
