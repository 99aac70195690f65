using System.Buffers;
using Culvert.Net;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Transport;

/// <summary>The memory of one direction: a small piece of its own, and under load a large one that is borrowed from the process and given back whenever nothing is under way.
/// So what is held follows how many connections are busy, not how many there are.</summary>
/// <param name="maximum">What load makes it grow to; more only for one packet that needs it.</param>
internal sealed class PacketBuffer(int maximum)
{
    private readonly byte[] _own = new byte[Limits.IdleBuffer];
    private BufferSizing _sizing = new(Limits.IdleBuffer, maximum);
    private byte[]? _borrowed;
    private int _wanted = Limits.IdleBuffer;

    /// <summary>The bytes; another array after <see cref="Reserve"/> and <see cref="Release"/>.</summary>
    public byte[] Bytes => _borrowed ?? _own;

    /// <summary>Whether it holds more than its own.</summary>
    public bool IsBorrowed => _borrowed is not null;

    /// <summary>Bytes of memory that it holds.</summary>
    public int Capacity => _own.Length + (_borrowed?.Length ?? 0);

    /// <summary>Makes room for <paramref name="total"/> bytes, or for as many as the load suggests, and moves those that are needed to its beginning.</summary>
    /// <param name="total">At least so many, those that are kept included.</param>
    /// <param name="start">Where the bytes begin that are kept.</param>
    /// <param name="kept">How many they are.</param>
    public void Reserve(int total, int start, int kept)
    {
        var old = Bytes;
        var wanted = total > old.Length ? Math.Max(total, Math.Min(old.Length * 4, maximum)) : _wanted;
        if (wanted <= old.Length)
        {
            if (start > 0)
                old.AsSpan(start, kept).CopyTo(old);
            return;
        }
        var larger = ArrayPool<byte>.Shared.Rent(wanted);
        old.AsSpan(start, kept).CopyTo(larger);
        Release();
        _borrowed = larger;
    }

    /// <summary>So much of it was needed at once.</summary>
    public void Used(int count) => _wanted = _sizing.Next(Math.Min(Bytes.Length, maximum), count);

    /// <summary>Nothing in it is needed any more. Not to be called while the system reads or writes it.</summary>
    public void Release()
    {
        if (_borrowed is not { } borrowed)
            return;
        _borrowed = null;
        ArrayPool<byte>.Shared.Return(borrowed);
    }
}
