using Culvert.Interop.Processes;

namespace Culvert.Interop.Servers;

/// <summary>vsftpd with anonymous logins, which need no account on the machine.</summary>
internal sealed class VsftpdServer(FtpServerOptions options) : FtpServer(options)
{
    private const int FirstPassivePort = 61_000;

    public override string User => "anonymous";

    public override string Password => "guest@example.org";

    protected override Task<CommandLine> PrepareAsync(CancellationToken cancellation)
    {
        var program = Peers.Require("vsftpd");
        // As root the anonymous user must be one with an existing home folder ("daemon" is in every base system), its
        // root must not be writable, and it is confined to it. Without root, vsftpd serves as who started it.
        var identity = Peers.IsRoot
            ? $"""
               ftp_username=daemon
               nopriv_user=nobody
               anon_root={LoginFolder}
               """
            : $"""
               run_as_launching_user=YES
               ftp_username={Environment.UserName}
               anon_root={LoginFolder}
               """;
        var listening = Options.IsIPv6
            ? $"listen=NO\nlisten_ipv6=YES\n{(Options.ListenAddress == "::" ? "" : $"listen_address6={Options.ListenAddress}")}"
            : $"listen=YES\nlisten_ipv6=NO\nlisten_address={Options.ListenAddress}";
        var advertised = Options.AdvertisedAddress is { } address ? $"pasv_address={address}" : "";
        // Its own choice is from 1024 on, where it would meet the ports that are given to servers and, from 32768 on, those of clients.
        var (first, last) = Options.PassivePort is { } port ? (port, port) : (FirstPassivePort, ushort.MaxValue);
        var passive = $"pasv_min_port={first}\npasv_max_port={last}";
        var tls = Options.RequiresTls
            ? $"""
               ssl_enable=YES
               ssl_tlsv1=YES
               allow_anon_ssl=YES
               force_anon_logins_ssl=YES
               force_anon_data_ssl=YES
               force_local_logins_ssl=YES
               force_local_data_ssl=YES
               require_ssl_reuse=YES
               implicit_ssl={(Options.BeginsWithTls ? "YES" : "NO")}
               ssl_ciphers=HIGH
               rsa_cert_file={Certificate}
               rsa_private_key_file={CertificateKey}
               """
            : "";
        var foreign = Options.AcceptsForeignAddresses ? "YES" : "NO";
        var configuration = Folder.Write("vsftpd.conf", $"""
            background=NO
            {listening}
            listen_port={Port}
            {identity}
            {advertised}
            {passive}
            {tls}
            pasv_promiscuous={foreign}
            port_promiscuous={foreign}
            secure_chroot_dir={Folder.MakeFolder("empty")}
            anonymous_enable=YES
            local_enable=NO
            write_enable=YES
            anon_upload_enable=YES
            anon_mkdir_write_enable=YES
            anon_other_write_enable=YES
            anon_world_readable_only=NO
            anon_umask=022
            connect_from_port_20=NO
            port_enable=YES
            pasv_enable=YES
            async_abor_enable=YES
            seccomp_sandbox=NO
            isolate=NO
            isolate_network=NO
            xferlog_enable=NO
            syslog_enable=NO
            """);
        // In TLS 1.3 a client that closes after its upload without having read the server's tickets resets its own connection and loses the end of the file:
        // one upload of curl's in ten, with vsftpd directly too.
        var openSsl = Folder.Write("openssl.cnf", "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = tls\n[tls]\nMaxProtocol = TLSv1.2\n");
        // vsftpd reports errors in its configuration on descriptor 0.
        return Task.FromResult(new CommandLine("/bin/sh", "-c", "OPENSSL_CONF=$2 exec \"$0\" \"$1\" <&1", program, configuration, openSsl));
    }
}
