using System.Collections.Concurrent;
using Culvert.Broker.Audit;
using Culvert.Ftp;
using Culvert.Net;
using Culvert.Ssh.Trust;

namespace Culvert.Broker.Runtime;

/// <summary>What goes on in a broker: who is in which tunnel, which transfers run. Everything that happens passes here, is entered, and becomes an event. Thread-safe.</summary>
/// <param name="time">The clock.</param>
/// <param name="sink">Hears of every event; quick, and never throwing.</param>
internal sealed class Activity(TimeProvider time, Action<AuditEvent> sink)
{
    private readonly ConcurrentDictionary<(long Tunnel, Peer Client), ClientEntry> _clients = new();
    private readonly ConcurrentDictionary<long, TransferEntry> _transfers = new();
    private long _lastId;

    /// <summary>Counts for whoever measures.</summary>
    public BrokerMeters Meters { get; } = new();

    /// <summary>Who is in the tunnels.</summary>
    public IReadOnlyList<ClientEntry> Clients => [.. _clients.Values.OrderBy(client => client.Id)];

    /// <summary>The transfers that run.</summary>
    public IReadOnlyList<TransferEntry> Transfers => [.. _transfers.Values.OrderBy(entry => entry.Transfer.Id)];

    /// <summary>A number that nothing else in this broker has.</summary>
    public long NextId() => Interlocked.Increment(ref _lastId);

    /// <summary>Something happened.</summary>
    public void Happened(string name, AuditSeverity severity, params ReadOnlySpan<(string Field, object? Value)> fields)
    {
        var kept = new List<KeyValuePair<string, object>>(fields.Length);
        foreach (var (field, value) in fields)
        {
            if (value is not null)
                kept.Add(new(field, value));
        }
        sink(new AuditEvent(name, severity, kept));
    }

    /// <summary>A channel took so long to open.</summary>
    public void ChannelOpened(TimeSpan took) => Meters.ChannelOpened(took);

    /// <summary>A link's state is another.</summary>
    public void LinkChanged(ConnectionRun run, LinkStatus before, LinkStatus after)
    {
        var connection = run.Profile.Connection;
        (string Name, AuditSeverity Severity)? what = after.State switch
        {
            LinkState.Up => (AuditNames.LinkUp, AuditSeverity.Notice),
            LinkState.Restoring when before.State == LinkState.Up => (AuditNames.LinkLost, AuditSeverity.Warning),
            LinkState.Restoring when after.NextTry is not null => (AuditNames.LinkRetry, AuditSeverity.Warning),
            LinkState.Failed => (AuditNames.LinkFailed, AuditSeverity.Error),
            LinkState.New or LinkState.Disabled when before.State == LinkState.Up => (AuditNames.LinkClosed, AuditSeverity.Notice),
            _ => null,
        };
        Meters.LinkChanged(before, after);
        if (what is { } happened)
        {
            Happened(happened.Name, happened.Severity,
                ("profile", run.Profile.Id), ("connection", run.Id), ("host", connection.ConnectHost), ("port", connection.Port), ("user", connection.User ?? Environment.UserName),
                ("cause", after.Cause), ("next", after.NextTry), ("attempts", after.FailedAttempts > 0 ? after.FailedAttempts : null));
        }
    }

    /// <summary>A server's key was taken, or refused.</summary>
    public void HostKeyDecided(string profile, HostKeyOffer offer, string? refusal) => Happened(
        refusal is null ? AuditNames.HostKeyAccepted : AuditNames.HostKeyRefused, refusal is null ? AuditSeverity.Informational : AuditSeverity.Error,
        ("profile", profile), ("host", offer.Server.Host), ("port", offer.Server.Port), ("address", offer.Address), ("type", offer.KeyType), ("fingerprint", offer.Fingerprint), ("cause", refusal));

    /// <summary>A tunnel's port is open.</summary>
    public void TunnelOpened(long tunnel, string profile, OpenTunnel facts) => Happened(AuditNames.TunnelOpened, AuditSeverity.Notice,
        ("profile", profile), ("tunnel", tunnel), ("spec", facts.Config.Spec.ToString()), ("listen", string.Join(' ', facts.ListenEndpoints)));

