using Culvert.Net;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;

namespace Culvert.TestKit.Packets;

/// <summary>The other end of a multiplexer as a script: sends any payload, and looks at what comes, message by message.</summary>
internal sealed class ScriptedPeer(IPacketTransport transport, CancellationToken stop) : IAsyncDisposable
{
    public async Task SendAsync(params byte[][] payloads)
    {
        foreach (var payload in payloads)
            await transport.WriteAsync(payload, stop);
        await transport.FlushAsync(stop);
    }

    /// <summary>The next payload, copied.</summary>
    public async Task<byte[]> ReceiveAsync() => (await transport.ReceiveAsync(stop)).ToArray();

    /// <summary>The next payload, which must be this message.</summary>
    public async Task<byte[]> ExpectAsync(byte message)
    {
        var payload = await ReceiveAsync();
        return payload[0] == message
            ? payload
            : throw new InvalidOperationException($"expected message {message}, got {payload[0]}: {Convert.ToHexString(payload)}");
    }

    /// <summary>Expects a CHANNEL_OPEN and confirms it; returns the opener's number.</summary>
    public async Task<uint> ConfirmOpenAsync(uint ownNumber, uint window = 2 * 1024 * 1024, uint maximumPacket = 32 * 1024)
    {
        var sender = Sender(await ExpectAsync(MessageNumber.ChannelOpen));
        await SendAsync(Confirmation(sender, ownNumber, window, maximumPacket));
        return sender;
    }

    /// <summary>Opens <c>forwarded-tcpip</c>.</summary>
    public static byte[] Forwarded(uint ownNumber, Endpoint connected, Endpoint originator, uint window = 2 * 1024 * 1024) =>
        ChannelMessages.Open("forwarded-tcpip", ownNumber, (int)window, ChannelMessages.Addresses(connected, originator));

    public static byte[] Confirmation(uint recipient, uint sender, uint window, uint maximumPacket) =>
        new SshWriter().Byte(MessageNumber.ChannelOpenConfirmation).UInt32(recipient).UInt32(sender).UInt32(window).UInt32(maximumPacket).ToArray();

    public static byte[] Data(uint recipient, ReadOnlySpan<byte> bytes) =>
        new SshWriter().Byte(MessageNumber.ChannelData).UInt32(recipient).String(bytes).ToArray();

    public static byte[] Eof(uint recipient) => ChannelMessages.Simple(MessageNumber.ChannelEof, recipient);

    public static byte[] Close(uint recipient) => ChannelMessages.Simple(MessageNumber.ChannelClose, recipient);

    public static byte[] Adjust(uint recipient, uint more) => new SshWriter().Byte(MessageNumber.ChannelWindowAdjust).UInt32(recipient).UInt32(more).ToArray();

    /// <summary>The opener's number in a CHANNEL_OPEN.</summary>
    public static uint Sender(byte[] open)
    {
        var reader = new SshReader(open.AsSpan(1), "CHANNEL_OPEN");
        reader.String("type");
        return reader.UInt32("sender");
    }

    /// <summary>The bytes of a CHANNEL_DATA.</summary>
    public static byte[] Bytes(byte[] data)
    {
        var reader = new SshReader(data.AsSpan(1), "CHANNEL_DATA");
        reader.UInt32("recipient");
        return reader.String("data").ToArray();
    }

    public ValueTask DisposeAsync() => transport.DisposeAsync();
}
