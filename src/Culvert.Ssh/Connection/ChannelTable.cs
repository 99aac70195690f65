using Culvert.Net;

namespace Culvert.Ssh.Connection;

/// <summary>The channels of one connection by our number. The lowest free number is given out; a number comes back when its channel is removed. Thread-safe.</summary>
internal sealed class ChannelTable
{
    private readonly Lock _gate = new();
    private readonly List<Channel?> _channels = [];
    private readonly PriorityQueue<uint, uint> _free = new();
    private int _bulk;
    private Failure? _closed;

    /// <summary>Channels that exist now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _channels.Count - _free.Count;
        }
    }

    /// <summary>Those of them that may move files.</summary>
    public int BulkCount
    {
        get
        {
            lock (_gate)
                return _bulk;
        }
    }

    /// <summary>They, by number.</summary>
    public Channel[] All
    {
        get
        {
            lock (_gate)
                return [.. _channels.OfType<Channel>()];
        }
    }

    /// <summary>Gives the channel a number. Returns why not, if not.</summary>
    public Failure? Add(Channel channel)
    {
        lock (_gate)
        {
            if (_closed is not null)
                return _closed;
            if (!_free.TryDequeue(out var number, out _))
            {
                if (_channels.Count == ConnectionLimits.MaximumChannels)
                    return new Failure(FailureKind.Shortage, $"too many channels on this SSH connection ({ConnectionLimits.MaximumChannels})");
                number = (uint)_channels.Count;
                _channels.Add(null);
            }
            channel.Number = number;
            _channels[(int)number] = channel;
            if (channel.Priority == Priority.Bulk)
                _bulk++;
            return null;
        }
    }

    /// <summary>The channel that a message is for.</summary>
    /// <exception cref="SshProtocolException">There is none: the peer uses a number that it was never given, or that both sides have closed.</exception>
    public Channel Find(uint number, string message)
    {
        lock (_gate)
        {
            return (number < _channels.Count ? _channels[(int)number] : null)
                ?? throw new SshProtocolException($"{message} for channel {number}, which does not exist");
        }
    }

    /// <summary>Frees the channel's number. A second call does nothing.</summary>
    public void Remove(Channel channel)
    {
        lock (_gate)
        {
            if (channel.Number >= _channels.Count || _channels[(int)channel.Number] != channel)
                return;
            _channels[(int)channel.Number] = null;
            _free.Enqueue(channel.Number, channel.Number);
            if (channel.Priority == Priority.Bulk)
                _bulk--;
        }
    }

    /// <summary>Takes no more channels, for this reason. Returns those that exist.</summary>
    public Channel[] Close(Failure failure)
    {
        lock (_gate)
        {
            _closed = failure;
            return [.. _channels.OfType<Channel>()];
        }
    }
}
