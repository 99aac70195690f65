using System.Text;

namespace Culvert.Cli.Terminal;

/// <summary>Writes to where somebody may not read (a terminal that was stopped, a pipe to a pager) without ever waiting for that: what isn't taken at once is kept and written by a
/// task, in order. Whoever speaks may be carrying files. Of what nobody reads for long, the latest is left out, and how much that was is said. Thread-safe.</summary>
/// <param name="inner">Written to; owned from now on.</param>
/// <param name="takesAtOnce">Whether it would take so many bytes without waiting. Asked before each write.</param>
/// <param name="time">The clock.</param>
internal sealed class UnhurriedStream(Stream inner, Func<int, bool> takesAtOnce, TimeProvider time) : WriteOnlyStream
{
    /// <summary>What is kept for a reader who doesn't read, in bytes: thousands of lines, and nothing that a machine feels.</summary>
    public const int MaximumKept = 1024 * 1024;

    /// <summary>Who ends, or asks, waits so long for what was said before.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Queue<byte[]> _kept = new();
    private Task _writing = Task.CompletedTask;
    private bool _isWriting;
    private int _keptBytes;
    private int _leftOut;

    /// <summary>Returns when what was written before was taken, or after a second: for those who speak by another way next.</summary>
    public async Task SettleAsync()
    {
        Task writing;
        lock (_gate)
            writing = _writing;
        await writing.WaitAsync(Patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        lock (_gate)
        {
            if (buffer.IsEmpty)
                return;
            if (!_isWriting && takesAtOnce(buffer.Length))
            {
                Pass(buffer);
                return;
            }
            if (_keptBytes + buffer.Length > MaximumKept)
            {
                _leftOut++;
                return;
            }
            _keptBytes += buffer.Length;
            _kept.Enqueue(buffer.ToArray());
            if (_isWriting)
                return;
            _isWriting = true;
            _writing = Task.Run(WriteKept);
        }
    }

    public override void Flush()
    {
        // What is kept is on its way already.
    }

    public override async ValueTask DisposeAsync()
    {
        await SettleAsync().ConfigureAwait(false);
        await inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    private void WriteKept()
    {
        while (TryTake(out var next))
            Pass(next);
    }

    private void Pass(ReadOnlySpan<byte> bytes)
    {
        try
        {
            inner.Write(bytes);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The reader is gone, and nobody is left to tell.
        }
    }

    private bool TryTake(out byte[] next)
    {
        lock (_gate)
        {
            if (_kept.TryDequeue(out next!))
            {
                _keptBytes -= next.Length;
                return true;
            }
            if (_leftOut > 0)
            {
                next = Encoding.UTF8.GetBytes($"({_leftOut} messages were left out here: nobody read them)\n");
                _leftOut = 0;
                return true;
            }
            return _isWriting = false;
        }
    }
}
