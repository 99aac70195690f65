using System.Security.Cryptography;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Auth;

/// <summary>The server's half of RFC 4252: public keys and passwords.</summary>
internal sealed class ServerAuthentication
{
    /// <summary>Questions whether a key would do are free; this many in all are enough for any agent.</summary>
    private const int MaximumRequests = 256;

    /// <summary>No system has longer names or passwords.</summary>
    private const int MaximumTextLength = 1024;

    private readonly IPacketTransport _transport;
    private readonly ReadOnlyMemory<byte> _sessionId;
    private readonly ServerAuthenticationOptions _options;
    private readonly string[] _methods;
    private string? _user;

    private ServerAuthentication(IPacketTransport transport, ReadOnlyMemory<byte> sessionId, ServerAuthenticationOptions options)
    {
        (_transport, _sessionId, _options) = (transport, sessionId, options);
        _methods = [.. ((string?[])[
            options.PublicKey is null ? null : AuthenticationMessages.PublicKey,
            options.Password is null ? null : AuthenticationMessages.Password]).OfType<string>()];
    }

    private enum Verdict
    {
        Accepted,
        Refused,
        Answered,
    }

    /// <summary>Waits until somebody has logged in and returns the user's name. The deadline is the caller's: cancel.</summary>
    /// <exception cref="SshAuthenticationException">Too many attempts; the caller disconnects with the exception's reason.</exception>
    /// <exception cref="SshConnectionException">The connection is dead, or the client broke the protocol.</exception>
    public static async ValueTask<string> RunAsync(
        IPacketTransport transport, ReadOnlyMemory<byte> sessionId, ServerAuthenticationOptions options, CancellationToken cancellationToken)
    {
        var authentication = new ServerAuthentication(transport, sessionId, options);
        await authentication.AcceptServiceAsync(cancellationToken);
        return await authentication.RunAsync(cancellationToken);
    }

    private async ValueTask<string> RunAsync(CancellationToken cancellationToken)
    {
        var (failures, asked) = (0, false);
        for (var i = 0; i < MaximumRequests; i++)
        {
            var payload = (await _transport.ReceiveAsync(cancellationToken)).ToArray();
            if (i == 0 && _options.Banner is { } banner)
                await SendAsync(new SshWriter().Byte(MessageNumber.UserAuthBanner).String(banner).String(""), cancellationToken);
            var (method, verdict) = await JudgeAsync(payload, cancellationToken);
            if (verdict == Verdict.Accepted)
            {
                await SendAsync(new SshWriter(1).Byte(MessageNumber.UserAuthSuccess), cancellationToken);
                Log.ServerAccepted(_options.Logger, method);
                return _user!;
            }
            if (verdict == Verdict.Answered)
                continue;

            var isQuestion = method == AuthenticationMessages.None && !asked;
            asked |= isQuestion;
            if (!isQuestion && ++failures >= _options.MaximumAttempts)
                break;
            // RFC 4252 §5.1: name-list of methods that can continue, boolean partial success
            await SendAsync(new SshWriter().Byte(MessageNumber.UserAuthFailure).NameList(_methods).Bool(false), cancellationToken);
        }
        throw new SshAuthenticationException("Too many authentication failures");
    }

    /// <summary>Looks at one request, and wipes it: it may hold a password.</summary>
    private async ValueTask<(string Method, Verdict Verdict)> JudgeAsync(byte[] payload, CancellationToken cancellationToken)
    {
        try
        {
            var method = ReadRequest(payload, out var at);
            return (method, method switch
            {
                AuthenticationMessages.PublicKey when _options.PublicKey is not null => await PublicKeyAsync(payload, at, cancellationToken),
                AuthenticationMessages.Password when _options.Password is not null => await PasswordAsync(payload, at, cancellationToken),
                _ => Verdict.Refused,
            });
        }
        finally
        {
            CryptographicOperations.ZeroMemory(payload);
        }
    }

