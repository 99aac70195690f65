using System.Buffers.Binary;
using Culvert.Net;
using Culvert.Net.Unix;

namespace Culvert.OpenSsh;

/// <summary>One connection to the control socket of a running <c>ssh</c>. Requests wait for each other. Thread-safe.</summary>
internal sealed class MuxConnection : IAsyncDisposable
{
    private readonly Duplex _socket;
    private readonly SemaphoreSlim _turn = new(1);
    private uint _request;

    private MuxConnection(Duplex socket) => _socket = socket;

    /// <summary>Connects and greets.</summary>
    /// <exception cref="NetworkException">Nobody listens there, or it's another version.</exception>
    public static async Task<MuxConnection> OpenAsync(string path, CancellationToken cancellationToken)
    {
        var (duplex, failure) = await new UnixNetwork().Connect(UnixNetwork.At(path), ConnectOptions.Default).Outcome.ConfigureAwait(false);
        if (duplex is null)
            throw new NetworkException(failure!);
        var connection = new MuxConnection(duplex);
        try
        {
            await connection.WriteAsync(MuxMessages.SayHello(), cancellationToken).ConfigureAwait(false);
            var hello = await connection.ReadAsync(cancellationToken).ConfigureAwait(false);
            return hello is { Type: MuxMessages.Hello, Request: MuxMessages.Version } ? connection : throw Lost("ssh speaks another version of its control protocol");
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Asks and waits for the answer.</summary>
    /// <param name="message">Makes the message for a request's number.</param>
    /// <param name="cancellationToken">Gives up; the connection is good for nothing then.</param>
    /// <exception cref="NetworkException">The program is gone.</exception>
    public async Task<MuxReply> AskAsync(Func<uint, byte[]> message, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var request = ++_request;
            await WriteAsync(message(request), cancellationToken).ConfigureAwait(false);
            var reply = await ReadAsync(cancellationToken).ConfigureAwait(false);
            return reply.Request == request ? reply : throw Lost("ssh answered another question");
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>From here on the connection carries messages of RFC 4254 instead. Its caller owns what comes back; this object is used up.</summary>
    /// <exception cref="NetworkException">The program is gone or refuses.</exception>
    public async Task<Duplex> BecomeProxyAsync(CancellationToken cancellationToken)
    {
        var reply = await AskAsync(request => MuxMessages.Ask(MuxMessages.Proxy, request), cancellationToken).ConfigureAwait(false);
        return reply.Type == MuxMessages.ProxyBegins ? _socket : throw Lost("ssh doesn't share its connection: " + reply.Reason);
    }

    /// <summary>Closes it. Who waits for an answer or for a turn, and who asks later, is told that the program is gone.</summary>
    /// <remarks>The turn stays: a disposed one never wakes those who wait for it. Without a socket each of them fails when it's its turn.</remarks>
    public ValueTask DisposeAsync() => _socket.DisposeAsync();

    private async Task WriteAsync(byte[] message, CancellationToken cancellationToken)
    {
        if (await _socket.WriteAsync(message, cancellationToken).ConfigureAwait(false) != WriteEnd.None)
            throw Lost("ssh has ended");
    }

    private async Task<MuxReply> ReadAsync(CancellationToken cancellationToken)
    {
        var head = await ReadExactlyAsync(4, cancellationToken).ConfigureAwait(false);
        var length = BinaryPrimitives.ReadUInt32BigEndian(head);
        if (length > MuxMessages.LongestReply)
            throw Lost("ssh's answer is too long");
        try
        {
            return MuxMessages.Read(await ReadExactlyAsync((int)length, cancellationToken).ConfigureAwait(false));
        }
        catch (InvalidDataException e)
        {
            throw Lost(e.Message);
        }
    }

    private async Task<byte[]> ReadExactlyAsync(int count, CancellationToken cancellationToken)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var read = await _socket.ReadAsync(bytes.AsMemory(at), cancellationToken).ConfigureAwait(false);
            if (read.End != ReadEnd.None)
                throw Lost("ssh has ended");
            at += read.Bytes.Length;
        }
        return bytes;
    }

    private static NetworkException Lost(string text) => new(new Failure(FailureKind.NetworkLost, text));
}
