using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Keys;

namespace Culvert.Broker.Runtime;

/// <summary>A key that somebody gave the broker.</summary>
/// <param name="Id">Unique in the broker.</param>
/// <param name="Path">The file that it came from.</param>
/// <param name="Key">Its public half.</param>
/// <param name="Added">Since when it's there.</param>
internal sealed record HeldKey(long Id, string Path, PublicKey Key, DateTimeOffset Added);

/// <summary>Keys that a broker holds in memory, offered at each login before all others. They are gone when it ends; their files are read once. Thread-safe.</summary>
/// <param name="time">The clock.</param>
/// <param name="nextId">Numbers them.</param>
internal sealed class KeyRing(TimeProvider time, Func<long> nextId) : IDisposable
{
    /// <summary>sshd ends a login after six keys (MaxAuthTries) as a rule; more than a few help nobody.</summary>
    public const int Most = 20;

    private readonly Lock _gate = new();
    private readonly List<(HeldKey Held, Signer Signer)> _keys = [];
    private readonly List<Signer> _removed = [];
    private int _leases;

    /// <summary>Those that are held, in the order in which they're offered.</summary>
    public IReadOnlyList<HeldKey> Keys
    {
        get
        {
            lock (_gate)
                return [.. _keys.Select(key => key.Held)];
        }
    }

    /// <summary>Reads a key from its file, and holds it. One that is held already stays what it is.</summary>
    /// <exception cref="BrokerException">There is no usable key in the file, or nobody gave its passphrase.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<HeldKey> AddAsync(string path, Ask ask, CancellationToken cancellationToken)
    {
        Signer signer;
        try
        {
            signer = await KeyFile.LoadAsync(path, ask, cancellationToken).ConfigureAwait(false);
        }
        catch (KeyFileException e)
        {
            throw new BrokerException(Message.Error(e.Message, "name the file of a private key, by its whole path"), e);
        }
        lock (_gate)
        {
            if (_keys.Find(key => key.Held.Key.Blob.Span.SequenceEqual(signer.PublicKey.Blob.Span)).Held is { } there)
            {
                signer.Dispose();
                return there;
            }
            if (_keys.Count >= Most)
            {
                signer.Dispose();
                throw new BrokerException(Message.Error($"{Most} keys are held already.", "culvert ctl remove-key takes one away"));
            }
            var held = new HeldKey(nextId(), path, signer.PublicKey, time.GetUtcNow());
            _keys.Add((held, signer));
            return held;
        }
    }

    /// <summary>Forgets a key. Connections that were made with it stay.</summary>
    /// <param name="which">Its number, its fingerprint or its file.</param>
    /// <returns>It; null when it isn't held.</returns>
    public HeldKey? Remove(string which)
    {
        lock (_gate)
        {
            var found = _keys.FindIndex(key => FormattableString.Invariant($"{key.Held.Id}") == which || key.Held.Key.Fingerprint == which || key.Held.Path == which);
            if (found < 0)
                return null;
            var (held, signer) = _keys[found];
            _keys.RemoveAt(found);
            _removed.Add(signer);
            DisposeRemoved();
            return held;
        }
    }

    /// <summary>Lends all of them for a login: none is destroyed before the lease is returned.</summary>
    public Lease Borrow()
    {
        lock (_gate)
        {
            _leases++;
            return new Lease(this, [.. _keys.Select(key => key.Signer)]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _removed.AddRange(_keys.Select(key => key.Signer));
            _keys.Clear();
            DisposeRemoved();
        }
    }

    private void DisposeRemoved()
    {
        if (_leases > 0)
            return;
        foreach (var signer in _removed)
            signer.Dispose();
        _removed.Clear();
    }

    /// <summary>Keys for the time of a login.</summary>
    internal sealed class Lease(KeyRing ring, IReadOnlyList<Signer> signers) : IDisposable
    {
        private int _isReturned;

        /// <summary>The keys.</summary>
        public IReadOnlyList<Signer> Signers => signers;

        /// <inheritdoc/>
        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isReturned, 1) != 0)
                return;
            lock (ring._gate)
            {
                ring._leases--;
                ring.DisposeRemoved();
            }
        }
    }
}
