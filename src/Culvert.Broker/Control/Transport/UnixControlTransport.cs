using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Culvert.Broker.Runtime;
using Culvert.Net;
using Culvert.Net.Unix;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Culvert.Broker.Control;

/// <summary>A Unix socket. Its folder belongs to its user and is closed to all others; who connects, and who serves, is looked at all the same.</summary>
/// <param name="path">Where it lies.</param>
[UnsupportedOSPlatform("windows")]
internal sealed class UnixControlTransport(string path) : IControlTransport
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // Between the end of a broker's socket and its letting go of the place lies the removal of a file.
    private static readonly TimeSpan LongestParting = TimeSpan.FromSeconds(2), Step = TimeSpan.FromMilliseconds(20);

    // Held while a broker is here: of several that start at once, only one may take away what an earlier one left. The system lets go of it when the process ends, however that is.
    private FileStream? _lock;

    /// <inheritdoc/>
    public string Place => path;

    /// <inheritdoc/>
    public bool MayBeServed => File.Exists(path);

    /// <summary>Makes the folder, and takes away a socket that nobody listens on any more.</summary>
    /// <exception cref="BrokerException">A broker runs there, or the folder isn't ours alone.</exception>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        try
        {
            Directory.CreateDirectory(folder, OwnerOnly);
            // A folder in a place that all may write to could be somebody else's, who waits for us to come.
            if (new DirectoryInfo(folder).LinkTarget is not null || (File.GetUnixFileMode(folder) & ~OwnerOnly) != 0)
            {
                throw new BrokerException(Message.Error(
                    $"The control socket's folder {folder} isn't ours alone.", $"chmod 700 {folder}, or name another place in {ControlSocket.Variable} or with --socket"));
            }
            _lock = await LockAsync(cancellationToken).ConfigureAwait(false) ?? throw ControlSocket.InUse(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BrokerException(Message.Error($"The control socket's folder {folder} can't be used: {FileCause.Of(e)}", $"name another place in {ControlSocket.Variable} or with --socket"), e);
        }
        if (!File.Exists(path))
            return;
        try
        {
            await (await UnixSockets.ConnectAsync(path, cancellationToken).ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            // A socket has no length. Whatever else lies there is somebody's work.
            if (new FileInfo(path).Length > 0)
                throw new BrokerException(Message.Error($"{path} is a file, and no control socket.", "name another place with --socket"), e);
            File.Delete(path);
            return;
        }
        catch (SocketException)
        {
            // Somebody listens, and is too busy to answer.
        }
        throw ControlSocket.InUse(path);
    }

    // One that ends takes its socket away first: whoever saw that may come in the moment before it lets go. Null: another broker has it.
    private async Task<FileStream?> LockAsync(CancellationToken cancellationToken)
    {
        for (var left = LongestParting; left > TimeSpan.Zero && !File.Exists(path); left -= Step)
        {
            if (Lock() is { } held)
                return held;
            // Another process isn't bound to our clock.
            await Task.Delay(Step, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
        return Lock();
    }

    private FileStream? Lock()
    {
        try
        {
            return new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.GetType() == typeof(IOException))
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public EndPoint EndPoint => new UnixDomainSocketEndPoint(path);

    /// <inheritdoc/>
    public IConnectionListenerFactory Listeners => LocalHttpServer.Sockets;

    // The folder keeps others out already; who looks at the socket alone shall see the same.
    public void Started() => File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);

    // The kernel's word for who connected.
    public bool Admits(ConnectionContext connection, out UserId? peer)
    {
        peer = connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket ? UnixSockets.PeerOf(socket) : null;
        return ControlSocket.Admits(peer);
    }

    /// <inheritdoc/>
    public void Ended()
    {
        File.Delete(path);
        _lock?.Dispose();
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        var stream = await UnixSockets.ConnectAsync(path, cancellationToken).ConfigureAwait(false);
        if (ControlSocket.Believes(UnixSockets.PeerOf(stream.Socket), LocalUsers.Current))
            return stream;
        await stream.DisposeAsync().ConfigureAwait(false);
        throw ControlSocket.Foreign(path);
    }
}
