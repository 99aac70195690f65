using System.Diagnostics.CodeAnalysis;
using Culvert.Broker.Config;
using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>Who may enter a tunnel. The machine is shared: a port on loopback is open to all its users, so the user behind a connection is
/// looked at, not only the address. Pure once it's made.</summary>
internal sealed class Admission
{
    private readonly bool _onThisSide;
    private readonly HashSet<UserId>? _users;

    private Admission(bool onThisSide, HashSet<UserId>? users, int sessionsPerUser) => (_onThisSide, _users, SessionsPerUser) = (onThisSide, users, sessionsPerUser);

    /// <summary>So many clients at once may belong to one user of this machine, or come from one address.</summary>
    public int SessionsPerUser { get; }

    /// <summary>The rule for a tunnel.</summary>
    /// <param name="tunnel">Names who may, or leaves it to the default.</param>
    /// <param name="self">Who we are.</param>
    /// <param name="selfIsSuperuser">Whether we act for the whole machine: then every local user may, unless users are named.</param>
    /// <param name="find">The user of a name or number; null when there is none.</param>
    /// <exception cref="ConfigException">A user is named whom this machine doesn't have.</exception>
    public static Admission For(TunnelConfig tunnel, UserId self, bool selfIsSuperuser, Func<string, UserId?> find)
    {
        HashSet<UserId>? users = null;
        if (tunnel.AllowUsers is { } names)
            users = [.. names.Select(name => find(name) ?? throw new ConfigException($"no such user: {name}", "--allow-users takes users of this machine, by name or number"))];
        else if (!selfIsSuperuser)
            users = [self];
        var onThisSide = tunnel.Spec.Kind == TunnelKind.Local;
        var several = onThisSide && (users is not { Count: 1 } || tunnel.IsOpenToOthers);
        return new Admission(onThisSide, users, tunnel.MaximumSessionsPerUser ?? (several ? (tunnel.MaximumSessions + 1) / 2 : tunnel.MaximumSessions));
    }

    /// <summary>Whether the peer may enter.</summary>
    /// <param name="peer">What its listener knows of it.</param>
    /// <param name="reason">Why not, in one line.</param>
    public bool Admits(Peer peer, [NotNullWhen(false)] out string? reason)
    {
        reason = null;
        // A remote forward's listener is the server's, which tells no user; and a client on another machine has none here: it can only come
        // in where the tunnel was opened to others.
        if (!_onThisSide || !peer.IsLocal)
            return true;
        if (peer.Owner is not { } owner)
            reason = "the user behind this connection could not be told";
        else if (_users is not null && !_users.Contains(owner))
            reason = $"user {owner} may not use this tunnel (--allow-users admits others)";
        return reason is null;
    }
}
