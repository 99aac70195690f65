using Culvert.Net;

namespace Culvert.Ssh;

/// <summary>Disconnect reason codes (RFC 4253 §11.1).</summary>
public enum DisconnectReason
{
    /// <summary>None was given.</summary>
    None = 0,
    /// <summary>SSH_DISCONNECT_HOST_NOT_ALLOWED_TO_CONNECT</summary>
    HostNotAllowedToConnect = 1,
    /// <summary>SSH_DISCONNECT_PROTOCOL_ERROR</summary>
    ProtocolError = 2,
    /// <summary>SSH_DISCONNECT_KEY_EXCHANGE_FAILED</summary>
    KeyExchangeFailed = 3,
    /// <summary>SSH_DISCONNECT_MAC_ERROR</summary>
    MacError = 5,
    /// <summary>SSH_DISCONNECT_COMPRESSION_ERROR</summary>
    CompressionError = 6,
    /// <summary>SSH_DISCONNECT_SERVICE_NOT_AVAILABLE</summary>
    ServiceNotAvailable = 7,
    /// <summary>SSH_DISCONNECT_PROTOCOL_VERSION_NOT_SUPPORTED</summary>
    ProtocolVersionNotSupported = 8,
    /// <summary>SSH_DISCONNECT_HOST_KEY_NOT_VERIFIABLE</summary>
    HostKeyNotVerifiable = 9,
    /// <summary>SSH_DISCONNECT_CONNECTION_LOST</summary>
    ConnectionLost = 10,
    /// <summary>SSH_DISCONNECT_BY_APPLICATION</summary>
    ByApplication = 11,
    /// <summary>SSH_DISCONNECT_TOO_MANY_CONNECTIONS</summary>
    TooManyConnections = 12,
    /// <summary>SSH_DISCONNECT_AUTH_CANCELLED_BY_USER</summary>
    AuthCancelledByUser = 13,
    /// <summary>SSH_DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE</summary>
    NoMoreAuthMethodsAvailable = 14,
    /// <summary>SSH_DISCONNECT_ILLEGAL_USER_NAME</summary>
    IllegalUserName = 15,
}

/// <summary>Something failed in SSH, and what it leaves usable tells its type. The message is one line, fit to show a person.</summary>
public abstract class SshException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The connection is dead. The first one raised is the reason that everybody sees.</summary>
public class SshConnectionException(Failure failure, DisconnectReason reason = DisconnectReason.None, Exception? inner = null)
    : SshException(failure.Text, inner)
{
    /// <summary>The reason in neutral words.</summary>
    public Failure Failure { get; } = failure;

    /// <summary>The code that we send, or that the peer sent, in DISCONNECT.</summary>
    public DisconnectReason Reason { get; } = reason;
}

/// <summary>The peer broke the protocol: what it sent, where, and which rule.</summary>
public sealed class SshProtocolException(string message, DisconnectReason reason = DisconnectReason.ProtocolError, Exception? inner = null)
    : SshConnectionException(new Failure(FailureKind.NetworkLost, message), reason, inner);

/// <summary>The host key was not accepted.</summary>
public sealed class SshHostKeyException(string message)
    : SshConnectionException(new Failure(FailureKind.Prohibited, message), DisconnectReason.HostKeyNotVerifiable)
{
    /// <summary>Another key is known for this host: somebody may stand in between.</summary>
    public bool HasChanged { get; init; }
}

/// <summary>No method of authentication was left: <c>user@host: Permission denied (publickey,password).</c></summary>
public sealed class SshAuthenticationException(string message)
    : SshConnectionException(new Failure(FailureKind.Prohibited, message), DisconnectReason.NoMoreAuthMethodsAvailable);
