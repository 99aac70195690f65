using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Auth;
using Culvert.TestKit.Networks;
using Culvert.TestKit.Packets;

namespace Culvert.Tests.Ssh;

/// <summary>An SSH server on a memory network, and another network behind it.</summary>
internal sealed class SshWorld : IAsyncDisposable
{
    public static readonly Endpoint Port = new("ssh.example", 22);

    private readonly CancellationTokenSource _stop = new();
    private readonly SshServer _server;
    private readonly Task _serving;

    /// <param name="change">What the server's options are to be; it takes the password <c>secret</c> of <c>user</c> and allows everything.</param>
    /// <param name="internet">Where it listens.</param>
    /// <param name="wrap">What lies between the server and each of its clients.</param>
    public SshWorld(Func<SshServerOptions, SshServerOptions>? change = null, MemoryNetwork? internet = null, Func<Duplex, Duplex>? wrap = null)
    {
        Internet = internet ?? new MemoryNetwork();
        var options = ConnectedPair.Options(Behind) with
        {
            Authentication = new ServerAuthenticationOptions { Password = ServerAuthenticationOptions.OnlyPassword("user", "secret") },
        };
        _server = new SshServer(change?.Invoke(options) ?? options);
        _serving = ServeAsync(wrap);
    }

    public MemoryNetwork Internet { get; }

    public MemoryNetwork Behind { get; } = new();

    public SshClientOptions Client(string password = "secret") => new()
    {
        Server = Port,
        HostKeyPolicy = (offer, _) => offer.Fingerprint == _server.HostKeys[0].Fingerprint
            ? ValueTask.CompletedTask
            : throw new SshHostKeyException("another key"),
        Authentication = new ClientAuthenticationOptions { User = "user", Host = Port.Host, PasswordSource = _ => new(password) },
        WindowBudget = new WindowBudget(WindowBudget.DefaultBytes),
    };

    /// <summary>Asks the server to stop, and waits for nothing.</summary>
    public Task RequestStopAsync() => _stop.CancelAsync();

    public async Task StopAsync()
    {
        await RequestStopAsync();
        await _serving;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _server.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync(Func<Duplex, Duplex>? wrap)
    {
        IListener listener = await Internet.ListenAsync(Port, ListenOptions.Default, CancellationToken.None);
        await _server.ServeAsync(wrap is null ? listener : new Wrapped(listener, wrap), _stop.Token);
    }

    private sealed class Wrapped(IListener inner, Func<Duplex, Duplex> wrap) : IListener
    {
        public Endpoint LocalEndpoint => inner.LocalEndpoint;

        public async ValueTask<Accepted> AcceptAsync(CancellationToken cancellationToken)
        {
            var (duplex, peer) = await inner.AcceptAsync(cancellationToken);
            return new(wrap(duplex), peer);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
