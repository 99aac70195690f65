using System.Buffers.Binary;
using System.Text;
using Culvert.Net;
using Culvert.OpenSsh;
using Xunit;

namespace Culvert.Tests.OpenSsh;

/// <summary>What <c>ssh</c> says at its control socket, said by a test.</summary>
internal static class SharingProgram
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Answers one message as a program that is well, and says what text stood last in it (where a forward connects to).</summary>
    public static async Task<string> AnswerAsync(Duplex program)
    {
        var body = await HearAsync(program);
        var type = BinaryPrimitives.ReadUInt32BigEndian(body);
        await SayAsync(program, type switch { MuxMessages.Hello => MuxMessages.Hello, MuxMessages.AliveCheck => MuxMessages.Alive, _ => MuxMessages.Ok }, RequestOf(body));
        if (type != MuxMessages.OpenForward)
            return "";
        var listen = BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(12));
        var connect = BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(20 + listen));
        return Encoding.UTF8.GetString(body, 24 + listen, connect);
    }

    /// <summary>The body of the next message.</summary>
    public static async Task<byte[]> HearAsync(Duplex program) => await ReadAsync(program, BinaryPrimitives.ReadInt32BigEndian(await ReadAsync(program, 4)));

    /// <summary>The number of a request; of a hello the version, which stands in its place.</summary>
    public static uint RequestOf(byte[] body) => BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(4));

    /// <summary>Says a reply. A failure has an empty text.</summary>
    public static async Task SayAsync(Duplex program, uint type, uint request)
    {
        var reply = new byte[type == MuxMessages.Failed ? 16 : 12];
        BinaryPrimitives.WriteInt32BigEndian(reply, reply.Length - 4);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(4), type);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(8), request);
        await program.WriteAsync(reply, Cancel);
    }

    private static async Task<byte[]> ReadAsync(Duplex duplex, int count)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var read = await duplex.ReadAsync(bytes.AsMemory(at), Cancel);
            Assert.Equal(ReadEnd.None, read.End);
            at += read.Bytes.Length;
        }
        return bytes;
    }
}
