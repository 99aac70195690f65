namespace Culvert.Broker.Config;

/// <summary>Whether two configurations want the same. Records compare their lists by identity, and two readings of one file make two lists; here they count
/// as equal when their elements are. A list that were forgotten here would only make equal things look different. Pure.</summary>
internal static class Sameness
{
    /// <summary>Whether two connections are the same but for their tunnels: then one can do the other's work.</summary>
    public static bool AreSameLink(ConnectionConfig a, ConnectionConfig b) => WithListsOf(a with { Tunnels = b.Tunnels }, b) == b;

    /// <summary>Whether two tunnels are the same.</summary>
    public static bool AreSame(TunnelConfig a, TunnelConfig b) =>
        a with { AllowUsers = Same(a.AllowUsers, b.AllowUsers), Ftp = a.Ftp with { DataHosts = Same(a.Ftp.DataHosts, b.Ftp.DataHosts)! } } == b;

    /// <summary>Whether two profiles are the same but for their tunnels.</summary>
    public static bool AreSameLink(ProfileConfig a, ProfileConfig b) =>
        AreSameLink(a.Connection, b.Connection) && a with { Connection = b.Connection } == b;

    private static ConnectionConfig WithListsOf(ConnectionConfig a, ConnectionConfig b) => a with
    {
        OtherForwards = Same(a.OtherForwards, b.OtherForwards)!,
        UserKnownHostsFiles = Same(a.UserKnownHostsFiles, b.UserKnownHostsFiles),
        GlobalKnownHostsFiles = Same(a.GlobalKnownHostsFiles, b.GlobalKnownHostsFiles),
        HostKeyFolders = Same(a.HostKeyFolders, b.HostKeyFolders),
        PinnedHostKeys = Same(a.PinnedHostKeys, b.PinnedHostKeys)!,
        IdentityFiles = Same(a.IdentityFiles, b.IdentityFiles)!,
        CertificateFiles = Same(a.CertificateFiles, b.CertificateFiles)!,
        PreferredAuthentications = Same(a.PreferredAuthentications, b.PreferredAuthentications),
        ProxyJump = a.ProxyJump is { } jump && b.ProxyJump is { } other && jump.Before == other.Before && jump.Hops.SequenceEqual(other.Hops) ? other : a.ProxyJump,
        Via = a.Via is { } via && b.Via is { } otherVia && AreSameLink(via, otherVia) ? otherVia : a.Via,
        Others = a.Others.Count == b.Others.Count && a.Others.All(pair => b.Others.TryGetValue(pair.Key, out var lines) && lines.SequenceEqual(pair.Value)) ? b.Others : a.Others,
    };

    // The second list when it holds what the first does, so that the records agree.
    private static IReadOnlyList<T>? Same<T>(IReadOnlyList<T>? a, IReadOnlyList<T>? b) => a is not null && b is not null && a.SequenceEqual(b) ? b : a;
}
