using Culvert.Ftp;
using Culvert.Interop.Servers;
using Culvert.Net;
using Culvert.Net.Tcp;
using Culvert.Ssh;
using Culvert.Ssh.Keys;
using Microsoft.Extensions.Logging.Abstractions;
using SshServer = Culvert.Interop.Servers.SshServer;

namespace Culvert.Interop.Proofs.Theft;

/// <summary>The same relay through the same SSH server as the program, on a <see cref="BlindNetwork"/>. It runs inside of the tests.</summary>
internal sealed class BlindRelay : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly SshConnection _connection;
    private readonly IListener _listener;
    private readonly Task _serving;

    private BlindRelay(SshConnection connection, IListener listener, INetwork near, FtpRelayOptions options, Endpoint destination)
    {
        (_connection, _listener) = (connection, listener);
        _serving = ServeAsync(new FtpRelay(options, NullLogger.Instance, TimeProvider.System), near, destination);
    }

    public int Port => _listener.LocalEndpoint.Port;

    public static async Task<BlindRelay> StartAsync(SshServer ssh, FtpServer ftp, PortRange ports, CancellationToken cancellation)
    {
        var tcp = new TcpNetwork(TimeProvider.System);
        using var user = await KeyFile.LoadAsync(ssh.Keys.PrivateKey(TestKeys.Client), null, cancellation);
        var connection = await SshConnection.ConnectAsync(tcp, new SshClientOptions
        {
            Server = new(ssh.Address, ssh.Port),
            HostKeyPolicy = (_, _) => ValueTask.CompletedTask,
            Authentication = new() { User = ssh.User, Host = ssh.Address, Signers = [user] },
        }, cancellation);
        var near = new BlindNetwork(tcp);
        var listener = await near.ListenAsync(new(Endpoint.Loopback4, 0), new() { OutOfBandInline = true }, cancellation);
        return new BlindRelay(connection, listener, near, new FtpRelayOptions { PassivePorts = ports }, new(ftp.Options.ListenAddress, ftp.Port));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        await _listener.DisposeAsync();
        await _connection.DisposeAsync();
        _stop.Dispose();
    }

    private async Task ServeAsync(FtpRelay relay, INetwork near, Endpoint destination)
    {
        List<Task> sessions = [];
        try
        {
            while (true)
            {
                sessions.Add(relay.RunAsync(await _listener.AcceptAsync(_stop.Token), near, _connection.Network, destination, _stop.Token));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(sessions);
        }
    }
}
