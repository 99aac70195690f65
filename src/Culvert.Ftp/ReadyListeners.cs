using Culvert.Net;

namespace Culvert.Ftp;

/// <summary>A network that has the next listener ready before it's asked for, where listening costs a round trip: that is saved for each transfer. It begins with the
/// first one, so that no port is opened for those who never need any; and of a range of ports, which is small, it keeps none.</summary>
/// <remarks>Whoever connects to a port that waits here isn't expected by anyone: the connection is reset, and the port given up. So to know the port early
/// is of no use to a stranger, and he who tries it blindly is not there when it's taken into use. Disposing closes what was not taken. Thread-safe.</remarks>
internal sealed class ReadyListeners(INetwork network) : INetwork, IAsyncDisposable
{
    private readonly CancellationTokenSource _life = new();
    private readonly Lock _gate = new();
    private readonly List<Spare> _spares = [];

    public bool ListensOverAWay => network.ListensOverAWay;

    public Dial Connect(Endpoint to, ConnectOptions options) => network.Connect(to, options);

    public async ValueTask<IListener> ListenAsync(Endpoint at, ListenOptions options, CancellationToken cancellationToken)
    {
        IListener? listener = null;
        if (Reserve(at, options) is { } spare)
        {
            listener = await spare.TakeAsync(cancellationToken).ConfigureAwait(false);
            lock (_gate)
                _spares.Remove(spare);
        }
        listener ??= await network.ListenAsync(at, options, cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            if (network.ListensOverAWay && options.Ports is null && !_life.IsCancellationRequested)
                _spares.Add(new(network, at, options, _life.Token));
        }
        return listener;
    }

    public async ValueTask DisposeAsync()
    {
        await _life.CancelAsync().ConfigureAwait(false);
        Spare[] left;
        lock (_gate)
            left = [.. _spares]; // and from here on none comes
        foreach (var spare in left)
            await spare.DisposeAsync().ConfigureAwait(false);
        _life.Dispose();
    }

    private Spare? Reserve(Endpoint at, ListenOptions options)
    {
        lock (_gate)
            return _spares.Find(spare => spare.TryReserve(at, options));
    }

    /// <summary>A listener that waits for its use.</summary>
    private sealed class Spare : IAsyncDisposable
    {
        private readonly Endpoint _at;
        private readonly ListenOptions _options;
        private readonly CancellationTokenSource _taken = new(); // without a timer: nothing to dispose
        private readonly Task<IListener?> _guarded;
        private bool _reserved;

        public Spare(INetwork network, Endpoint at, ListenOptions options, CancellationToken life)
        {
            (_at, _options) = (at, options);
            _guarded = GuardAsync(network, life);
        }

        public bool TryReserve(Endpoint at, ListenOptions options) => !_reserved && _at == at && _options == options && (_reserved = true);

        /// <summary>Null when it isn't there any more.</summary>
        public async Task<IListener?> TakeAsync(CancellationToken cancellationToken)
        {
            await _taken.CancelAsync().ConfigureAwait(false);
            return await _guarded.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        public async ValueTask DisposeAsync()
        {
            if (await _guarded.ConfigureAwait(false) is { } listener)
                await listener.DisposeAsync().ConfigureAwait(false);
        }

        private async Task<IListener?> GuardAsync(INetwork network, CancellationToken life)
        {
            IListener? listener = null;
            using var either = CancellationTokenSource.CreateLinkedTokenSource(_taken.Token, life);
            try
            {
                listener = await network.ListenAsync(_at, _options, life).ConfigureAwait(false);
                var (early, _) = await listener.AcceptAsync(either.Token).ConfigureAwait(false);
                early.Abort();
                await early.DisposeAsync().ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_taken.IsCancellationRequested && listener is not null && !life.IsCancellationRequested)
            {
                return listener;
            }
            catch (Exception e) when (e is OperationCanceledException or NetworkException)
            {
                // The session is over, or the far side doesn't allow it: whoever asks next hears so himself.
            }
            if (listener is not null)
                await listener.DisposeAsync().ConfigureAwait(false);
            return null;
        }
    }
}
