using System.Threading.Channels;
using Culvert.Net;

namespace Culvert.Ssh.Connection;

/// <summary>A port on the server (RFC 4254 §7.1, §7.2). Connections are confirmed when they come and wait here, few of them, until they're accepted.</summary>
internal sealed class RemoteListener : IListener
{
    private readonly Multiplexer _multiplexer;
    private readonly RemoteListeners _listeners;
    private readonly ListenOptions _options;
    private readonly System.Threading.Channels.Channel<(Channel Channel, Endpoint Originator)> _backlog;
    private int _closed;

    /// <param name="multiplexer">Cancels the forward through it.</param>
    /// <param name="listeners">Where it's registered.</param>
    /// <param name="at">The address that the server was asked for, with the port that it bound.</param>
    /// <param name="isDynamic">The server chose the port.</param>
    /// <param name="options">How its connections rank.</param>
    public RemoteListener(Multiplexer multiplexer, RemoteListeners listeners, Endpoint at, bool isDynamic, ListenOptions options)
    {
        _multiplexer = multiplexer;
        _listeners = listeners;
        _options = options;
        LocalEndpoint = at;
        IsDynamic = isDynamic;
        _backlog = System.Threading.Channels.Channel.CreateBounded<(Channel, Endpoint)>(ConnectionLimits.MaximumAcceptBacklog);
    }

    public Endpoint LocalEndpoint { get; }

    public bool IsDynamic { get; }

    public async ValueTask<Accepted> AcceptAsync(CancellationToken cancellationToken)
    {
        try
        {
            var (channel, originator) = await _backlog.Reader.ReadAsync(cancellationToken);
            // The originator is the server's word; the address that was dialled is unknown, only what we asked to bind is not.
            return new(new ChannelDuplex(channel), new Peer(originator, AddressKnowledge.Claimed, null, null));
        }
        catch (ChannelClosedException e)
        {
            throw new NetworkException((e.InnerException as NetworkException)?.Failure ?? new Failure(FailureKind.Aborted, "the listener was closed"), e);
        }
    }

    /// <summary>A connection came in. On the reader loop.</summary>
    public void Open(in IncomingOpen open, Endpoint originator)
    {
        if (_backlog.Reader.Count >= ConnectionLimits.MaximumAcceptBacklog)
        {
            _multiplexer.Refuse(open, OpenReason.ResourceShortage, "too many connections wait to be accepted");
            return;
        }
        if (_multiplexer.Reserve(open, _options.Priority) is not { } channel || !channel.Confirm())
            return;
        if (!_backlog.Writer.TryWrite((channel, originator)))
            channel.Dispose();
    }

    /// <summary>Stops listening; what was not accepted is reset. Later requests stand behind this one, so the same port may be asked for again at once.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        _listeners.Remove(this);
        _backlog.Writer.TryComplete();
        _multiplexer.Request("cancel-tcpip-forward", ChannelMessages.Forward(LocalEndpoint), new CancelReply());
        Drain();
    }

    /// <summary>The connection is gone.</summary>
    public void Lost(Failure failure)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        _backlog.Writer.TryComplete(new NetworkException(failure));
        Drain();
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    private void Drain()
    {
        while (_backlog.Reader.TryRead(out var waiting))
        {
            // A channel's duplex is disposed at once: there is nothing to await.
            waiting.Channel.Dispose();
        }
    }

    /// <summary>A server that can't cancel keeps the port until the connection ends; its opens are refused here as those of an unknown port.</summary>
    private sealed class CancelReply : PendingReply
    {
        public override void Succeeded(ReadOnlySpan<byte> specific) { }
        public override void Refused() { }
        public override void Lost(Failure failure) { }
    }
}
