namespace Culvert.Cli.Control;

/// <summary>Verbs that Tectia's control program has and this one hasn't: why, and what to do instead. Pure.</summary>
internal static class AbsentVerbs
{
    /// <summary>The answer to a verb; null: Tectia has none of that name either.</summary>
    public static string? Why(string verb) => verb switch
    {
        "start-gui" => "there is no window; culvert ctl --watch shows tunnels and transfers",
        "connector" => "culvert captures no program's connections; open-tunnel-listener --type socks makes a port for programs that speak SOCKS",
        "generate-key" => "ssh-keygen -t ed25519 makes a key",
        "key-upload" => "ssh-copy-id puts a key on a server",
        "key-passphrase" => "add-key asks for a key's passphrase, and holds it until remove-key",
        "keylog" => "the log tells which key a login used: culvert ctl debug verbose",
        "add-certificate" or "add-crl" or "validate-certificate" or "pkcs10-sign" => "X.509 isn't offered; OpenSSH's certificates are (CertificateFile, @cert-authority in known_hosts)",
        "add-provider" or "list-providers" or "remove-provider" => "keys come from files (add-key) and from the agent (SSH_AUTH_SOCK)",
        _ => null,
    };
}
