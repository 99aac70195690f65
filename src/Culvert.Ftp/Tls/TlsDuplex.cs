using System.Net.Security;
using System.Security.Authentication;
using Culvert.Net;

namespace Culvert.Ftp.Tls;

/// <summary>TLS over a connection, as a connection. The handshake begins at once and nobody need wait for it: reads and writes do. An FTP client
/// may begin its own only when it has read the server's 150.</summary>
/// <remarks>
/// What is <see cref="ReadEnd.Ended"/> here is a close_notify (RFC 8446 §6.1): said by the peer itself, so that nobody on the way can cut a file and have it
/// taken for whole. A connection that ends without one is <see cref="ReadEnd.Lost"/>. <see cref="EndAsync"/> says close_notify, then ends
/// the connection's half; the other half stays open.
/// </remarks>
internal sealed class TlsDuplex : PooledDuplex
{
    /// <summary>What one TLS record holds at most (RFC 8446 §5.1).</summary>
    private const int RecordSize = 16 * 1024;

    private readonly Duplex _beneath;
    private readonly DuplexStream _raw;
    private readonly SslStream _stream;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private ReadEnd _readEnd;
    private int _ended;

    /// <param name="beneath">Owned from now on. Nothing may have been read from it that belongs to TLS.</param>
    /// <param name="handshake">Authenticates as client or server.</param>
    /// <param name="explain">Words for a handshake that failed.</param>
    public TlsDuplex(Duplex beneath, Func<SslStream, Task> handshake, Func<Exception, string> explain) : base(RecordSize, RecordSize)
    {
        _beneath = beneath;
        _raw = new DuplexStream(beneath);
        _stream = new SslStream(_raw, leaveInnerStreamOpen: true);
        Handshake = ShakeHandsAsync(handshake, explain);
    }

    /// <summary>Why the handshake failed; null when it didn't. Never faults.</summary>
    public Task<string?> Handshake { get; }

    public override bool? IsAcknowledged => _beneath.IsAcknowledged;

    public override async ValueTask<ReadResult> ReadAsync(Memory<byte> into, CancellationToken cancellationToken)
    {
        if (_readEnd == ReadEnd.None && await Handshake.WaitAsync(cancellationToken).ConfigureAwait(false) is not null)
            _readEnd = Broken;
        if (_readEnd != ReadEnd.None)
            return new(default, _readEnd);
        try
        {
            var count = await _stream.ReadAsync(into, cancellationToken).ConfigureAwait(false);
            if (into.IsEmpty)
                return default; // also at the end, which the next call tells
            if (count > 0)
                return new(into[..count], ReadEnd.None);
            _readEnd = ReadEnd.Ended;
        }
        catch (Exception e) when (IsOfConnection(e))
        {
            _readEnd = Broken;
        }
        return new(default, _readEnd);
    }

    public override ValueTask<WriteEnd> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        Volatile.Read(ref _ended) != 0
            ? new(WriteEnd.Closed)
            : SendAsync(static (stream, bytes, token) => stream.WriteAsync(bytes, token), bytes, cancellationToken);

    public override async ValueTask<WriteEnd> EndAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            return WriteEnd.None;
        var end = await SendAsync(static (stream, _, _) => new(stream.ShutdownAsync()), default, cancellationToken).ConfigureAwait(false);
        if (end == WriteEnd.None)
            return await _beneath.EndAsync(cancellationToken).ConfigureAwait(false);
        // An end that can't be said must not look like one.
        _beneath.Abort();
        return end;
    }

    public override void Abort() => _beneath.Abort();

    public override void AbortInOrder() => _beneath.AbortInOrder();

    public override async ValueTask DisposeAsync()
    {
        await _beneath.DisposeAsync().ConfigureAwait(false);
        await Handshake.ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
    }

    // SslStream takes one write at a time, and an end may be said while the other direction's copy still writes.
    private async ValueTask<WriteEnd> SendAsync(Func<SslStream, ReadOnlyMemory<byte>, CancellationToken, ValueTask> send, ReadOnlyMemory<byte> bytes,
        CancellationToken cancellationToken)
    {
        if (await Handshake.WaitAsync(cancellationToken).ConfigureAwait(false) is not null)
            return WriteEnd.Closed;
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await send(_stream, bytes, cancellationToken).ConfigureAwait(false);
            return WriteEnd.None;
        }
        catch (Exception e) when (IsOfConnection(e))
        {
            return _raw.WriteEnd == WriteEnd.Lost ? WriteEnd.Lost : WriteEnd.Closed;
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task<string?> ShakeHandsAsync(Func<SslStream, Task> handshake, Func<Exception, string> explain)
    {
        try
        {
            await handshake(_stream).ConfigureAwait(false);
            return null;
        }
        catch (Exception e) when (IsOfConnection(e))
        {
            return explain(e);
        }
    }

    /// <summary>How reading ended when it wasn't by close_notify: an end of the connection alone is a cut.</summary>
    private ReadEnd Broken => _raw.End is ReadEnd.Ended or ReadEnd.Lost ? ReadEnd.Lost : ReadEnd.Reset;

    // InvalidOperationException is what SslStream says after its peer or we have shut down, or after an earlier failure.
    private static bool IsOfConnection(Exception e) => e is IOException or AuthenticationException or ObjectDisposedException or InvalidOperationException;
}
