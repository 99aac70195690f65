using Culvert.Net;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Server;
using Microsoft.Extensions.Logging;

namespace Culvert.Ssh;

/// <summary>The listening half of SSH, for the demo and for tests: <c>direct-tcpip</c> and <c>tcpip-forward</c>, sessions only for who serves them, no programs of its own. It binds nothing itself: who
/// gives it a listener on loopback has a server on loopback.</summary>
public sealed class SshServer : IDisposable
{
    private readonly SshServerOptions _options;
    private readonly ILogger _logger;
    private readonly Signer? _ownKey;
    private readonly IReadOnlyList<Signer> _hostKeys;

    /// <summary>Makes a server that serves nobody yet.</summary>
    public SshServer(SshServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _logger = options.LoggerFactory.CreateLogger("Culvert.Ssh.Server");
        _hostKeys = options.HostKeys.Count > 0 ? options.HostKeys : [_ownKey = Signer.GenerateEd25519()];
    }

    /// <summary>Its public keys: what a client has to trust.</summary>
    public IReadOnlyList<PublicKey> HostKeys => [.. _hostKeys.Select(key => key.PublicKey)];

    /// <summary>Serves until <paramref name="stop"/> is cancelled or the listener dies; returns when the last session has ended. It owns the listener.</summary>
    public async Task ServeAsync(IListener listener, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(listener);
        var tunnel = new Tunnel(listener, ServeAsync, _options.MaximumConnections);
        if (await tunnel.RunAsync(stop) is { } failure)
            Log.ServerListenerLost(_logger, failure.Text);
    }

    /// <summary>Wipes the key that was made here. After <see cref="ServeAsync(IListener, CancellationToken)"/> has returned.</summary>
    public void Dispose() => _ownKey?.Dispose();

    private async Task ServeAsync(Accepted client, CancellationToken stop)
    {
        if (await new ServerLogin(_options, _hostKeys, _logger).RunAsync(client, stop) is not { } transport)
            return;
        await using var session = new ServerSession(transport, _options,
            new MultiplexerOptions { Logger = _logger, RefuseLast = transport.RefuseLast, Disconnect = transport.DisconnectAsync });
        await using (stop.UnsafeRegister(static state => ((ServerSession)state!).Stop(), session))
            await session.Closed;
    }
}
