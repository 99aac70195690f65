using Culvert.Broker.Config;
using Culvert.Ftp;
using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>Sessions of an FTP tunnel. Counts the transfers that were cut after a stop.</summary>
internal sealed class FtpSessions : ITransferObserver
{
    private readonly FtpRelay _relay;
    private readonly INetwork _near;
    private readonly INetwork _far;
    private readonly Endpoint _destination;
    private readonly ITransferObserver _observer;
    private readonly CancellationToken _stop;
    private int _cut;

    /// <param name="tunnel">What is wanted.</param>
    /// <param name="server">The SSH server as the user named it.</param>
    /// <param name="near">Where FTP clients are.</param>
    /// <param name="far">Where the FTP server is.</param>
    /// <param name="services">Logs, clock, reporter.</param>
    /// <param name="grace">How long running transfers have after a stop.</param>
    /// <param name="stop">When it's cancelled, what fails from then on counts as cut.</param>
    public FtpSessions(TunnelConfig tunnel, string server, INetwork near, INetwork far, BrokerServices services, TimeSpan grace, CancellationToken stop)
    {
        (_near, _far, _observer, _stop) = (near, far, services.Reporter, stop);
        _destination = new Endpoint(tunnel.Spec.DestinationHost, tunnel.Spec.DestinationPort);
        var options = FtpsKeys.Equip(tunnel, services) with
        {
            Profile = tunnel.Spec.ToString(), ShutdownGrace = grace, Explain = failure => LinkMessages.ForFtpClients(server, tunnel.Spec, failure),
        };
        _relay = new FtpRelay(options, services.LoggerFactory.CreateLogger("Culvert.Ftp"), services.Time, this);
    }

    /// <summary>Whether settings fit together, as far as that can be told before anything is connected.</summary>
    /// <param name="tunnel">What is wanted.</param>
    /// <param name="server">The SSH server as the user named it.</param>
    /// <exception cref="ConfigException">They don't.</exception>
    public static void Check(TunnelConfig tunnel, string server)
    {
        if (tunnel.Spec.Type != TunnelType.Ftp)
            return;
        // A forwarded port is opened on loopback of the machine at the tunnel's far end, which no other machine can reach.
        if (tunnel.Ftp.Active != ActiveMode.Convert && !tunnel.EndsAtFarEnd(server))
        {
            throw new ConfigException(
                $"active mode can't be forwarded for an FTP server on {tunnel.Spec.DestinationHost}: it could not reach the port, which is opened on {(tunnel.Spec.Kind == TunnelKind.Local ? server : "this machine")} for that machine alone",
                "leave --active at convert, which every FTP server with passive mode can do");
        }
        if (tunnel.Ftp.DataAddress == DataAddress.Reply && tunnel.Ftp.DataHosts.Count == 0)
            throw new ConfigException("--data-address reply needs --data-hosts", "list the addresses at which the FTP server keeps its data");
        FtpsKeys.Check(tunnel);
    }

    /// <summary>How many transfers were cut so far.</summary>
    public int Cut => Volatile.Read(ref _cut);

    /// <summary>Serves one client.</summary>
    public Task ServeAsync(Accepted client, CancellationToken stop) => _relay.RunAsync(client, _near, _far, _destination, stop);

    /// <inheritdoc/>
    public void Started(Transfer transfer) => _observer.Started(transfer);

    /// <inheritdoc/>
    public void Ended(Transfer transfer)
    {
        if (_stop.IsCancellationRequested && transfer.Result != TransferResult.Complete)
            Interlocked.Increment(ref _cut);
        _observer.Ended(transfer);
    }

    /// <inheritdoc/>
    public void UnseenDataCut()
    {
        if (_stop.IsCancellationRequested)
            Interlocked.Increment(ref _cut);
        _observer.UnseenDataCut();
    }

    /// <inheritdoc/>
    public void AddressRewritten(string from, string to) => _observer.AddressRewritten(from, to);

    /// <inheritdoc/>
    public void ChannelOpening(Endpoint to) => _observer.ChannelOpening(to);
}
