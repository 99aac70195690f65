using System.Security.Cryptography;
using Culvert.Net;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Connection;

/// <summary>The far side of an SSH connection as a network: connecting is <c>direct-tcpip</c>, listening is <c>tcpip-forward</c> (RFC 4254 §7). Names are the
/// server's to resolve. Of the options it heeds the timeout, the originator, the priority and the range of ports.</summary>
internal sealed class SshNetwork(Multiplexer multiplexer, RemoteListeners listeners, TimeProvider time) : INetwork
{
    public bool ListensOverAWay => true;

    public Dial Connect(Endpoint to, ConnectOptions options) => ChannelDial.Start(multiplexer, to, options, time);

    public async ValueTask<IListener> ListenAsync(Endpoint at, ListenOptions options, CancellationToken cancellationToken)
    {
        if (at.Port != 0 || options.Ports is not { } ports)
            return await ForwardAsync(at, options, cancellationToken);
        // PermitListen may forbid port 0. Begin anywhere in the range: neighbours that were just closed may linger.
        var count = ports.Last - ports.First + 1;
        var start = RandomNumberGenerator.GetInt32(count);
        NetworkException? refused = null;
        for (var i = 0; i < count; i++)
        {
            try
            {
                return await ForwardAsync(at.WithPort(ports.First + (start + i) % count), options, cancellationToken);
            }
            catch (NetworkException e) when (e.Failure.Kind == FailureKind.Prohibited)
            {
                refused = e;
            }
        }
        throw new NetworkException(new Failure(FailureKind.Prohibited, $"remote port forwarding failed for listen ports {ports.First}-{ports.Last}"), refused);
    }

    private async ValueTask<IListener> ForwardAsync(Endpoint at, ListenOptions options, CancellationToken cancellationToken)
    {
        // RFC 4254 §7.1: the empty address stands for every address of every family.
        var asked = at with { Host = at.Host == "*" ? "" : at.Host };
        var reply = new ForwardReply(multiplexer, listeners, asked, options);
        multiplexer.Request("tcpip-forward", ChannelMessages.Forward(asked), reply);
        using var giveUp = cancellationToken.UnsafeRegister(static (state, token) => ((ForwardReply)state!).GiveUp(token), reply);
        return await reply.Listener;
    }

    /// <summary>Waits for the server's word on a forward. The listener is registered on the reader loop, before the next packet is looked at: that may be
    /// its first connection.</summary>
    private sealed class ForwardReply(Multiplexer multiplexer, RemoteListeners listeners, Endpoint asked, ListenOptions options) : PendingReply
    {
        private readonly TaskCompletionSource<IListener> _listener = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<IListener> Listener => _listener.Task;

        public void GiveUp(CancellationToken cancellationToken) => _listener.TrySetCanceled(cancellationToken);

        public override void Succeeded(ReadOnlySpan<byte> specific)
        {
            try
            {
                var listener = new RemoteListener(multiplexer, listeners, asked.WithPort(BoundPort(specific)), isDynamic: asked.Port == 0, options);
                listeners.Add(listener);
                if (!_listener.TrySetResult(listener))
                    listener.Close();
            }
            catch (SshProtocolException e)
            {
                // The connection ends of it, but this answer is used up: nobody else would tell who waits.
                _listener.TrySetException(new NetworkException(e.Failure, e));
                throw;
            }
        }

        public override void Refused() =>
            _listener.TrySetException(new NetworkException(new Failure(FailureKind.Prohibited, $"remote port forwarding failed for listen port {asked.Port}")));

        public override void Lost(Failure failure) => _listener.TrySetException(new NetworkException(failure));

        /// <summary>Only port 0 is answered with a port; a release of OpenSSH answers every request with one, so more than is expected does no harm.</summary>
        private int BoundPort(ReadOnlySpan<byte> specific)
        {
            if (asked.Port != 0)
                return asked.Port;
            var reader = new SshReader(specific, "REQUEST_SUCCESS for tcpip-forward");
            var port = ChannelMessages.Port(ref reader, "port that was bound");
            return port != 0 ? port : throw new SshProtocolException("REQUEST_SUCCESS for tcpip-forward: port 0 was asked for and port 0 was bound");
        }
    }
}