    /// <summary>A tunnel has ended.</summary>
    public void TunnelClosed(TunnelSupervisor tunnel) => Happened(AuditNames.TunnelClosed, AuditSeverity.Notice,
        ("profile", tunnel.ProfileId), ("tunnel", tunnel.Id), ("spec", tunnel.Config.Spec.ToString()));

    /// <summary>A client came in.</summary>
    public void ClientConnected(long tunnel, string profile, Peer peer)
    {
        var client = new ClientEntry(NextId(), tunnel, profile, peer, time.GetUtcNow());
        _clients[(tunnel, peer)] = client;
        Meters.SessionOpened();
        Happened(AuditNames.ClientConnected, AuditSeverity.Informational, ("profile", profile), ("tunnel", tunnel), ("client", client.Id), ("address", Address(peer)), ("uid", peer.Owner?.Value));
    }

    /// <summary>A client is gone.</summary>
    public void ClientGone(long tunnel, string profile, Peer peer)
    {
        if (!_clients.TryRemove((tunnel, peer), out var client))
            return;
        Meters.SessionClosed();
        Happened(AuditNames.ClientGone, AuditSeverity.Informational, ("profile", profile), ("tunnel", tunnel), ("client", client.Id), ("address", Address(peer)),
            ("ms", (long)(time.GetUtcNow() - client.Since).TotalMilliseconds));
    }

    /// <summary>A client was sent away.</summary>
    public void ClientRefused(long tunnel, string profile, Peer peer, string reason)
    {
        Meters.SessionRefused();
        Happened(AuditNames.ClientRefused, AuditSeverity.Warning, ("profile", profile), ("tunnel", tunnel), ("address", Address(peer)), ("uid", peer.Owner?.Value), ("cause", reason));
    }

    /// <summary>A transfer begins.</summary>
    public void TransferStarted(long tunnel, string profile, Transfer transfer)
    {
        _transfers[transfer.Id] = new TransferEntry(tunnel, profile, transfer);
        Happened(AuditNames.TransferStarted, AuditSeverity.Informational,
            ("profile", profile), ("tunnel", tunnel), ("transfer", transfer.Id), ("session", transfer.Session.Id), ("verb", transfer.Verb), ("path", transfer.FullPath ?? transfer.Path));
    }

    /// <summary>A transfer has ended.</summary>
    public void TransferEnded(long tunnel, string profile, Transfer transfer)
    {
        _transfers.TryRemove(transfer.Id, out _);
        Meters.TransferEnded(transfer);
        Happened(AuditNames.TransferEnded, transfer.Result == TransferResult.Complete ? AuditSeverity.Informational : AuditSeverity.Warning,
            ("profile", profile), ("tunnel", tunnel), ("transfer", transfer.Id), ("session", transfer.Session.Id), ("ftp_user", transfer.User), ("verb", transfer.Verb),
            ("path", transfer.FullPath ?? transfer.Path), ("type", transfer.Type), ("offset", transfer.RestartOffset > 0 ? transfer.RestartOffset : null), ("bytes", transfer.Bytes),
            ("ms", (long)(transfer.Duration ?? TimeSpan.Zero).TotalMilliseconds), ("result", Word(transfer.Result)), ("reply", transfer.Reply), ("cause", transfer.Cause));
    }

    /// <summary>The stable word for a result.</summary>
    public static string Word(TransferResult result) => result switch
    {
        TransferResult.Running => "running",
        TransferResult.Complete => "complete",
        TransferResult.Failed => "failed",
        _ => "unverified",
    };

    /// <summary>How a client's address is written; null when it's unknown.</summary>
    public static string? Address(Peer peer) => peer.Knowledge == AddressKnowledge.Unknown ? null : peer.Address.ToString();
}

/// <summary>A client in a tunnel.</summary>
internal sealed record ClientEntry(long Id, long Tunnel, string Profile, Peer Peer, DateTimeOffset Since);

/// <summary>A transfer that runs.</summary>
internal sealed record TransferEntry(long Tunnel, string Profile, Transfer Transfer);
