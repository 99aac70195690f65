using Culvert.Ftp.Tls;
using Culvert.Net;

namespace Culvert.Ftp;

/// <summary>One side of a data path: not there yet, there, or not wanted any more. Thread-safe.</summary>
internal sealed class DataSide
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<Duplex?> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The connection, or null when there will be none.</summary>
    public Task<Duplex?> Ready => _ready.Task;

    /// <summary>The connection while it is there; whoever knows that by <see cref="Ready"/> finds it here.</summary>
    public Duplex? Duplex { get; private set; }

    /// <summary>How its connection is encrypted; null: not at all.</summary>
    public Func<Duplex, TlsDuplex>? Encrypt { get; set; }

    /// <summary>The connection stands. False: it isn't wanted any more, and stays the caller's.</summary>
    public bool TryOpen(Duplex duplex)
    {
        lock (_gate)
        {
            if (_ready.Task.IsCompleted)
                return false;
            // First here: whoever hears that it's there may look for it before this thread goes on.
            Duplex = duplex;
            _ready.SetResult(duplex);
            return true;
        }
    }

    /// <summary>It's not wanted any more, unless it's there.</summary>
    public void Close()
    {
        lock (_gate)
            _ready.TrySetResult(null);
    }
}
