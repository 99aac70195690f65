namespace Culvert.Cli.Arguments;

/// <summary>The help page: at most one screen of 24 lines and 80 columns. Plain text, printed before anything else is loaded.</summary>
internal static class HelpText
{
    /// <summary>The page.</summary>
    public const string Page = """
        culvert carries FTP through SSH, and plain TCP too.

        usage: culvert -L|-R [ftp/][address:]port:host:hostport ... [user@]host[#port]
               culvert PROFILE     of ssh-broker-config.xml [--profile, --config FILE]
               culvert demo [--once] | broker | ctl | connect | config check FILE
          -L ftp/1234:localhost:21   listen here; the FTP server is on the server's side
          -R ftp/2121:localhost:21   listen on the server; the FTP server is on our side
          -D 1080                    SOCKS: each client says where; -W host:port  stdio
        connection  -p port  -l user  -i keyfile  -J jumphost  -4  -6  -C  -b address
                    -F file|none  -o Key=Value (as in ssh_config)  -c ciphers  -m macs
                    --engine openssh           the connection is made by your own ssh
        login       --password-file FILE  --password-program COMMAND   or SSH_ASKPASS
        FTP         --active convert|forward|auto  PORT/EPRT as passive, or forwarded
                    --passive-ports A-B  --advertise ADDRESS  --ftp-host NAME
                    --data-address reply --data-hosts A,B     only with old servers
        who         -g  others may connect  --allow-users a,b  local users who may
        running     -f  background  -N -T -n  are implied  --host NAME  host, not verb
        messages    -v -vv -vvv  -q  -E logfile  -V version  -G settings  -h

        Port 0 chooses a free one and prints it. Exit: 0 stopped with nothing cut,
        255 connection, login, host key or forward failed, 2 usage.
        Example: culvert -L ftp/1234:localhost:21 me@sshserver, then ftp localhost 1234
        """;
}
