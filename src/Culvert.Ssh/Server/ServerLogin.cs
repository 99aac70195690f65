using Culvert.Net;
using Culvert.Ssh.Auth;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Microsoft.Extensions.Logging;

namespace Culvert.Ssh.Server;

/// <summary>A client's way from its first byte to the end of its login. What ends it early, the client is told, once there are keys to say it under.</summary>
internal sealed class ServerLogin(SshServerOptions options, IReadOnlyList<Signer> hostKeys, ILogger logger)
{
    /// <summary>The client's connection, logged in and the caller's; null: it's closed, and the log says why.</summary>
    public async Task<RekeyingTransport?> RunAsync(Accepted client, CancellationToken stop)
    {
        using var login = new Deadline(options.LoginTime, options.Time, CancellationToken.None);
        RekeyingTransport? transport = null;
        try
        {
            using (var either = CancellationTokenSource.CreateLinkedTokenSource(login.Token, stop))
                transport = await RekeyingTransport.AcceptAsync(client.Duplex, hostKeys,
                    new TransportOptions { Algorithms = options.Algorithms, Time = options.Time, Logger = logger }, either.Token);
            var user = await AuthenticateAsync(transport, login, stop);
            Log.ServerLoggedIn(logger, user, client.Peer.Address);
            return transport;
        }
        catch (Exception e)
        {
            var (reason, text) = e switch
            {
                SshConnectionException failure => (failure.Reason, failure.Message),
                OperationCanceledException when login.IsOver => (DisconnectReason.ByApplication, "Timeout before authentication"),
                OperationCanceledException => (DisconnectReason.ByApplication, "the server stops"),
                _ => (DisconnectReason.ByApplication, "internal error"),
            };
            if (transport is not null)
                await transport.DismissAsync(reason, text);
            if (e is SshException or OperationCanceledException)
                Log.ServerLoginFailed(logger, client.Peer.Address, text);
            else
                Log.ServerTaskFailed(logger, e);
            return null;
        }
    }

    /// <summary>A stop tears nothing that is being sent, be it the word of success: what the client is told stands behind it.</summary>
    private async Task<string> AuthenticateAsync(RekeyingTransport transport, Deadline login, CancellationToken stop)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var authenticating = ServerAuthentication.RunAsync(transport, transport.SessionId, options.Authentication, login.Token).AsTask();
        await using (stop.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), stopped))
            await Task.WhenAny(authenticating, stopped.Task);
        if (!authenticating.IsCompleted)
            await transport.DismissAsync(DisconnectReason.ByApplication, "the server stops");
        return await authenticating;
    }
}
