using System.Buffers.Binary;
using System.Text;
using Culvert.Net;

namespace Culvert.OpenSsh;

/// <summary>What a connection-sharing <c>ssh</c> answered.</summary>
/// <param name="Type">One of <see cref="MuxMessages"/>' numbers.</param>
/// <param name="Request">To which request.</param>
/// <param name="Port">For a remote port that was chosen: which.</param>
/// <param name="Reason">For a failure: why, without control characters.</param>
internal readonly record struct MuxReply(uint Type, uint Request, int Port, string Reason);

/// <summary>Messages of OpenSSH's multiplexing protocol, version 4 (PROTOCOL.mux in its sources): a length, a type, fields as SSH writes them. Pure.</summary>
internal static class MuxMessages
{
    public const uint Version = 4;
    public const uint Hello = 0x00000001, AliveCheck = 0x10000004, Terminate = 0x10000005, OpenForward = 0x10000006, CloseForward = 0x10000007, Proxy = 0x1000000f;
    public const uint Ok = 0x80000001, PermissionDenied = 0x80000002, Failed = 0x80000003, Alive = 0x80000005, RemotePort = 0x80000007, ProxyBegins = 0x8000000f;

    /// <summary>Replies are a few words; more is not the program that we started.</summary>
    public const int LongestReply = 4096;

    private const uint RemoteForward = 2;

    /// <summary>In place of a port: what stands before it is a socket's path.</summary>
    private const uint IsPath = unchecked((uint)-2);

    //  uint32  type
    //  uint32  version
    public static byte[] SayHello() => Message(Hello, Version);

    //  uint32  type
    //  uint32  request
    public static byte[] Ask(uint type, uint request) => Message(type, request);

    //  uint32  type: open or close
    //  uint32  request
    //  uint32  kind of forward
    //  string  address to listen on; empty: as without one
    //  uint32  port to listen on; 0: the server chooses
    //  string  where connections go to
    //  uint32  its port, or that it is a path
    public static byte[] Forward(uint type, uint request, Endpoint listen, string path) =>
        Message(type, request, RemoteForward, listen.Host, (uint)listen.Port, path, IsPath);

    /// <summary>The body of a reply, without its length.</summary>
    /// <exception cref="InvalidDataException">It isn't one.</exception>
    public static MuxReply Read(ReadOnlySpan<byte> body)
    {
        if (body.Length < 8)
            throw new InvalidDataException("a reply of ssh is too short");
        var (type, request) = (BinaryPrimitives.ReadUInt32BigEndian(body), BinaryPrimitives.ReadUInt32BigEndian(body[4..]));
        var rest = body[8..];
        return type switch
        {
            RemotePort => rest.Length >= 4 && BinaryPrimitives.ReadUInt32BigEndian(rest) is > 0 and <= 65535 and var port
                ? new(type, request, (int)port, "")
                : throw new InvalidDataException("ssh named no port"),
            Failed or PermissionDenied => new(type, request, 0, Text(rest)),
            _ => new(type, request, 0, ""),
        };
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        if (field.Length < 4 || BinaryPrimitives.ReadUInt32BigEndian(field) is var length && length > field.Length - 4)
            throw new InvalidDataException("a reply of ssh ends within a text");
        return new string([.. Encoding.UTF8.GetString(field.Slice(4, (int)length)).Select(c => char.IsControl(c) ? '?' : c)]);
    }

    private static byte[] Message(params ReadOnlySpan<object> fields)
    {
        var message = new MemoryStream();
        message.Write(stackalloc byte[4]);
        foreach (var field in fields)
        {
            if (field is string text)
            {
                var bytes = Encoding.UTF8.GetBytes(text);
                Number((uint)bytes.Length);
                message.Write(bytes);
            }
            else
            {
                Number((uint)field);
            }
        }
        var whole = message.ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(whole, (uint)whole.Length - 4);
        return whole;

        void Number(uint value)
        {
            Span<byte> four = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(four, value);
            message.Write(four);
        }
    }
}
