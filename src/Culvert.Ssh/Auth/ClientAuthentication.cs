using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Auth;

/// <summary>The client's half of RFC 4252: which method is tried when.</summary>
internal static class ClientAuthentication
{
    /// <summary>Logs in, or says why not. Time is the caller's affair: cancel.</summary>
    /// <param name="transport">Keyed; nobody else receives from it meanwhile.</param>
    /// <param name="sessionId">The first exchange hash; signatures are bound to it.</param>
    /// <param name="peerExtensions">The server's extensions as they are known at the moment of the call.</param>
    /// <param name="options">Who, and with what.</param>
    /// <param name="cancellationToken">Gives up; the connection is of no use afterwards.</param>
    /// <exception cref="SshAuthenticationException">The server took nothing that we have.</exception>
    /// <exception cref="SshConnectionException">The connection is dead.</exception>
    public static async ValueTask RunAsync(
        IPacketTransport transport,
        ReadOnlyMemory<byte> sessionId,
        Func<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> peerExtensions,
        ClientAuthenticationOptions options,
        CancellationToken cancellationToken)
    {
        var exchange = new AuthenticationExchange(transport, sessionId, options);
        await RequestServiceAsync(exchange, cancellationToken);

        // "none" lets a server that wants nothing say so, and every other one name its methods.
        var request = AuthenticationMessages.Request(options.User, AuthenticationMessages.None);
        var reply = AuthenticationReply.Parse((await exchange.ExchangeAsync(request, cancellationToken)).Span);
        if (reply.Succeeded)
        {
            Log.Authenticated(options.Logger, options.Host, AuthenticationMessages.None);
            return;
        }

        var once = new PasswordOnce(options.PasswordSource);
        await using var publicKey = new PublicKeyMethod(peerExtensions);
        await TryInOrderAsync(exchange, [publicKey, new InteractiveMethod(once), new PasswordMethod(once)], reply, cancellationToken);
    }

    private static async ValueTask TryInOrderAsync(
        AuthenticationExchange exchange, AuthenticationMethod[] methods, AuthenticationReply reply, CancellationToken cancellationToken)
    {
        var options = exchange.Options;
        var left = options.Methods.Select(name => methods.FirstOrDefault(m => m.Name == name)).OfType<AuthenticationMethod>().Distinct().ToList();
        AuthenticationMethod? current = null;
        Log.CanContinue(options.Logger, string.Join(',', reply.Methods));
        while (left.FirstOrDefault(m => reply.Methods.Contains(m.Name)) is { } method)
        {
            if (method != current)
                Log.NextMethod(options.Logger, method.Name);
            current = method;
            if (await method.TryAsync(exchange, cancellationToken) is not { } next)
            {
                left.Remove(method);
                continue;
            }
            if (next.Succeeded)
            {
                Log.Authenticated(options.Logger, options.Host, method.Name);
                return;
            }
            if (next.Partial)
                Log.PartialSuccess(options.Logger, method.Name);
            Log.CanContinue(options.Logger, string.Join(',', next.Methods));
            reply = next;
        }

        if (options.Ask is null && options.PasswordSource is null
            && reply.Methods.Any(m => m is AuthenticationMessages.Password or AuthenticationMessages.Interactive && options.Methods.Contains(m)))
            options.Show?.Invoke("The server would take a password, but there is no terminal (or BatchMode is on): give --password-file FILE, set SSH_ASKPASS, or name a key with -i FILE.");
        throw new SshAuthenticationException($"{exchange.UserAtHost}: Permission denied ({string.Join(',', reply.Methods)}).");
    }

    private static async ValueTask RequestServiceAsync(AuthenticationExchange exchange, CancellationToken cancellationToken)
    {
        // RFC 4253 §10
        //   byte      SSH_MSG_SERVICE_REQUEST / SSH_MSG_SERVICE_ACCEPT
        //   string    service name
        var answer = await exchange.ExchangeAsync(
            new SshWriter().Byte(MessageNumber.ServiceRequest).String(AuthenticationMessages.UserAuthService), cancellationToken);
        var reader = new SshReader(answer.Span, "SSH_MSG_SERVICE_ACCEPT");
        if (reader.Byte("message") is not MessageNumber.ServiceAccept and var other)
            throw new SshProtocolException($"authentication: message {other} instead of SSH_MSG_SERVICE_ACCEPT");
        // Some servers leave the name out; OpenSSH forgives that, and so do we.
        if (!reader.Rest.IsEmpty && reader.Text("service name") != AuthenticationMessages.UserAuthService)
            throw new SshProtocolException("SSH_MSG_SERVICE_ACCEPT: for another service");
    }
}
