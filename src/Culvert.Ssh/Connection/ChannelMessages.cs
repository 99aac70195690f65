using System.Buffers.Binary;
using Culvert.Net;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Connection;

/// <summary>Why an open was refused (RFC 4254 §5.1).</summary>
internal enum OpenReason : uint
{
    AdministrativelyProhibited = 1,
    ConnectFailed = 2,
    UnknownChannelType = 3,
    ResourceShortage = 4,
}

/// <summary>The messages of RFC 4254 as we send them.</summary>
internal static class ChannelMessages
{
    /// <summary>What lies before the bytes of CHANNEL_DATA: number, recipient, length.</summary>
    public const int DataHeader = 9;

    // byte      SSH_MSG_CHANNEL_OPEN (90)
    // string    channel type
    // uint32    sender channel
    // uint32    initial window size
    // uint32    maximum packet size
    // ....      channel type specific data follows
    public static byte[] Open(string type, uint sender, int window, ReadOnlySpan<byte> specific, int maximumPacket = Limits.MaximumChannelPacket) =>
        new SshWriter().Byte(MessageNumber.ChannelOpen).String(type).UInt32(sender).UInt32((uint)window)
            .UInt32((uint)maximumPacket).Raw(specific).ToArray();

    // byte      SSH_MSG_CHANNEL_OPEN_CONFIRMATION (91)
    // uint32    recipient channel
    // uint32    sender channel
    // uint32    initial window size
    // uint32    maximum packet size
    public static byte[] Confirmation(uint recipient, uint sender, int window, int maximumPacket) =>
        new SshWriter(17).Byte(MessageNumber.ChannelOpenConfirmation).UInt32(recipient).UInt32(sender).UInt32((uint)window)
            .UInt32((uint)maximumPacket).ToArray();

    // byte      SSH_MSG_CHANNEL_OPEN_FAILURE (92)
    // uint32    recipient channel
    // uint32    reason code
    // string    description in ISO-10646 UTF-8 encoding
    // string    language tag
    public static byte[] OpenFailure(uint recipient, OpenReason reason, string text) =>
        new SshWriter().Byte(MessageNumber.ChannelOpenFailure).UInt32(recipient).UInt32((uint)reason).String(text).String("").ToArray();

    // direct-tcpip (RFC 4254 §7.2)              forwarded-tcpip (§7.2)
    // string    host to connect                 string    address that was connected
    // uint32    port to connect                 uint32    port that was connected
    // string    originator IP address           string    originator IP address
    // uint32    originator port                 uint32    originator port
    public static byte[] Addresses(Endpoint to, Endpoint originator) =>
        new SshWriter().String(to.Host).UInt32((uint)to.Port).String(originator.Host).UInt32((uint)originator.Port).ToArray();

    // byte      SSH_MSG_CHANNEL_EXTENDED_DATA (95)
    // uint32    recipient channel
    // uint32    data type code
    // string    data
    public static byte[] ExtendedData(uint recipient, uint type, ReadOnlySpan<byte> bytes) =>
        new SshWriter(13 + bytes.Length).Byte(MessageNumber.ChannelExtendedData).UInt32(recipient).UInt32(type).String(bytes).ToArray();

    // byte      SSH_MSG_CHANNEL_REQUEST (98)
    // uint32    recipient channel
    // string    request type
    // boolean   want reply
    // ....      type-specific data follows
    public static byte[] Request(uint recipient, string type, bool wantReply, ReadOnlySpan<byte> specific) =>
        new SshWriter().Byte(MessageNumber.ChannelRequest).UInt32(recipient).String(type).Bool(wantReply).Raw(specific).ToArray();

    // byte      SSH_MSG_CHANNEL_WINDOW_ADJUST (93)
    // uint32    recipient channel
    // uint32    bytes to add
    public const int WindowAdjustLength = 9;

    /// <summary>The one message, besides data, that a transfer sends all the time: without a writer, and where one was before.</summary>
    public static void WindowAdjust(byte[] message, uint recipient, int more)
    {
        message[0] = MessageNumber.ChannelWindowAdjust;
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(1), recipient);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(5), more);
    }

    // byte      SSH_MSG_CHANNEL_DATA (94)
    // uint32    recipient channel
    // string    data
    public static void WriteDataHeader(Span<byte> packet, uint recipient, int count)
    {
        packet[0] = MessageNumber.ChannelData;
        BinaryPrimitives.WriteUInt32BigEndian(packet[1..], recipient);
        BinaryPrimitives.WriteUInt32BigEndian(packet[5..], (uint)count);
    }

    // byte      SSH_MSG_CHANNEL_EOF (96), SSH_MSG_CHANNEL_CLOSE (97), SSH_MSG_CHANNEL_SUCCESS (99), SSH_MSG_CHANNEL_FAILURE (100)
    // uint32    recipient channel
    public static byte[] Simple(byte number, uint recipient) => new SshWriter(5).Byte(number).UInt32(recipient).ToArray();

    // byte      SSH_MSG_GLOBAL_REQUEST (80)
    // string    request name
    // boolean   want reply
    // ....      request-specific data follows
    public static byte[] GlobalRequest(string name, bool wantReply, ReadOnlySpan<byte> specific) =>
        new SshWriter().Byte(MessageNumber.GlobalRequest).String(name).Bool(wantReply).Raw(specific).ToArray();

    // tcpip-forward, cancel-tcpip-forward (RFC 4254 §7.1)
    // string    address to bind
    // uint32    port number to bind
    public static byte[] Forward(Endpoint at) => new SshWriter().String(at.Host).UInt32((uint)at.Port).ToArray();

    // byte      SSH_MSG_REQUEST_SUCCESS (81)
    // uint32    port that was bound, only for tcpip-forward with port 0
    public static byte[] RequestSuccess(int? port) =>
        port is { } bound
            ? new SshWriter(5).Byte(MessageNumber.RequestSuccess).UInt32((uint)bound).ToArray()
            : [MessageNumber.RequestSuccess];

    public static byte[] RequestFailure() => [MessageNumber.RequestFailure];

    // byte      SSH_MSG_DISCONNECT (1, RFC 4253 §11.1)
    // uint32    reason code
    // string    description
    // string    language tag
    public static byte[] Disconnect(DisconnectReason reason, string text) =>
        new SshWriter().Byte(MessageNumber.Disconnect).UInt32((uint)reason).String(text).String("").ToArray();

    /// <summary>A port number in a message.</summary>
    public static int Port(ref SshReader reader, string field)
    {
        var port = reader.UInt32(field);
        return port <= ushort.MaxValue ? (int)port : throw new SshProtocolException($"{field} {port} is no port");
    }
}
