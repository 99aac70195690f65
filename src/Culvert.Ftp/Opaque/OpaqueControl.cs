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
        var (near, far) = (new SpokenInTls(client), new SpokenInTls(server));
        await Relay.RunAsync(near, far, cancellationToken).ConfigureAwait(false);
        return near.BeganInClear ? "the client went on in clear after AUTH" : far.BeganInClear ? "the server went on in clear after AUTH" : null;
    }

    /// <summary>Broken off by the first byte that is none of TLS, which nobody sees.</summary>
    private sealed class SpokenInTls(Duplex inner) : DelegatingDuplex(inner)
    {
        private bool _began;

        public bool BeganInClear { get; private set; }

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken)
        {
            var read = await base.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (!_began && read.End == ReadEnd.None)
                (_began, BeganInClear) = (true, read.Bytes.Span[0] is not (Alert or Handshake));
            return BeganInClear ? new(default, ReadEnd.Reset) : read;
        }

        public override ValueTask<ReadResult> ReadAsync(Memory<byte> into, CancellationToken cancellationToken) => throw new NotSupportedException("A relay is lent what it carries.");
    }
}
