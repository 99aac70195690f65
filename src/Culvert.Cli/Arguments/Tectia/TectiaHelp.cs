namespace Culvert.Cli.Arguments;

/// <summary>The help page of <c>sshg3</c>: at most one screen of 24 lines and 80 columns.</summary>
internal static class TectiaHelp
{
    /// <summary>The page.</summary>
    public const string Page = """
        sshg3 logs in to an SSH server, runs a command or a shell, and carries FTP.
        It is culvert under the name and with the options of SSH Tectia's client.

        usage: sshg3 [options] [user@]host[#port] [command]

        tunnels     -L [ftp/|tcp/|socks/][address:]port:host:hostport    listen here
                    -R [ftp/|tcp/][address:]port:host:hostport   listen on the server
                    -g (before -L) others may connect  +g only this machine
                    -S no session  -f into the background  --abort-on-failing-tunnel
        session     -t terminal  -n no input  -s subsystem  -e char|none  +C compress
                    --remote-environment NAME=VALUE
        connection  -l user  -p port  -4  -6  --keep-alive=s  --tcp-connect-timeout=s
        login       -K keyfile  -i identification-file  -B never ask  --kip
                    -P file://FILE|extprog://PROGRAM  --allowed-authentications=A,B
        server key  --hostkey-policy=ask|strict|tofu|advisory
        algorithms  -c ciphers  -m macs  -u kexs  -j hostkey-algs   (help lists them)
        messages    -v  -D level  -q  -z logfile  -V version  -h

        Exit: the command's status; 1 when sshg3 itself failed; ~? at a new line helps.
        Example: sshg3 -L ftp/1234:localhost:21 me@sshserver, then ftp localhost 1234
        """;
}
