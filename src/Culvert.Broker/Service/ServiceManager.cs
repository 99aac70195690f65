namespace Culvert.Broker.Service;

/// <summary>Who started the broker as a service and wants to know how things are: systemd, or Windows' service control manager. Thread-safe.</summary>
public abstract class ServiceManager
{
    /// <summary>It wants the configuration to be read again. systemd says so by a signal.</summary>
    public event Action? ReloadWanted;

    /// <summary>It says that the machine has slept.</summary>
    public event Action? Woke;

    /// <summary>A sign of life is wanted within this time; null: none is.</summary>
    public virtual TimeSpan? Watchdog => null;

    /// <summary>Cancelled when it wants the end. systemd says so by a signal.</summary>
    public virtual CancellationToken Stop => CancellationToken.None;

    /// <summary>All that was to be up is up, or has failed and said why; after a reload, that it's over.</summary>
    public abstract void Ready(string status);

    /// <summary>How things are, in one line.</summary>
    public abstract void Status(string status);

    /// <summary>A reload begins.</summary>
    /// <param name="monotonicMicroseconds">The kernel's monotonic clock.</param>
    public abstract void Reloading(long monotonicMicroseconds);

    /// <summary>The end begins.</summary>
    public abstract void Stopping();

    /// <summary>A sign of life.</summary>
    public abstract void Alive();

    /// <summary>Passes on that it wants a reload.</summary>
    private protected void WantReload() => ReloadWanted?.Invoke();

    /// <summary>Passes on that the machine has slept.</summary>
    private protected void HaveWoken() => Woke?.Invoke();
}
