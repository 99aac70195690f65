using Culvert.Broker.Config;

namespace Culvert.Broker.Control;

/// <summary>Values of the configuration in force, by their path. Pure. No secret is in a configuration: passwords stand in files of their own, of which this shows the name.</summary>
internal static class ConfigPaths
{
    /// <summary>A value's lines; null: there is none of that path.</summary>
    public static IReadOnlyList<string>? Read(BrokerConfig config, string path)
    {
        var words = path.Trim('/').Split('/');
        return words switch
        {
            [""] => ["profiles", "static-tunnels", "logging"],
            ["profiles"] => [.. config.Profiles.Select(profile => profile.Id)],
            ["profiles", var id, .. var rest] when config.Profiles.FirstOrDefault(profile => profile.Id == id) is { } profile => OfProfile(profile, rest),
            ["static-tunnels"] => [.. config.StaticTunnels.Select(tunnel => $"{tunnel.Tunnel.Spec} {tunnel.ProfileId}")],
            ["logging"] => [.. Targets(config.Logging), .. config.Logging.Rules.Select(rule => $"{rule.Pattern} {rule.Facility} {rule.Severity}".TrimEnd())],
            _ => null,
        };
    }

    private static IEnumerable<string> Targets(LoggingConfig logging) =>
        [.. logging.Files, .. logging.ToSyslog ? ["(syslog)"] : (string[])[], .. logging is { Files: [], ToSyslog: false } ? [logging.Discards ? "(nowhere)" : "(standard error)"] : (string[])[]];

    private static IReadOnlyList<string>? OfProfile(ProfileConfig profile, string[] rest)
    {
        var connection = profile.Connection;
        return rest switch
        {
            [] => ["name", "host", "port", "user", "gateway", "connect-on-startup", "idle-timeout", "exclusive-connection", "tunnels"],
            ["name"] => [profile.Name ?? profile.Id],
            ["host"] => [connection.ConnectHost],
            ["port"] => [FormattableString.Invariant($"{connection.Port}")],
            ["user"] => [connection.User ?? Environment.UserName],
            ["gateway"] => [connection.Via?.Host ?? "none"],
            ["connect-on-startup"] => [YesNo(profile.ConnectOnStartup)],
            ["idle-timeout"] => [FormattableString.Invariant($"{profile.IdleTimeout.TotalSeconds:0}")],
            ["exclusive-connection"] => [YesNo(profile.ExclusiveConnection)],
            ["tunnels"] => [.. connection.Tunnels.Select(tunnel => $"{(tunnel.Spec.Kind == TunnelKind.Local ? "local" : "remote")} {tunnel.Spec}")],
            _ => null,
        };
    }

    private static string YesNo(bool value) => value ? "yes" : "no";
}
