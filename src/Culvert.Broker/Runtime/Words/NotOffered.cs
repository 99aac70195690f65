using Culvert.Broker.Config;

namespace Culvert.Broker.Runtime;

/// <summary>What a configuration asks for and culvert doesn't do. What would change where the connection goes, or whom it trusts, is an error; what only takes
/// something away is told once. Pure.</summary>
internal static class NotOffered
{
    /// <summary>One message for each; none when all can be done.</summary>
    public static IEnumerable<Message> Of(ConnectionConfig config)
    {
        if (config.ProxyCommand is not null)
            yield return Message.Error("ProxyCommand is not supported", "proxy commands aren't offered yet; say -o ProxyCommand=none to connect without");
        if (config.OtherLines("BindInterface") is [var name])
            yield return Message.Error($"BindInterface {name} is not supported", "bind to the interface's address with BindAddress or -b");
        if (config.OtherLines("RevokedHostKeys") is [var file])
            yield return Message.Error($"RevokedHostKeys {file} is not supported", "write @revoked lines into known_hosts, and say -o RevokedHostKeys=none");
        if (config.OtherLines("CanonicalizeHostname") is [not "false"])
            yield return Message.Error("CanonicalizeHostname is not supported", "say the host's full name and -o CanonicalizeHostname=no");
        if (config.OtherLines("CanonicalizePermittedCNAMEs") is [not "none"])
            yield return Message.Error("CanonicalizePermittedCNAMEs is not supported", "say the host's real name and -o CanonicalizePermittedCNAMEs=none");
        if (config.OtherLines("RefuseConnection") is [var reason])
            yield return Message.Error(reason, "RefuseConnection in a configuration file says so");
        if (config.OtherLines("KnownHostsCommand") is [var command] && !command.Equals("none", StringComparison.OrdinalIgnoreCase))
            yield return Message.Warning("KnownHostsCommand is not supported", "host keys come from files; name them with UserKnownHostsFile");
        foreach (var forward in config.OtherForwards)
            yield return Message.Warning($"{forward.Kind}Forward {forward} is not supported", forward.Kind == ForwardKind.Dynamic ? "a SOCKS proxy isn't offered yet; -L and -R with ftp/ need none" : "Unix sockets and SOCKS on the server's side aren't offered");
    }
}