    private async ValueTask AcceptServiceAsync(CancellationToken cancellationToken)
    {
        // RFC 4253 §10: byte SSH_MSG_SERVICE_REQUEST, string service name
        var payload = await _transport.ReceiveAsync(cancellationToken);
        var reader = new SshReader(payload.Span, "SSH_MSG_SERVICE_REQUEST");
        if (reader.Byte("message") is not MessageNumber.ServiceRequest and var other)
            throw new SshProtocolException($"authentication: message {other} instead of SSH_MSG_SERVICE_REQUEST");
        var service = reader.Text("service name");
        reader.End();
        if (service != AuthenticationMessages.UserAuthService)
            throw new SshProtocolException("SSH_MSG_SERVICE_REQUEST: service not available", DisconnectReason.ServiceNotAvailable);
        await SendAsync(new SshWriter().Byte(MessageNumber.ServiceAccept).String(service), cancellationToken);
    }

    /// <summary>Reads what every request begins with (RFC 4252 §5), and where its own fields begin.</summary>
    private string ReadRequest(ReadOnlySpan<byte> payload, out int at)
    {
        var reader = new SshReader(payload, "SSH_MSG_USERAUTH_REQUEST");
        if (reader.Byte("message") is not MessageNumber.UserAuthRequest and var other)
            throw new SshProtocolException($"authentication: message {other} was not expected");
        var user = reader.Text("user name");
        var service = reader.Text("service name");
        var method = reader.Text("method name");
        at = payload.Length - reader.Rest.Length;
        if (service != AuthenticationMessages.ConnectionService)
            throw new SshProtocolException("SSH_MSG_USERAUTH_REQUEST: service not available", DisconnectReason.ServiceNotAvailable);
        if (user.Length > MaximumTextLength || (_user is not null && _user != user))
            throw new SshProtocolException("SSH_MSG_USERAUTH_REQUEST: the user name is too long or has changed", DisconnectReason.IllegalUserName);
        _user = user;
        return method;
    }

    private async ValueTask<Verdict> PublicKeyAsync(byte[] payload, int at, CancellationToken cancellationToken)
    {
        var request = ReadPublicKey(payload, at);
        if (!PublicKeys.TryParse(request.Blob, out var key)
            || key is Certificate // no authority is known here
            || !key.SignatureAlgorithms.Contains(request.Algorithm)
            || !await _options.PublicKey!(_user!, key, cancellationToken))
            return Verdict.Refused;
        if (request.Signature is null)
        {
            await SendAsync(new SshWriter().Byte(MessageNumber.UserAuthPublicKeyOk).String(request.Algorithm).String(request.Blob), cancellationToken);
            return Verdict.Answered;
        }
        var data = AuthenticationMessages.SignedData(
            _sessionId.Span, AuthenticationMessages.SignedPublicKey(_user!, request.Algorithm, request.Blob).WrittenSpan);
        return key.Verify(request.Algorithm, data, request.Signature) ? Verdict.Accepted : Verdict.Refused;
    }

    private static (string Algorithm, byte[] Blob, byte[]? Signature) ReadPublicKey(byte[] payload, int at)
    {
        // RFC 4252 §7: boolean signed, string algorithm, string blob, [string signature]
        var reader = new SshReader(payload.AsSpan(at), "SSH_MSG_USERAUTH_REQUEST publickey");
        var signed = reader.Bool("signed");
        var algorithm = reader.Text("algorithm");
        var blob = reader.String("public key").ToArray();
        var signature = signed ? reader.String("signature").ToArray() : null;
        reader.End();
        return (algorithm, blob, signature);
    }

    private async ValueTask<Verdict> PasswordAsync(byte[] payload, int at, CancellationToken cancellationToken) =>
        ReadPassword(payload, at) is { } password && await _options.Password!(_user!, password, cancellationToken) ? Verdict.Accepted : Verdict.Refused;

    private static string? ReadPassword(byte[] payload, int at)
    {
        // RFC 4252 §8: boolean change, string password, [string new password]. Changing isn't offered.
        var reader = new SshReader(payload.AsSpan(at), "SSH_MSG_USERAUTH_REQUEST password");
        if (reader.Bool("change"))
            return null;
        var password = reader.Text("password");
        reader.End();
        return password.Length <= MaximumTextLength ? password : null;
    }

    private async ValueTask SendAsync(SshWriter message, CancellationToken cancellationToken)
    {
        await _transport.WriteAsync(message.WrittenMemory, cancellationToken);
        await _transport.FlushAsync(cancellationToken);
    }
}
