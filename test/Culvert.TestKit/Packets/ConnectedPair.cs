using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Server;
using Culvert.Ssh.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culvert.TestKit.Packets;

/// <summary>Our client half on a transport: a multiplexer and the network that it makes.</summary>
internal sealed class ClientSide : IAsyncDisposable
{
    public ClientSide(IPacketTransport transport, TimeProvider? time = null, WindowBudget? budget = null, KeepAlive? keepAlive = null, MultiplexerOptions? options = null)
    {
        time ??= TimeProvider.System;
        Budget = budget ?? new WindowBudget(WindowBudget.DefaultBytes);
        var listeners = new RemoteListeners();
        Multiplexer = new Multiplexer(transport, (options ?? new()) with { WindowBudget = Budget, Time = time },
            multiplexer => new ClientConnectionRole(multiplexer, listeners, null, NullLogger.Instance), keepAlive is null ? null : keepAlive.RunAsync);
        Network = new SshNetwork(Multiplexer, listeners, time);
    }

    public Multiplexer Multiplexer { get; }

    public SshNetwork Network { get; }

    public WindowBudget Budget { get; }

    public ValueTask DisposeAsync() => Multiplexer.DisposeAsync();
}

/// <summary>Both halves of ours over a memory transport, without keys and login; behind the server lies a network of the test's choice.</summary>
internal sealed class ConnectedPair : IAsyncDisposable
{
    public ConnectedPair(INetwork behind, Func<IPacketTransport, IPacketTransport>? clientTransport = null, int capacity = 64, SshServerOptions? options = null)
    {
        var (client, server) = MemoryPacketTransport.Pair(capacity);
        Server = new ServerSession(server, options ?? Options(behind), new MultiplexerOptions());
        Client = new ClientSide(clientTransport?.Invoke(client) ?? client);
    }

    public ClientSide Client { get; }

    public ServerSession Server { get; }

    /// <summary>A server that allows everything.</summary>
    public static SshServerOptions Options(INetwork behind) => new()
    {
        Authentication = new Ssh.Auth.ServerAuthenticationOptions(),
        Network = behind,
        MayConnect = _ => true,
        MayListen = _ => true,
        WindowBudget = new WindowBudget(WindowBudget.DefaultBytes),
    };

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
    }
}
