using Microsoft.Extensions.Logging;

namespace Culvert.Ssh;

/// <summary>Everything that the engine logs. 1000–1199: transport; 1200–1299: keys, trust and authentication; 1300–1499: connection and server.
/// The words follow OpenSSH's <c>debug1</c> lines, which its users know how to read.</summary>
internal static partial class Log
{
    [LoggerMessage(1000, LogLevel.Debug, "Local version string SSH-2.0-{Software}")]
    public static partial void LocalVersion(ILogger logger, string software);

    [LoggerMessage(1001, LogLevel.Debug, "Remote protocol version: {Line}")]
    public static partial void RemoteVersion(ILogger logger, string line);

    [LoggerMessage(1002, LogLevel.Debug, "kex_exchange_identification: banner line: {Line}")]
    public static partial void PreVersionLine(ILogger logger, string line);

    [LoggerMessage(1010, LogLevel.Debug, "kex: algorithm: {Method}")]
    public static partial void KeyExchangeMethod(ILogger logger, string method);

    [LoggerMessage(1018, LogLevel.Debug, "kex: {Method} is not post-quantum: who records this connection may be able to read it in some years; see https://openssh.com/pq.html")]
    public static partial void NotPostQuantum(ILogger logger, string method);

    [LoggerMessage(1011, LogLevel.Debug, "kex: host key algorithm: {Algorithm}")]
    public static partial void HostKeyAlgorithm(ILogger logger, string algorithm);

    [LoggerMessage(1012, LogLevel.Debug, "kex: {Direction} {Protection}")]
    public static partial void DirectionProtection(ILogger logger, string direction, Crypto.DirectionAlgorithms protection);

    [LoggerMessage(1013, LogLevel.Debug, "kex: strict key exchange: {Strict}")]
    public static partial void StrictKeyExchange(ILogger logger, bool strict);

    [LoggerMessage(1014, LogLevel.Debug, "Server host key: {Type} {Fingerprint}")]
    public static partial void ServerHostKey(ILogger logger, string type, string fingerprint);

    [LoggerMessage(1015, LogLevel.Debug, "rekey: key exchange started by {Side}")]
    public static partial void RekeyStarted(ILogger logger, string side);

    [LoggerMessage(1016, LogLevel.Debug, "rekey: key exchange {Number} done")]
    public static partial void KeysChanged(ILogger logger, int number);

    [LoggerMessage(1017, LogLevel.Debug, "kex_input_ext_info: {Name}")]
    public static partial void Extension(ILogger logger, string name);

    [LoggerMessage(1020, LogLevel.Debug, "Remote: {Text}")]
    public static partial void DebugMessage(ILogger logger, string text);

    [LoggerMessage(1021, LogLevel.Debug, "Received SSH2_MSG_UNIMPLEMENTED for {Sequence}")]
    public static partial void Unimplemented(ILogger logger, uint sequence);

    [LoggerMessage(1022, LogLevel.Debug, "transport: message {Number} is not known, answered with UNIMPLEMENTED")]
    public static partial void UnknownMessage(ILogger logger, byte number);

    [LoggerMessage(1030, LogLevel.Debug, "transport: closed: {Reason}")]
    public static partial void TransportClosed(ILogger logger, string reason);

    [LoggerMessage(1031, LogLevel.Debug, "transport: saying goodbye failed: {Reason}")]
    public static partial void GoodbyeFailed(ILogger logger, string reason);

    [LoggerMessage(1200, LogLevel.Debug, "Authentications that can continue: {Methods}")]
    public static partial void CanContinue(ILogger logger, string methods);

    [LoggerMessage(1201, LogLevel.Debug, "Next authentication method: {Method}")]
    public static partial void NextMethod(ILogger logger, string method);

    [LoggerMessage(1202, LogLevel.Debug, "Offering public key: {Source} {Type} {Fingerprint}")]
    public static partial void OfferingKey(ILogger logger, string source, string type, string fingerprint);

    [LoggerMessage(1203, LogLevel.Debug, "Server accepts key: {Source} {Type} {Fingerprint}")]
    public static partial void ServerAcceptsKey(ILogger logger, string source, string type, string fingerprint);

    [LoggerMessage(1204, LogLevel.Debug, "send_pubkey_test: no mutual signature algorithm for {Source}")]
    public static partial void NoMutualSignature(ILogger logger, string source);

    [LoggerMessage(1205, LogLevel.Debug, "Authenticated using \"{Method}\" with partial success.")]
    public static partial void PartialSuccess(ILogger logger, string method);

