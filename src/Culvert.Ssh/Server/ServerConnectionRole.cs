using Culvert.Net;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Wire;
using Microsoft.Extensions.Logging;

namespace Culvert.Ssh.Server;

/// <summary>What a client may ask of its server: connections and ports, as far as the options allow them.</summary>
internal sealed class ServerConnectionRole(
    Multiplexer multiplexer, SshServerOptions options, SessionTasks tasks, ILogger logger, CancellationTokenSource stop) : IConnectionRole
{
    /// <summary>Ports that one client may have open.</summary>
    private const int MaximumForwards = 256;

    // Only the reader loop touches it.
    private readonly Dictionary<Endpoint, IListener> _forwards = [];

    // direct-tcpip (RFC 4254 §7.2)
    // string    host to connect
    // uint32    port to connect
    // string    originator IP address
    // uint32    originator port
    public void Open(in IncomingOpen open, ref SshReader specific)
    {
        if (open.Type == "session" && options.ServeSession is not null)
        {
            var session = new ServedSession(options, tasks, stop.Token);
            session.Channel = multiplexer.Reserve(open, Priority.Interactive, session);
            session.Channel?.Confirm();
            return;
        }
        if (open.Type != "direct-tcpip")
        {
            Log.OpenRefused(logger, open.Type, "not served here");
            var isSession = open.Type == "session";
            multiplexer.Refuse(open, isSession ? OpenReason.AdministrativelyProhibited : OpenReason.UnknownChannelType, "open failed");
            return;
        }
        var to = new Endpoint(specific.DisplayText("host to connect"), ChannelMessages.Port(ref specific, "port to connect"));
        var originator = new Endpoint(specific.DisplayText("originator address"), ChannelMessages.Port(ref specific, "originator port"));
        if (!options.MayConnect(to))
        {
            Log.OpenRefused(logger, open.Type, to.ToString());
            multiplexer.Refuse(open, OpenReason.AdministrativelyProhibited, "open failed");
            return;
        }
        if (multiplexer.Reserve(open, Priority.Bulk) is not { } channel)
            return;
        var dial = options.Network.Connect(to, ConnectOptions.Default with { Originator = originator });
        tasks.Start(() => ConnectAsync(dial, channel));
    }

    public ValueTask RequestAsync(string name, bool wantsReply, ReadOnlyMemory<byte> specific, CancellationToken cancellationToken)
    {
        switch (name)
        {
            case "tcpip-forward":
                return ForwardAsync(Address(specific.Span, name), wantsReply, cancellationToken);
            case "cancel-tcpip-forward":
                return CancelAsync(Address(specific.Span, name), wantsReply);
            default:
                // Among them keepalive@openssh.com, to which any answer is good.
                Answer(wantsReply, ChannelMessages.RequestFailure());
                return ValueTask.CompletedTask;
        }
    }

    public void Lost(Failure failure) => stop.Cancel();

    // tcpip-forward, cancel-tcpip-forward (RFC 4254 §7.1): string address to bind, uint32 port number to bind
    private static Endpoint Address(ReadOnlySpan<byte> specific, string name)
    {
        var reader = new SshReader(specific, name);
        return new(reader.DisplayText("address to bind"), ChannelMessages.Port(ref reader, "port number to bind"));
    }

    private async ValueTask ForwardAsync(Endpoint asked, bool wantsReply, CancellationToken cancellationToken)
    {
        IListener listener;
        try
        {
            if (!options.MayListen(asked) || _forwards.Count >= MaximumForwards)
                throw new NetworkException(new Failure(FailureKind.Prohibited, "not allowed here"));
            // "localhost" is loopback without a resolver (RFC 4254 §7.1); of its two families the first.
            var at = asked.Host == "localhost" ? asked with { Host = Endpoint.Loopback4 } : asked;
            listener = await options.Network.ListenAsync(at, ListenOptions.Default, cancellationToken);
        }
        catch (NetworkException e)
        {
            Log.ForwardRefused(logger, asked, e.Failure.Text);
            Answer(wantsReply, ChannelMessages.RequestFailure());
            return;
        }
        var bound = asked.WithPort(listener.LocalEndpoint.Port);
        _forwards[bound] = listener;
        // The answer is queued before the first connection can be.
        Answer(wantsReply, ChannelMessages.RequestSuccess(asked.Port == 0 ? bound.Port : null));
        tasks.Start(() => AcceptAsync(listener, bound));
    }

    private async ValueTask CancelAsync(Endpoint bound, bool wantsReply)
    {
        var isKnown = _forwards.Remove(bound, out var listener);
        if (isKnown)
            await listener!.DisposeAsync();
        Answer(wantsReply, isKnown ? ChannelMessages.RequestSuccess(null) : ChannelMessages.RequestFailure());
    }

    private void Answer(bool wantsReply, byte[] message)
    {
        if (wantsReply)
            multiplexer.Reply(message);
    }

    private async Task ConnectAsync(Dial dial, Channel channel)
    {
        DialOutcome outcome;
        await using (stop.Token.UnsafeRegister(static state => ((Dial)state!).Abort(), dial))
            outcome = await dial.Outcome;
        if (outcome.Duplex is not { } target)
        {
            var (reason, description) = OpenFailures.Write(outcome.Failure!);
            channel.Refuse(reason, description);
            return;
        }
        await using (target)
        {
            if (!channel.Confirm())
                return;
            await using var duplex = new ChannelDuplex(channel);
            await Relay.RunAsync(duplex, target, stop.Token);
        }
    }

    private async Task AcceptAsync(IListener listener, Endpoint bound)
    {
        await using (listener)
        {
            try
            {
                while (true)
                {
                    var accepted = await listener.AcceptAsync(stop.Token);
                    tasks.Start(() => PassOnAsync(accepted, bound));
                }
            }
            catch (NetworkException e)
            {
                Log.ForwardEnded(logger, bound, e.Failure.Text);
            }
        }
    }

    private async Task PassOnAsync(Accepted accepted, Endpoint bound)
    {
        await using var near = accepted.Duplex;
        var originator = accepted.Peer.Knowledge == AddressKnowledge.Unknown ? new Endpoint(Endpoint.Loopback4, 0) : accepted.Peer.Address;
        var answered = new TaskCompletionSource<Failure?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var channel = multiplexer.Open("forwarded-tcpip", ChannelMessages.Addresses(bound, originator), Priority.Bulk,
            (failure, _) => answered.SetResult(failure));
        if (await answered.Task is { } refused)
        {
            Log.ForwardRefused(logger, bound, refused.Text);
            near.Abort();
            return;
        }
        await using var duplex = new ChannelDuplex(channel);
        await Relay.RunAsync(near, duplex, stop.Token);
    }
}
