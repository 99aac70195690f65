using Culvert.Net;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Connection;

/// <summary>Takes each payload apart and hands it to whom it concerns. Only the reader loop calls it. Data is gathered: a channel's reader is woken when
/// no further packet lies ready, when enough for one large send has come, or after a number of packets in any case.</summary>
internal sealed class MessageDispatcher(ChannelTable table, GlobalRequests requests, IConnectionRole role, MultiplexerOptions options)
{
    /// <summary>Packets after which readers are woken even if more lie ready: 2 MiB of full ones.</summary>
    private const int MaximumGatheredPackets = 64;

    private readonly HashSet<Channel> _gathered = [];
    private int _gatheredPackets;

    public ValueTask DispatchAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (payload.IsEmpty)
            throw new SshProtocolException("a packet without a message");
        if (payload.Span[0] == MessageNumber.GlobalRequest)
            return GlobalRequestAsync(payload, cancellationToken);
        Dispatch(payload.Span);
        return ValueTask.CompletedTask;
    }

    /// <summary>Wakes the readers of what was gathered.</summary>
    public void WakeReaders()
    {
        _gatheredPackets = 0;
        if (_gathered.Count == 0)
            return;
        foreach (var channel in _gathered)
            channel.WakeReader();
        _gathered.Clear();
    }

    private void Dispatch(ReadOnlySpan<byte> payload)
    {
        var specific = payload[1..];
        switch (payload[0])
        {
            case MessageNumber.ChannelData:
                Data(specific);
                break;
            case MessageNumber.ChannelWindowAdjust:
                WindowAdjust(specific);
                break;
            case MessageNumber.ChannelOpen:
                Open(specific);
                break;
            case MessageNumber.ChannelOpenConfirmation:
                OpenConfirmation(specific);
                break;
            case MessageNumber.ChannelOpenFailure:
                OpenFailure(specific);
                break;
            case MessageNumber.ChannelExtendedData:
                ExtendedData(specific);
                break;
            case MessageNumber.ChannelEof:
                Find(specific, "CHANNEL_EOF").Eof();
                break;
            case MessageNumber.ChannelClose:
                Find(specific, "CHANNEL_CLOSE").Closed();
                break;
            case MessageNumber.ChannelRequest:
                ChannelRequest(specific);
                break;
            case MessageNumber.ChannelSuccess:
                Find(specific, "CHANNEL_SUCCESS").Answered(granted: true);
                break;
            case MessageNumber.ChannelFailure:
                Find(specific, "CHANNEL_FAILURE").Answered(granted: false);
                break;
            case MessageNumber.RequestSuccess:
                requests.Succeeded(specific);
                break;
            case MessageNumber.RequestFailure:
                requests.Refused();
                break;
            case MessageNumber.Disconnect:
                Disconnect(specific);
                break;
            case MessageNumber.UserAuthRequest:
                // RFC 4252 §5.1: after success, silently ignored.
                break;
            case MessageNumber.Ignore or MessageNumber.Debug or MessageNumber.Unimplemented:
                break;
            default:
                options.RefuseLast();
                break;
        }
    }

    // uint32 recipient channel, string data
    private void Data(ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(payload, "CHANNEL_DATA");
        var channel = table.Find(reader.UInt32("recipient channel"), "CHANNEL_DATA");
        var waiting = channel.Data(reader.String("data"));
        reader.End();
        if (waiting >= ConnectionLimits.GatheredBytes)
            channel.WakeReader();
        else if (waiting > 0)
            _gathered.Add(channel);
        if (++_gatheredPackets >= MaximumGatheredPackets)
            WakeReaders();
    }

    // uint32 recipient channel, uint32 data type code, string data
    private void ExtendedData(ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(payload, "CHANNEL_EXTENDED_DATA");
        var channel = table.Find(reader.UInt32("recipient channel"), "CHANNEL_EXTENDED_DATA");
        var type = reader.UInt32("data type code");
        channel.ExtendedData(type, reader.String("data"));
    }

    // uint32 recipient channel, uint32 bytes to add
    private void WindowAdjust(ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(payload, "CHANNEL_WINDOW_ADJUST");
        var channel = table.Find(reader.UInt32("recipient channel"), "CHANNEL_WINDOW_ADJUST");
        channel.Adjust(reader.UInt32("bytes to add"));
    }

    // string channel type, uint32 sender channel, uint32 initial window size, uint32 maximum packet size, …
    private void Open(ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(payload, "CHANNEL_OPEN");
        var open = new IncomingOpen(reader.DisplayText("channel type"), reader.UInt32("sender channel"), reader.UInt32("initial window size"),
            MaximumPacket(ref reader));
        role.Open(open, ref reader);
    }

    // uint32 recipient channel, uint32 sender channel, uint32 initial window size, uint32 maximum packet size
    private void OpenConfirmation(ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(payload, "CHANNEL_OPEN_CONFIRMATION");
        var channel = table.Find(reader.UInt32("recipient channel"), "CHANNEL_OPEN_CONFIRMATION");
        channel.Confirmed(reader.UInt32("sender channel"), reader.UInt32("initial window size"), MaximumPacket(ref reader));
    }

    // uint32 recipient channel, uint32 reason code, string description, string language tag (which some servers leave out)
    private void OpenFailure(ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(payload, "CHANNEL_OPEN_FAILURE");
        var channel = table.Find(reader.UInt32("recipient channel"), "CHANNEL_OPEN_FAILURE");
        channel.Refused(OpenFailures.Read(reader.UInt32("reason code"), reader.DisplayText("description")));
    }

    // uint32 recipient channel, string request type, boolean want reply, …
    private void ChannelRequest(ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(payload, "CHANNEL_REQUEST");
        var channel = table.Find(reader.UInt32("recipient channel"), "CHANNEL_REQUEST");
        var type = reader.DisplayText("request type");
        var wantsReply = reader.Bool("want reply");
        if (type == "eow@openssh.com")
            channel.EndOfWrite();
        else
            channel.Request(type, wantsReply, ref reader);
    }

    // string request name, boolean want reply, …
    private ValueTask GlobalRequestAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var reader = new SshReader(payload.Span[1..], "GLOBAL_REQUEST");
        var name = reader.DisplayText("request name");
        var wantsReply = reader.Bool("want reply");
        Log.GlobalRequestReceived(options.Logger, name);
        return role.RequestAsync(name, wantsReply, payload[^reader.Rest.Length..], cancellationToken);
    }

    // uint32 reason code, string description, string language tag
    private static void Disconnect(ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(payload, "DISCONNECT");
        var reason = (DisconnectReason)reader.UInt32("reason code");
        var text = reader.DisplayText("description");
        throw new SshConnectionException(new Failure(FailureKind.NetworkLost, $"the other side disconnected: {text}"), reason);
    }

    private static uint MaximumPacket(ref SshReader reader) =>
        reader.UInt32("maximum packet size") is var size && size > 0 ? size : throw new SshProtocolException("maximum packet size 0: nothing could ever be sent");

    private Channel Find(ReadOnlySpan<byte> payload, string message)
    {
        var reader = new SshReader(payload, message);
        return table.Find(reader.UInt32("recipient channel"), message);
    }
}
