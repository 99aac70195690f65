using Culvert.Broker.Config;
using Culvert.Ftp;

namespace Culvert.Broker.Runtime;

/// <summary>What a configuration asks for and culvert doesn't do. What would change where the connection goes, or whom it trusts, is an error; what only takes
/// something away is told once. Pure.</summary>
internal static class NotOffered
{
    /// <summary>One message for each; none when all can be done.</summary>
    public static IEnumerable<Message> Of(ConnectionConfig config)
    {
        foreach (var forward in config.OtherForwards)
            yield return Message.Warning($"{forward.Kind}Forward {forward} is not supported", "Unix sockets aren't offered; use TCP ports");
        if (config.Engine == SshEngine.OpenSsh)
        {
            if (OperatingSystem.IsWindows())
                yield return Message.Error("engine openssh is not supported on Windows", "its ssh can't share a connection; leave --engine out");
            if ((config.PasswordFile ?? config.PasswordProgram ?? config.PasswordCredential) is not null)
                yield return Message.Error("engine openssh takes no password from a file, a program or a credential", "ssh asks for passwords itself, on the terminal or by SSH_ASKPASS");
            if (config.IdentificationFile is not null)
                yield return Message.Error("engine openssh doesn't read SSH Tectia's lists of keys", "name each key with -i");
            if (config.HostKeyFolders is { } folders && !ValueSyntax.IsNone(folders))
                yield return Message.Error("engine openssh doesn't read SSH Tectia's folders of host keys", "write the keys into known_hosts: ssh-keygen -i -f key_22_host.pub");
            if (config.PinnedHostKeys.Count > 0)
                yield return Message.Error("engine openssh takes no host key from a profile", "write it into known_hosts");
            // Whom a connection on the server's side belongs to must be known before a file is given to it, and ssh doesn't tell.
            if (config.Tunnels.Any(tunnel => tunnel.Spec.Type == TunnelType.Ftp && tunnel.Ftp.Active != ActiveMode.Convert))
                yield return Message.Error("engine openssh can't forward active mode", "leave --active at convert: the FTP server is asked for passive mode");
            yield break; // the rest is ssh's own business
        }
        if (config.ProxyCommand is not null && config.OtherLines("ProxyUseFdpass") is ["yes"])
            yield return Message.Error("ProxyUseFdpass is not supported", "let the command carry the bytes itself (nc -X, ssh -W), and say -o ProxyUseFdpass=no");
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
    }
}
