using System.Text;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Transport;

/// <summary>The small messages of the transport layer.</summary>
internal static class TransportMessages
{
    public static readonly byte[] NewKeys = [MessageNumber.NewKeys];

    /// <summary>RFC 4253 §11.1: <c>byte 1, uint32 reason, string description, string language</c>.</summary>
    public static byte[] Disconnect(DisconnectReason reason, string text) =>
        new SshWriter().Byte(MessageNumber.Disconnect).UInt32((uint)reason).String(text).String("").ToArray();

    /// <inheritdoc cref="Disconnect"/>
    public static (DisconnectReason Reason, string Text) ParseDisconnect(ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(payload, "DISCONNECT");
        reader.Byte("number");
        var reason = reader.UInt32("reason");
        // Some send nothing more.
        return ((DisconnectReason)reason, reader.Rest.IsEmpty ? "" : reader.DisplayText("description"));
    }

    /// <summary>RFC 4253 §11.4: <c>byte 3, uint32 number of the rejected packet</c>.</summary>
    public static byte[] Unimplemented(uint sequence) => new SshWriter().Byte(MessageNumber.Unimplemented).UInt32(sequence).ToArray();

    /// <summary>RFC 4253 §11.3: <c>byte 4, boolean always_display, string message, string language</c>.</summary>
    public static string ParseDebug(ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(payload, "DEBUG");
        reader.Byte("number");
        reader.Bool("always_display");
        return reader.DisplayText("message");
    }

    /// <summary>RFC 8308 §2.3: <c>byte 7, uint32 count, (string name, string value) …</c>.</summary>
    public static byte[] ExtInfo(IReadOnlyCollection<(string Name, string Value)> extensions)
    {
        var writer = new SshWriter().Byte(MessageNumber.ExtInfo).UInt32((uint)extensions.Count);
        foreach (var (name, value) in extensions)
            writer.String(name).String(value);
        return writer.ToArray();
    }

    /// <inheritdoc cref="ExtInfo"/>
    public static Dictionary<string, ReadOnlyMemory<byte>> ParseExtInfo(ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(payload, "EXT_INFO");
        reader.Byte("number");
        var count = reader.UInt32("nr-extensions");
        if (count > Limits.MaximumExtensions)
            throw new SshProtocolException($"EXT_INFO: {count} extensions at once");
        var extensions = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        for (var i = 0u; i < count; i++)
        {
            var name = Encoding.UTF8.GetString(reader.String("extension-name"));
            extensions[name] = reader.String("extension-value").ToArray();
        }
        return extensions;
    }
}
