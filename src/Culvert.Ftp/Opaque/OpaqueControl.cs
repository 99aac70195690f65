using Culvert.Net;

namespace Culvert.Ftp.Opaque;

/// <summary>A control connection on which client and server speak TLS with each other: bytes, both ways.</summary>
internal static class OpaqueControl
{
    // RFC 8446 §5.1, ContentType: a conversation in TLS begins with a handshake record, or with an alert.
    private const byte Alert = 21, Handshake = 22;

    /// <summary>Relays until both have ended. What one side says first must be TLS: bytes in clear that were sent before it, to be taken for something said
    /// in private, go nowhere.</summary>
    /// <returns>Null, or why it was broken off.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled; both were reset.</exception>
    public static async Task<string?> RunAsync(Duplex client, Duplex server, CancellationToken cancellationToken)
    {
        var up = PassAsync(client, server, cancellationToken);
        var down = PassAsync(server, client, cancellationToken);
        await Task.WhenAll(up, down).ConfigureAwait(false);
        if (!await up.ConfigureAwait(false))
            return "the client went on in clear after AUTH";
        return await down.ConfigureAwait(false) ? null : "the server went on in clear after AUTH";
    }

    private static async Task<bool> PassAsync(Duplex source, Duplex sink, CancellationToken cancellationToken)
    {
        var whole = false;
        try
        {
            var first = new byte[1];
            var read = await source.ReadAsync(first, cancellationToken).ConfigureAwait(false);
            if (read.End == ReadEnd.None && first[0] is not (Alert or Handshake))
                return false;
            var ended = read.End == ReadEnd.Ended;
            if (read.End == ReadEnd.None && await sink.WriteAsync(first, cancellationToken).ConfigureAwait(false) == WriteEnd.None)
                ended = (await Relay.CopyAsync(source, sink, null, cancellationToken).ConfigureAwait(false)).Source == ReadEnd.Ended;
            if (ended)
                await sink.EndAsync(cancellationToken).ConfigureAwait(false);
            whole = ended;
            return true;
        }
        finally
        {
            if (!whole)
            {
                sink.Abort();
                source.Abort();
            }
        }
    }
}
