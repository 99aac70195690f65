using Culvert.Net;

namespace Culvert.Ftp.Tls;

/// <summary>A connection as the stream that TLS runs on. The end of the connection is an exception here, never a count of 0: TLS has an end of its
/// own (close_notify), and a connection that ends without it was cut, by whomever.</summary>
/// <param name="duplex">Used, not owned.</param>
internal sealed class DuplexStream(Duplex duplex) : Stream
{
    /// <summary>How the connection beneath ended, once a read has found that.</summary>
    public ReadEnd End { get; private set; }

    /// <summary>How writing to it ended, likewise.</summary>
    public WriteEnd WriteEnd { get; private set; }

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var reading = duplex.ReadAsync(buffer, cancellationToken);
        var hadToWait = !reading.IsCompleted;
        var read = await reading.ConfigureAwait(false);
        // A handshake is milliseconds of work, for which a network's loop has no time; where it ends, nobody here knows.
        if (hadToWait)
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (read.End == ReadEnd.None)
            return read.Bytes.Length;
        End = read.End;
        throw new IOException("the connection beneath TLS has ended");
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var end = await duplex.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        if (end == WriteEnd.None)
            return;
        WriteEnd = end;
        throw new IOException("the connection beneath TLS takes no more");
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Nobody waits on a thread here.
    public override void Flush() => throw new NotSupportedException();
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
}
