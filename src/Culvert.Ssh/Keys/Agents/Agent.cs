using System.IO.Pipes;
using System.Net.Sockets;

namespace Culvert.Ssh.Keys;

/// <summary>Where an SSH agent listens. Naming one connects to nothing; authentication does, and a missing agent is no error there.</summary>
/// <param name="path">A Unix socket, or on Windows a named pipe (<c>\\.\pipe\…</c>) or Unix socket.</param>
public sealed class Agent(string path)
{
    private const string PipePrefix = @"\\.\pipe\";
    private const string WindowsPipe = PipePrefix + "openssh-ssh-agent";

    /// <summary>The socket or pipe.</summary>
    public string Path { get; } = path;

    /// <summary>The agent that <c>SSH_AUTH_SOCK</c> names, on Windows otherwise the system's; null when there is none.</summary>
    public static Agent? FromEnvironment()
    {
        if (Environment.GetEnvironmentVariable("SSH_AUTH_SOCK") is { Length: > 0 } named)
            return new Agent(named);
        return OperatingSystem.IsWindows() && File.Exists(WindowsPipe) ? new Agent(WindowsPipe) : null;
    }

    /// <summary>Connects; the caller disposes the client.</summary>
    /// <exception cref="AgentException">Nobody listens there.</exception>
    internal async ValueTask<AgentClient> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            return new AgentClient(await OpenAsync(cancellationToken));
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException or TimeoutException or ArgumentException)
        {
            throw new AgentException($"agent at {Path}: {e.Message}", e);
        }
    }

    private async ValueTask<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows() && Path.StartsWith(PipePrefix, StringComparison.OrdinalIgnoreCase))
        {
            var pipe = new NamedPipeClientStream(".", Path[PipePrefix.Length..], PipeDirection.InOut, PipeOptions.Asynchronous);
            try
            {
                await pipe.ConnectAsync(TimeSpan.Zero, cancellationToken);
                return pipe;
            }
            catch
            {
                await pipe.DisposeAsync();
                throw;
            }
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
