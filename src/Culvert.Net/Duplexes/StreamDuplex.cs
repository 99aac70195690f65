namespace Culvert.Net;

/// <summary>Two streams as a connection: standard input and output, or those of another process. A stream's own read need not heed cancellation: it goes on,
/// and what it brings is the next reader's.</summary>
/// <param name="input">Read from; owned from now on.</param>
/// <param name="output">Written to; owned from now on. Closing it must tell its reader that nothing follows.</param>
public class StreamDuplex(Stream input, Stream output) : Duplex
{
    /// <summary>As much as a pipe holds.</summary>
    private const int BufferSize = 64 * 1024;

    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly TaskCompletionSource<int> _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<int>? _reading;
    private int _start, _end;
    private int _ended, _closed;

    /// <inheritdoc/>
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken)
    {
        if (_closed != 0)
            return new(default, ReadEnd.Reset);
        if (_start == _end)
        {
            _reading ??= ReadSomeAsync();
            var first = await Task.WhenAny(_reading, _aborted.Task).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (first == _aborted.Task)
                return new(default, ReadEnd.Reset);
            var count = await first.ConfigureAwait(false);
            if (count <= 0)
                return new(default, count == 0 ? ReadEnd.Ended : ReadEnd.Reset); // and so says every later read
            (_reading, _start, _end) = (null, 0, count);
        }
        return new(_buffer.AsMemory(_start, _end - _start), ReadEnd.None);
    }

    /// <inheritdoc/>
    public override void Release(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _end - _start);
        _start += count;
    }

    /// <inheritdoc/>
    public override async ValueTask<ReadResult> ReadAsync(Memory<byte> into, CancellationToken cancellationToken)
    {
        var lent = await ReadAsync(cancellationToken).ConfigureAwait(false);
        if (lent.End != ReadEnd.None || into.IsEmpty)
            return new(default, lent.End);
        var count = Math.Min(into.Length, lent.Bytes.Length);
        lent.Bytes[..count].CopyTo(into);
        Release(count);
        return new(into[..count], ReadEnd.None);
    }

    /// <inheritdoc/>
    public override async ValueTask<WriteEnd> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_ended != 0 || _closed != 0)
            return WriteEnd.Closed;
        try
        {
            await output.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            return WriteEnd.None;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            return WriteEnd.Closed;
        }
    }

    /// <inheritdoc/>
    public override ValueTask<WriteEnd> EndAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0 && _closed == 0)
            Close(output);
        return new(WriteEnd.None);
    }

    /// <inheritdoc/>
    public override void Abort()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        _aborted.TrySetResult(0);
        Close(output);
        Close(input);
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        Abort();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private async Task<int> ReadSomeAsync()
    {
        try
        {
            return await input.ReadAsync(_buffer, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or UnauthorizedAccessException)
        {
            return -1;
        }
    }

    private static void Close(Stream stream)
    {
        try
        {
            stream.Dispose();
        }
        catch (IOException)
        {
            // Whoever read it was first.
        }
    }
}
