using Culvert.Ftp.Tls;
using Culvert.Net;

namespace Culvert.Ftp;

/// <summary>One side of a data path: not there yet, there, or not wanted any more. Thread-safe.</summary>
internal sealed class DataSide
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<Duplex?> _ready = new(); // who waits for it goes on at once
    private bool _isDecided;

    /// <summary>The connection, or null when there will be none.</summary>
    public Task<Duplex?> Ready => _ready.Task;

    /// <summary>The connection while it is there; whoever knows that by <see cref="Ready"/> finds it here.</summary>
    public Duplex? Duplex { get; private set; }

    /// <summary>How its connection is encrypted; null: not at all.</summary>
    public Func<Duplex, TlsDuplex>? Encrypt { get; set; }

    /// <summary>The connection stands, and <see cref="Announce"/> is to follow. False: it isn't wanted any more, and stays the caller's.</summary>
    public bool TryOpen(Duplex duplex)
    {
        lock (_gate)
        {
            if (_isDecided)
                return false;
            _isDecided = true;
            Duplex = duplex;
            return true;
        }
    }

    /// <summary>Tells that the connection stands.</summary>
    public void Announce() => _ready.SetResult(Duplex);

    /// <summary>It's not wanted any more, unless it's there.</summary>
    public void Close()
    {
        lock (_gate)
        {
            if (_isDecided)
                return;
            _isDecided = true;
        }
        _ready.SetResult(null);
    }
}