    [LoggerMessage(1206, LogLevel.Debug, "Authenticated to {Host} using \"{Method}\".")]
    public static partial void Authenticated(ILogger logger, string host, string method);

    [LoggerMessage(1207, LogLevel.Debug, "get_agent_identities: {Reason}")]
    public static partial void AgentUnusable(ILogger logger, string reason);

    [LoggerMessage(1208, LogLevel.Debug, "no private key for certificate {Source}")]
    public static partial void NoKeyForCertificate(ILogger logger, string source);

    [LoggerMessage(1210, LogLevel.Debug, "server: a client logged in by {Method}")]
    public static partial void ServerAccepted(ILogger logger, string method);

    [LoggerMessage(1220, LogLevel.Debug, "Host '{Host}' is known and matches the {Type} host key; found key in {Place}")]
    public static partial void HostKeyMatches(ILogger logger, string host, string type, string place);

    [LoggerMessage(1221, LogLevel.Warning, "{Place}: {Reason}; the line is ignored")]
    public static partial void KnownHostsLineIgnored(ILogger logger, string place, string reason);

    [LoggerMessage(1222, LogLevel.Debug, "Host '{Host}' is known and matches the {Type}-CERT host certificate, serial {Serial} ID \"{KeyId}\"; found CA key in {Place}")]
    public static partial void HostCertificateMatches(ILogger logger, string host, string type, ulong serial, string keyId, string place);

    [LoggerMessage(1223, LogLevel.Debug, "No matching CA found for '{Host}' (its certificate is by {Authority}). Retry with plain key")]
    public static partial void NoMatchingAuthority(ILogger logger, string host, string authority);

    [LoggerMessage(1224, LogLevel.Debug, "host keys of '{Host}' are not updated: {Reason}")]
    public static partial void HostKeysNotUpdated(ILogger logger, string host, string reason);

    [LoggerMessage(1225, LogLevel.Debug, "Learned new hostkey: {Type} {Fingerprint}")]
    public static partial void HostKeyLearned(ILogger logger, string type, string fingerprint);

    [LoggerMessage(1226, LogLevel.Debug, "Deprecating obsolete hostkey: {Type} {Fingerprint} in {Place}")]
    public static partial void HostKeyForgotten(ILogger logger, string type, string fingerprint, string place);

    [LoggerMessage(1300, LogLevel.Debug, "connection: ended: {Reason}")]
    public static partial void ConnectionEnded(ILogger logger, string reason);

    [LoggerMessage(1301, LogLevel.Error, "connection: internal error")]
    public static partial void LoopFailed(ILogger logger, Exception exception);

    [LoggerMessage(1302, LogLevel.Debug, "client_input_global_request: rtype {Name}")]
    public static partial void GlobalRequestReceived(ILogger logger, string name);

    [LoggerMessage(1303, LogLevel.Warning, "refused the peer's request to open a channel {Type}: {Reason}")]
    public static partial void OpenRefused(ILogger logger, string type, string reason);

    [LoggerMessage(1304, LogLevel.Debug, "the server was made to send small packets at once")]
    public static partial void NoDelay(ILogger logger);

    [LoggerMessage(1305, LogLevel.Debug, "the server goes on holding small packets back: {Reason}")]
    public static partial void NoDelayRefused(ILogger logger, string reason);

    [LoggerMessage(1306, LogLevel.Debug, "the server holds back credit for uploads; it is asked often, because its answers take the credit along")]
    public static partial void CreditHeldBack(ILogger logger);

    [LoggerMessage(1400, LogLevel.Information, "server: {User} logged in from {Peer}")]
    public static partial void ServerLoggedIn(ILogger logger, string user, Net.Endpoint peer);

    [LoggerMessage(1401, LogLevel.Information, "server: login from {Peer} failed: {Reason}")]
    public static partial void ServerLoginFailed(ILogger logger, Net.Endpoint peer, string reason);

    [LoggerMessage(1402, LogLevel.Warning, "server: the listener is gone: {Reason}")]
    public static partial void ServerListenerLost(ILogger logger, string reason);

    [LoggerMessage(1403, LogLevel.Error, "server: internal error")]
    public static partial void ServerTaskFailed(ILogger logger, Exception exception);

    [LoggerMessage(1404, LogLevel.Information, "server: forwarding from {At} refused: {Reason}")]
    public static partial void ForwardRefused(ILogger logger, Net.Endpoint at, string reason);

    [LoggerMessage(1405, LogLevel.Debug, "server: forwarding from {At} ended: {Reason}")]
    public static partial void ForwardEnded(ILogger logger, Net.Endpoint at, string reason);
}
