using Culvert.Interop.Processes;

namespace Culvert.Interop.Servers;

/// <summary>ProFTPD with one virtual user from a file.</summary>
internal sealed class ProFtpdServer(FtpServerOptions options) : FtpServer(options)
{
    public override string User => Account.User;

    public override string Password => Account.Password;

    protected override async Task<CommandLine> PrepareAsync(CancellationToken cancellation)
    {
        var program = Peers.Require("proftpd");
        var serving = await Account.ServingAsync(cancellation);
        var hash = await Account.HashAsync(Password, cancellation);
        var users = Folder.Write("passwd", $"{User}:{hash}:{serving.UserId}:{serving.GroupId}::{LoginFolder}:/bin/sh\n", secret: true);
        var masquerade = Options.AdvertisedAddress is { } address ? $"MasqueradeAddress {address}" : "";
        // Session reuse is demanded unless NoSessionReuseRequired is said.
        var modules = Path.Combine(Peers.UnpackedRoot, "usr", "lib", "proftpd");
        if (Options.RequiresTls && !File.Exists(Path.Combine(modules, "mod_tls.so")))
        {
            throw Peers.Missing("proftpd-mod-crypto is not unpacked");
        }

        var tls = Options.RequiresTls
            ? $"""
               ModulePath {modules}
               LoadModule mod_tls.c
               TLSEngine on
               TLSRequired on
               TLSProtocol TLSv1.2 TLSv1.3
               TLSECCertificateFile {Certificate}
               TLSECCertificateKeyFile {CertificateKey}
               {(Options.BeginsWithTls ? "TLSOptions UseImplicitSSL" : "")}
               """
            : "";
        var foreign = Options.AcceptsForeignAddresses ? "on" : "off";
        var configuration = Folder.Write("proftpd.conf", $"""
            {tls}
            ServerName "Culvert's peer"
            ServerType standalone
            DefaultServer on
            UseIPv6 on
            DefaultAddress {Options.ListenAddress}
            SocketBindTight on
            Port {Port}
            {masquerade}
            AllowForeignAddress {foreign}
            UseReverseDNS off
            User {serving.User}
            Group {serving.Group}
            AuthUserFile {users}
            AuthOrder mod_auth_file.c
            <IfModule mod_auth_pam.c>
              AuthPAM off
            </IfModule>
            <IfModule mod_delay.c>
              DelayEngine off
            </IfModule>
            RequireValidShell off
            PidFile {Folder["pid"]}
            ScoreboardFile {Folder["scoreboard"]}
            SystemLog {Folder["system.log"]}
            TransferLog none
            WtmpLog off
            AllowOverwrite on
            AllowStoreRestart on
            MaxInstances 300
            {string.Join('\n', Options.ProFtpdConfiguration)}
            """);
        return new CommandLine(program, "-n", "-q", "-c", configuration)
        {
            Environment = new Dictionary<string, string> { ["LD_LIBRARY_PATH"] = Peers.LibraryPath },
        };
    }
}
