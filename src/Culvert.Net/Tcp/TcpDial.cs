using System.Net;
using System.Net.Sockets;
using Culvert.Net.Tcp.Io;

namespace Culvert.Net.Tcp;

/// <summary>Resolves, then tries the addresses one after the other. One deadline holds for all of it.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Reliability", "CA1001", Justification = "A source without timer and links holds nothing to dispose, and anybody may abort at any time")]
internal sealed class TcpDial : Dial
{
    private readonly CancellationTokenSource _abort = new();
    private readonly Lock _gate = new();
    private readonly Endpoint _to;
    private readonly ConnectOptions _options;
    private readonly TimeProvider _time;
    private readonly EpollLoop? _loop;
    private TcpDuplex? _connected;

    public TcpDial(Endpoint to, ConnectOptions options, TimeProvider time, EpollLoop? loop)
    {
        (_to, _options, _time, _loop) = (to, options, time, loop);
        Outcome = RunAsync();
    }

    public override Task<DialOutcome> Outcome { get; }

    public override void Abort()
    {
        _abort.Cancel();
        lock (_gate)
            _connected?.Abort();
    }

    /// <summary>The connection stands; unless the caller gave up in this very moment, it is theirs.</summary>
    private DialOutcome Connected(TcpDuplex duplex, IPEndPoint address)
    {
        lock (_gate)
        {
            if (!_abort.IsCancellationRequested)
            {
                _connected = duplex;
                return new(duplex, null) { Reached = Endpoint.From(address) };
            }
        }
        duplex.Abort();
        return new(null, GivenUp);
    }

    private static Failure GivenUp => new(FailureKind.Aborted, "given up");

    private async Task<DialOutcome> RunAsync()
    {
        using var deadline = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_abort.Token, deadline.Token);
        try
        {
            var addresses = await ResolveAsync(either.Token).ConfigureAwait(false);
            var failure = new Failure(FailureKind.UnknownName, "No address of that family");
            foreach (var address in addresses)
            {
                var outcome = await TryAsync(new IPEndPoint(address, _to.Port), either.Token).ConfigureAwait(false);
                if (outcome.Duplex is not null)
                    return outcome;
                failure = outcome.Failure!;
            }
            return new(null, failure);
        }
        catch (OperationCanceledException)
        {
            return new(null, _abort.IsCancellationRequested ? GivenUp : new Failure(FailureKind.Timeout, "Connection timed out"));
        }
        catch (SocketException e)
        {
            return new(null, SocketFailure.Of(e));
        }
    }

    private AddressFamily? SourceFamily => _options.Source is { } source && source.TryGetAddress(out var from) ? from.AddressFamily : null;

    private async Task<IPAddress[]> ResolveAsync(CancellationToken cancellationToken)
    {
        if (_to.TryGetAddress(out var literal))
            return [literal];
        var family = _options.Family ?? SourceFamily ?? AddressFamily.Unspecified;
        return await Dns.GetHostAddressesAsync(_to.Host, family, cancellationToken).ConfigureAwait(false);
    }

    private async Task<DialOutcome> TryAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        if (_options.RequiredOwner is { } before && SocketOwners.System.OfListener(address) != before)
            return NotTheirs(address);
        var (from, problem) = await SourceAsync(address.AddressFamily, cancellationToken).ConfigureAwait(false);
        if (problem is not null)
            return new(null, problem);
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SocketIo? io = null;
        try
        {
            if (from is not null)
                socket.Bind(from);
            io = await ConnectAsync(socket, address, cancellationToken).ConfigureAwait(false);
            if (_options.RequiredOwner is { } after && !IsTheirs(socket, address, after))
            {
                Drop();
                return NotTheirs(address);
            }
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, _options.KeepAlive);
            if (_options.QuickAcknowledge)
                LinuxTcp.KeepSendQueueShort(socket);
            return Connected(new TcpDuplex(socket, io, _options.ArmedToReset, _options.QuickAcknowledge), address);
        }
        catch (SocketException e)
        {
            Drop();
            return new(null, SocketFailure.Of(e));
        }
        catch (OperationCanceledException)
        {
            Drop();
            throw;
        }

        // Whoever moves its bytes must know that it's gone.
        void Drop()
        {
            if (io is null)
                socket.Dispose();
            else
                io.Close();
        }
    }

    /// <summary>Where the connection is to come from, null: the system chooses; or why it can't come from there. What was asked for is never left out.</summary>
    private async ValueTask<(IPEndPoint? From, Failure? Problem)> SourceAsync(AddressFamily family, CancellationToken cancellationToken)
    {
        if (_options.Source is not { } source)
        {
            return _options.SourceInterface is not { } name ? (null, null)
                : LocalInterfaces.AddressOf(name, family) is { } own ? (new(own, 0), null)
                : (null, new(FailureKind.Unreachable, $"{name}: no suitable addresses"));
        }
        if (source.TryGetAddress(out var literal))
            return (new(literal, source.Port), null);
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(source.Host, family, cancellationToken).ConfigureAwait(false);
            return (new(addresses[0], source.Port), null);
        }
        catch (SocketException e)
        {
            return (null, new(FailureKind.Unreachable, $"bind {source.Host}: {SocketFailure.Of(e).Text}"));
        }
    }

    private async ValueTask<SocketIo> ConnectAsync(Socket socket, IPEndPoint address, CancellationToken cancellationToken)
    {
        if (SocketIo.For(socket, _loop) is EpollSocket io)
        {
            try
            {
                await io.ConnectAsync(address, cancellationToken).ConfigureAwait(false);
                return io;
            }
            catch
            {
                io.Close(); // the loop must not hear of a socket that is gone
                throw;
            }
        }
        await socket.ConnectAsync(address, cancellationToken).ConfigureAwait(false);
        return SocketIo.Portable(socket);
    }

    /// <summary>A listener may be closed as soon as it has its one connection: then the socket that was accepted tells its owner. One that
    /// waits to be accepted has none yet: then the listener is still there. Between the two questions it may be accepted.</summary>
    private static bool IsTheirs(Socket socket, IPEndPoint address, UserId owner) =>
        socket.LocalEndPoint is IPEndPoint own
        && (SocketOwners.System.OfConnection(address, own) == owner
            || SocketOwners.System.OfListener(address) == owner
            || SocketOwners.System.OfConnection(address, own) == owner);

    private static DialOutcome NotTheirs(IPEndPoint address) =>
        new(null, new Failure(FailureKind.Prohibited, $"port {address.Port} does not belong to the user who asked for it"));
}
