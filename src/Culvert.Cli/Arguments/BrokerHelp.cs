namespace Culvert.Cli.Arguments;

/// <summary>The help page of the broker: at most one screen.</summary>
internal static class BrokerHelp
{
    /// <summary>The page.</summary>
    public const string Page = """
        culvert broker keeps the tunnels of its profiles up, in the foreground.

        usage: culvert broker [options]
          -f, --config FILE      this ssh-broker-config.xml instead of the usual ones
          --host HOST            a host of ssh_config as profile; -F FILE, -o Key=Value
          -a, --socket PATH      the control socket, instead of the usual one
          --pid-file FILE        holds the process id while it runs
          -l, --log-file FILE    events go there instead of to standard error
          --log-format FORMAT    text, json or journal
          --metrics-port PORT    for a Prometheus on this machine; --otlp URL
          --require-all          ready only when all profiles of the start are up
          --exit-on-loss         end with 255 when a connection is lost or fails
          -v -vv -vvv            log what the libraries do; -V version; -h

        SIGHUP reads the configuration again, SIGUSR1 tries now what waits.
        culvert ctl start puts one into the background; culvert ctl --help has the
        verbs that control it; culvert service install makes a service of it.
        """;
}
