using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Auth;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Trust;

namespace Culvert.Demo.Steps;

/// <summary>A loopback SSH server and one connection to it. Host key and user key are made for this run, live in memory only, and each side
/// accepts nothing but the other's.</summary>
internal sealed class SshLink : IAsyncDisposable
{
    private const string User = "demo";

    private readonly CancellationTokenSource _stop = new();
    private readonly Signer _userKey = Signer.GenerateEd25519();
    private readonly Signer _hostKey = Signer.GenerateEd25519();
    private Task _serving = Task.CompletedTask;
    private SshServer? _server;
    private SshConnection? _connection;

    private SshLink() { }

    /// <summary>Where the SSH server listens.</summary>
    public Endpoint Endpoint { get; private set; }

    /// <summary>What was agreed on, for a person.</summary>
    public string Description { get; private set; } = "";

    /// <summary>The far side of the connection.</summary>
    public INetwork Far => _connection!.Network;

    /// <summary>The first reason why the connection ended.</summary>
    public Task<Failure> Closed => _connection!.Closed;

    /// <summary>Starts the server and connects to it.</summary>
    /// <param name="tcp">This machine.</param>
    /// <param name="mayConnect">Where the server's channels may go.</param>
    /// <param name="options">Log and clock.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="NetworkException">The server can't listen.</exception>
    /// <exception cref="SshException">The connection could not be made.</exception>
    public static async Task<SshLink> StartAsync(INetwork tcp, Func<Endpoint, bool> mayConnect, DemoOptions options, CancellationToken stop)
    {
        var link = new SshLink();
        try
        {
            await link.ServeAsync(tcp, mayConnect, options, stop);
            await link.ConnectAsync(tcp, options, stop);
            return link;
        }
        catch
        {
            await link.DisposeAsync();
            throw;
        }
    }

    /// <summary>Disconnects, then stops the server.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
        await _stop.CancelAsync();
        await _serving;
        _server?.Dispose();
        _stop.Dispose();
        _userKey.Dispose();
        _hostKey.Dispose();
    }

    private async Task ServeAsync(INetwork tcp, Func<Endpoint, bool> mayConnect, DemoOptions options, CancellationToken stop)
    {
        var listener = await tcp.ListenAsync(new(Endpoint.Loopback4, 0), ListenOptions.Default, stop);
        Endpoint = listener.LocalEndpoint;
        _server = new(new SshServerOptions
        {
            HostKeys = [_hostKey],
            Authentication = new ServerAuthenticationOptions { PublicKey = ServerAuthenticationOptions.OnlyKeys(User, _userKey.PublicKey) },
            Network = tcp,
            MayConnect = mayConnect,
            MayListen = at => at.IsLoopback,
            LoggerFactory = options.LoggerFactory,
            Time = options.Time,
        });
        _serving = _server.ServeAsync(listener, _stop.Token);
    }

    private async Task ConnectAsync(INetwork tcp, DemoOptions options, CancellationToken stop)
    {
        _connection = await SshConnection.ConnectAsync(tcp, new SshClientOptions
        {
            Server = Endpoint,
            HostKeyPolicy = RequireHostKeyAsync,
            Authentication = new ClientAuthenticationOptions { User = User, Host = Endpoint.Host, Methods = ["publickey"], Signers = [_userKey] },
            LoggerFactory = options.LoggerFactory,
            Time = options.Time,
        }, stop);
        var agreed = _connection.Algorithms;
        Description = $"{agreed.KeyExchange}, {agreed.ClientToServer.Cipher}; keys made for this run, it reaches nothing but this demo";
    }

    private ValueTask RequireHostKeyAsync(HostKeyOffer offer, CancellationToken cancellationToken) =>
        offer.Blob.Span.SequenceEqual(_hostKey.PublicKey.Blob.Span)
            ? ValueTask.CompletedTask
            : throw new SshHostKeyException("the SSH server of this demo has another host key than the one made for it");
}
