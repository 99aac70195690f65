using Culvert.Ssh.Crypto;

namespace Culvert.Ssh.Transport;

/// <summary>One direction of a connection: its cipher, the number of its next packet, and what its present keys have carried.</summary>
internal sealed class DirectionState : IDisposable
{
    /// <summary>Packets that one set of keys may carry: then their numbers, the nonces of ChaCha20, would repeat. Keys are changed long before, unless the peer
    /// refuses to.</summary>
    private const long MaximumPackets = 1L << 32;

    private long _packets;
    private long _bytes;
    private bool _compresses;
    private volatile bool _mayCompress;
    private IDisposable? _codec;

    public PacketCipher Cipher { get; private set; } = new PlainCipher();

    /// <summary>The number of the next packet (RFC 4253 §6.4): never sent, counted from 0, wraps, goes on over a change of keys unless that is strict.</summary>
    public uint Sequence { get; private set; }

    /// <summary>Bytes carried since the keys were changed. May be read by anyone.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Packets carried since the keys were changed.</summary>
    public long Packets
    {
        get => _packets;
        init => _packets = value;
    }

    /// <summary>A packet was sent or received.</summary>
    /// <exception cref="SshProtocolException">It must be the last one.</exception>
    public void Count(int bytes)
    {
        if (_packets >= MaximumPackets)
            throw new SshProtocolException("the keys are worn out and the peer didn't change them");
        Sequence++;
        Volatile.Write(ref _bytes, _bytes + bytes);
        _packets++;
    }

    /// <summary>What compresses or decompresses this direction's payloads, of one type for each direction; null: they travel as they are.</summary>
    public T? Codec<T>(Func<T> create) where T : class, IDisposable => _compresses && _mayCompress ? (T)(_codec ??= create()) : null;

    /// <summary>The login is over: what was agreed of <c>zlib@openssh.com</c> holds from the next packet on. May be called by whoever hears of it first.</summary>
    public void StartCompression() => _mayCompress = true;

    /// <summary>Changes keys, right after NEWKEYS. Strict key exchange begins to count anew, so that packets lost before it can't go unnoticed. Compression begins
    /// anew with each set of keys, as OpenSSH has it.</summary>
    public void Change(PacketCipher cipher, bool resetSequence, bool compresses = false)
    {
        Dispose();
        _codec = null;
        _compresses = compresses;
        Cipher = cipher;
        Volatile.Write(ref _bytes, 0);
        _packets = 0;
        if (resetSequence)
            Sequence = 0;
    }

    /// <summary>Wipes the keys. Nobody uses the direction any more.</summary>
    public void Dispose()
    {
        Cipher.Dispose();
        _codec?.Dispose();
    }
}
