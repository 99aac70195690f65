using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Ftp;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Trust;

namespace Culvert.Broker.Control;

/// <summary>How what runs is shown. Pure.</summary>
internal static class Show
{
    /// <summary>The broker as a whole.</summary>
    public static StatusView Status(BrokerDaemon daemon, ControlActions actions)
    {
        var tunnels = daemon.Tunnels.ToList();
        return new StatusView(
            actions.Version, Environment.ProcessId, daemon.Started, actions.ConfigFile, daemon.Config.Profiles.Count,
            daemon.Runs.GroupBy(run => LinkWords.Of(run.Link.Status.State)).OrderBy(group => group.Key, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count()),
            tunnels.Count, tunnels.Count(tunnel => tunnel.Now.State == TunnelState.Listening),
            daemon.Activity.Clients.Count, daemon.Activity.Transfers.Count, daemon.Questions.Pending.Count, Word(actions.GetVerbosity()));
    }

    /// <summary>A link.</summary>
    public static ConnectionView Connection(ConnectionRun run, BrokerDaemon daemon)
    {
        var (status, connection) = (run.Link.Status, run.Profile.Connection);
        var gateway = Wishes.GatewayOf(run.Profile, daemon.Runs.Select(other => other.Profile))?.Id ?? connection.Via?.Host;
        return new ConnectionView(
            run.Id, run.Profile.Id, run.Profile.Name, connection.ConnectHost, connection.Port, User(connection), gateway,
            LinkWords.Of(status.State), status.Since, status.Cause, status.NextTry, status.FailedAttempts, status.Reconnects,
            run.Channels.Open.Count, run.Channels.Received, run.Channels.Sent, run.Key.Tunnel is not null, [.. run.Tunnels.Select(tunnel => tunnel.Id)],
            run.Link.Live?.Ssh is { } ssh ? Details(ssh, run.HostKey) : null);
    }

    /// <summary>What is open through all links.</summary>
    public static IEnumerable<ChannelView> Channels(BrokerDaemon daemon) => daemon.Runs.SelectMany(run => run.Channels.Open.Select(channel => new ChannelView(
        channel.Id, run.Id, run.Profile.Id, channel.IsIncoming ? "forwarded-tcpip" : "direct-tcpip", channel.To.ToString(), channel.Originator is { Host.Length: > 0 } from ? from.ToString() : null,
        channel.Opened, channel.Received, channel.Sent)));

    /// <summary>A tunnel.</summary>
    public static TunnelView Tunnel(TunnelSupervisor tunnel, BrokerDaemon daemon)
    {
        var (now, spec) = (tunnel.Now, tunnel.Config.Spec);
        return new TunnelView(
            tunnel.Id, tunnel.ProfileId, spec.Kind == TunnelKind.Local ? "local" : "remote", Word(spec.Type), spec.ToString(),
            [.. now.Facts?.ListenEndpoints.Select(at => at.ToString()) ?? []], spec.Type == TunnelType.Socks ? "(each client says where)" : new Endpoint(spec.DestinationHost, spec.DestinationPort).ToString(),
            LinkWords.Of(now.State), now.Since, now.Cause, tunnel.IsStatic && !tunnel.IsByHand, tunnel.IsByHand, daemon.Activity.Clients.Count(client => client.Tunnel == tunnel.Id));
    }

    /// <summary>A profile.</summary>
    public static ProfileView Profile(IReadOnlyList<ConnectionRun> runs)
    {
        var (profile, status) = (runs[0].Profile, runs.Select(run => run.Link.Status).MaxBy(status => Trouble(status.State))!);
        var connection = profile.Connection;
        return new ProfileView(
            profile.Id, profile.Name, connection.ConnectHost, connection.Port, User(connection), profile.ConnectOnStartup, runs.Any(run => run.IsConnected),
            LinkWords.Of(status.State), status.Cause, runs.Count, runs.Sum(run => run.Tunnels.Count()));
    }

    /// <summary>A client in a tunnel.</summary>
    public static ClientView Client(ClientEntry client) =>
        new(client.Id, client.Tunnel, client.Profile, Activity.Address(client.Peer), client.Peer.Owner?.Value, client.Since);

    /// <summary>A transfer that runs.</summary>
    public static TransferView Transfer(TransferEntry entry)
    {
        var transfer = entry.Transfer;
        return new TransferView(
            transfer.Id, entry.Tunnel, entry.Profile, transfer.Session.Id, transfer.User, transfer.Verb, transfer.FullPath ?? transfer.Path,
            transfer.Direction == TransferDirection.Download ? "download" : "upload", transfer.Bytes, transfer.ExpectedSize, transfer.Started);
    }

    /// <summary>A key that is held.</summary>
    public static KeyView Key(HeldKey key) => new(key.Id, key.Key.Type, key.Key.Fingerprint, key.Path, key.Added);

    /// <summary>A question that waits.</summary>
    public static QuestionView Question(PendingQuestion pending) => new(
        pending.Id, pending.Profile, LinkWords.Of(pending.Question.Kind), pending.Question.Text, pending.Question.Echo, pending.Asked, pending.Until);

    /// <summary>The word for how much is logged.</summary>
    public static string Word(Verbosity level) => level switch
    {
        Verbosity.Quiet => "quiet",
        Verbosity.Fatal => "fatal",
        Verbosity.Error => "error",
        Verbosity.Info => "info",
        Verbosity.Verbose => "verbose",
        Verbosity.Debug1 => "debug1",
        Verbosity.Debug2 => "debug2",
        _ => "debug3",
    };

    // Of several connections the one that most needs somebody speaks for all.
    private static int Trouble(LinkState state) => state switch
    {
        LinkState.Failed => 6,
        LinkState.WaitingForInput => 5,
        LinkState.Restoring => 4,
        LinkState.Connecting => 3,
        LinkState.Up => 2,
        LinkState.New => 1,
        _ => 0,
    };

    private static string Word(TunnelType type) => type switch
    {
        TunnelType.Ftp => "ftp",
        TunnelType.Socks => "socks",
        _ => "tcp",
    };

    /// <summary>A server's key, as its line in known_hosts.</summary>
    public static string KnownHostsLine(HostKeyOffer offer)
    {
        var name = offer.Server.Port == 22 ? offer.Server.Host : FormattableString.Invariant($"[{offer.Server.Host}]:{offer.Server.Port}");
        return $"{name} {offer.KeyType} {Convert.ToBase64String(offer.Blob.Span)}";
    }

    private static LinkDetailsView Details(SshConnection ssh, HostKeyOffer? key)
    {
        var agreed = ssh.Algorithms;
        return new LinkDetailsView(ssh.RemoteVersion, agreed.KeyExchange, agreed.HostKey, key?.Fingerprint, key is null ? null : KnownHostsLine(key), agreed.ClientToServer.Cipher, agreed.ServerToClient.Cipher);
    }

    private static string User(ConnectionConfig connection) => connection.User ?? Environment.UserName;
}
