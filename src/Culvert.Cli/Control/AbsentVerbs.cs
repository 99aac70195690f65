namespace Culvert.Cli.Control;

/// <summary>Verbs and options that Tectia's control program has and this one hasn't: why, and what to do instead. Pure.</summary>
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

    /// <summary>Likewise for an option of a verb that is here.</summary>
    public static string? Why(string verb, string option) => (verb, option) switch
    {
        ("debug", "--log-file" or "--append") => "where the log goes is said by culvert broker --log-file, or by logging/log-target in ssh-broker-config.xml; a reload opens it anew",
        ("debug", "--monitor") => "tail -f and journalctl -f follow the log; culvert ctl --watch shows tunnels and transfers",
        ("debug", "--protocol-dump") => "debug3 is the most that is told; packets are never written anywhere",
        ("list-connections", "--client-pid") => "clients are known by address and user, not by process: culvert ctl list-clients",
        ("list-keys", "--provider") => "keys come from files (add-key) and from the agent (SSH_AUTH_SOCK)",
        _ => null,
    };
}
