namespace Culvert.Interop.Configuration;

/// <summary>Forty configurations, each for one rule of ssh_config(5).</summary>
internal static class FixedConfigurations
{
    public static IReadOnlyList<Configuration> All { get; } =
    [
        Configuration.Of("nothing", ""),
        Configuration.Of("first value wins", "Port 1\nPort 2\nHost alias\n Port 3\nUser a\nUser b\n"),
        Configuration.Of("host patterns", "Host other\n Port 1\nHost a?i*\n Port 2\nHost * !alias\n User no\nHost !alias *\n User no\nHost \"alias\"\n User yes\n"),
        Configuration.Of("host patterns count case", "Host ALIAS\n Port 1\nHost alias\n Port 2\nHost *\n Port 3\n", "Alias"),
        Configuration.Of("names are printed in lower case", "HostName %h.Example.ORG\nHostKeyAlias KEY\n", "WEB"),
        Configuration.Of("an address is written as the system writes it", "", "0:0::0001"),
        Configuration.Of("a short address", "", "127.1"),
        Configuration.Of("match host sees HostName", "HostName real.example\nMatch host real.example\n Port 1\nMatch host alias\n Port 2\nMatch originalhost alias\n User me\n"),
        Configuration.Of("match users", "User them\nMatch user them localuser root,me\n Port 1\nMatch user root\n Port 2\nMatch !localuser root\n Port 3\nMatch all\n Port 4\n"),
        Configuration.Of("match exec", "Match exec \"test %n = alias\"\n Port 1\nMatch exec false\n User no\nMatch !exec false\n User yes\nMatch host nobody exec \"exit 0\"\n IdentityFile no\n"),
        Configuration.Of("match exec tokens", "HostName h.example\nPort 77\nUser r\nMatch exec \"test '%h %p %r %%' = 'h.example 77 r %%' -a -n %C%L%l%d%i%k%u\"\n BindAddress 127.0.0.9\n"),
        Configuration.Of("match final", "Host alias\n HostName final.example\nMatch final host final.example\n Port 5\nMatch final all\n User last\nMatch !final\n BatchMode yes\nHost final.example\n IdentityFile seen\n"),
        Configuration.Of("match canonical", "Match canonical\n Port 1\nMatch !canonical all\n Port 2\n"),
        Configuration.Of("equals signs", "Port=1\nUser = me\nHost=alias\n HostKeyAlias =k\nMatch host=alias\n ProxyCommand=nc %h %p\n"),
        Configuration.Of("quotes", "User \"a b\"\nIdentityFile '/k/a b'\nIdentityFile /k/a\\ b\nIdentityFile \"/k/\\\"q\\\"\"\nUserKnownHostsFile \"/a b\" /c\n"),
        Configuration.Of("comments", "# Port 1\n   # Port 2\nPort 3 # three\nUser a#b\nIdentityFile \"#c\" # d\nProxyCommand nc # %h\n"),
        Configuration.Of("blanks at the ends", "\t Port \t 7  \t\nUser me\f\n \n\t\n"),
        Configuration.Of("keywords in any case", "PORT 1\nuser me\niDentityFile x\nhOsT alias\nCIPHERS aes128-ctr\n"),
        Configuration.Of("tokens", "HostName %h.example\nUserKnownHostsFile %d/%n_%h_%p_%r_%u_%i_%l_%L_%k_%%_%C ~/x ${HOME}/y\nIdentityAgent %d/${HOME}/%r\nIdentityFile ~/.ssh/%h\nControlPath ~/%C\nPort 222\nUser r\nHostKeyAlias KK\n"),
        Configuration.Of("include", "Host alias\n Include {F}/one\n User after\nHost *\n Include {F}/conf.d/*.conf\n Port 9\n").With("one", "Port 1\nHost nobody\n User no\n").With("conf.d/b.conf", "User b\n").With("conf.d/a.conf", "BindAddress 127.0.0.2\nUser a\n"),
        Configuration.Of("include in a block that doesn't count", "Host nobody\n Include {F}/one\nPort 2\nHost alias\n Port 3\n").With("one", "Host alias\n Port 1\nMatch all\n Port 4\n"),
        Configuration.Of("include what isn't there", "Include {F}/none {F}/no*\nPort 3\n"),
        new Configuration("usual files", new Dictionary<string, string>
        {
            ["config"] = "Include conf.d/* two\nHost alias\n Port 1\n",
            ["conf.d/x"] = "User included\n",
            ["two"] = "IdentityFile ~/k2\nPort 5\n",
            ["ssh_config"] = "Port 2\nUser system\nIdentityFile /system/key\nIdentityFile ~/k2\nHashKnownHosts yes\n",
        }, [], "alias", UsesUsualFiles: true),
        new Configuration("usual files: none", new Dictionary<string, string> { ["ssh_config"] = "HashKnownHosts yes\n" }, [], "alias", UsesUsualFiles: true),
        Configuration.Of("the command line wins", "Port 1\nUser file\nBatchMode no\nBindAddress 127.0.0.1\nCiphers aes128-ctr\n", "you@alias", "-p", "2", "-o", "BatchMode=yes", "-b", "127.0.0.3", "-c", "aes256-ctr"),
        Configuration.Of("spellings of -o", "", "alias", "-o", "Port 5", "-o", "User=me", "-o", "HostKeyAlias = k", "-o", "IdentityFile \"a b\""),
        Configuration.Of("files add up", "IdentityFile a\nIdentityFile b\nIdentityFile a\nCertificateFile c\nCertificateFile c\nCertificateFile d\nHost alias\n IdentityFile e\n", "alias", "-o", "IdentityFile=z"),
        Configuration.Of("forwards", "LocalForward 1 a:2\nLocalForward 1 a:2\nLocalForward [::1]:3 [2001:db8::1]:4\nLocalForward *:5 b:http\nRemoteForward 0 c:6\nRemoteForward 1080\nDynamicForward 127.0.0.1:7\nLocalForward ftp/1234 localhost:21\n"),
        Configuration.Of("forwards of sockets", "LocalForward /run/%h a:1\nRemoteForward /run/r b:2\n"),
        Configuration.Of("forwards cleared", "LocalForward 1 a:2\nDynamicForward 3\nClearAllForwardings yes\n"),
        Configuration.Of("proxy jump", "ProxyJump me@a:1,ssh://you@b:2,[::1]:3\nProxyCommand x\n"),
        Configuration.Of("proxy: the first of the two wins", "ProxyCommand none\nProxyJump a\n"),
        Configuration.Of("algorithms", "Ciphers ^aes256-ctr,aes128-cbc\nMACs -*etm*\nKexAlgorithms ecdh-sha2-nistp521,curve25519-sha256\nHostKeyAlgorithms +ssh-rsa\nPubkeyAcceptedAlgorithms rsa-*\n"),
        Configuration.Of("times and sizes", "ConnectTimeout none\nConnectTimeout 1m30\nServerAliveInterval 2h\nRekeyLimit 1.5G\nRekeyLimit 2G 1h\nServerAliveCountMax 0\nNumberOfPasswordPrompts 0\n"),
        Configuration.Of("words that mean the same", "StrictHostKeyChecking off\nPubkeyAuthentication host-bound\nUpdateHostKeys ask\nLogLevel debug1\nPasswordAuthentication TRUE\nChallengeResponseAuthentication no\nKeepAlive no\n"),
        Configuration.Of("silent ones", "ControlMaster auto\nControlPath ~/.ssh/%r@%h\nControlPersist 10m\nForwardAgent yes\nForwardX11 yes\nSendEnv LANG LC_*\nSetEnv A=b\nVisualHostKey yes\nCompression yes\nGSSAPIAuthentication yes\nProtocol 2\nUseRoaming no\nRequestTTY force\nAddKeysToAgent confirm 5m\nIPQoS ef 0x10\n"),
        Configuration.Of("ignore unknown", "IgnoreUnknown Use*,Future*\nUseKeychainX yes\nFUTUREthing a b c\nPort 2\n"),
        Configuration.Of("refused: several mistakes", "Port 1\nFoo bar\nBatchMode maybe\nHost alias\n Port x\nHost nobody\n Port 1 2\n User \"open\nMatch foo bar\nLogLevel loud\n"),
        Configuration.Of("refused: in an included file", "Bad 1\nInclude {F}/one\nBad 2\n").With("one", "Port 1\nPort\nUser x y\n"),
        Configuration.Of("refused: a file that includes itself", "Include {F}/config\n"),
    ];
}
