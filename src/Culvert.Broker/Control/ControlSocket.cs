using System.Globalization;
using System.Net.Sockets;
using Culvert.Net;
using Culvert.Broker.Runtime;
using Culvert.Net.Unix;

namespace Culvert.Broker.Control;

/// <summary>Where a broker's control socket is. Its folder belongs to its user and is closed to all others; who connects is looked at all the same.</summary>
public static class ControlSocket
{
    /// <summary>The environment variable that names another place, as Tectia's SSH_SECSH_BROKER does.</summary>
    public const string Variable = "CULVERT_BROKER";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The usual place for this user.</summary>
    public static string Usual()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
            return named;
        if (Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime)
            return Path.Combine(runtime, "culvert", "broker.sock");
        return LocalUsers.IsSuperuser && OperatingSystem.IsLinux()
            ? "/run/culvert/broker.sock"
            : Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"culvert-{LocalUsers.Current}"), "broker.sock");
    }

    /// <summary>Makes the folder, and takes away a socket that nobody listens on any more.</summary>
    /// <exception cref="BrokerException">A broker runs there, or the folder isn't ours alone.</exception>
    internal static async Task PrepareAsync(string path, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
            throw new BrokerException(Message.Error("A broker isn't offered on Windows yet.", "culvert --reconnect keeps the tunnels of one connection up"));
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        try
        {
            Directory.CreateDirectory(folder, OwnerOnly);
            // A folder in a place that all may write to could be somebody else's, who waits for us to come.
            if (new DirectoryInfo(folder).LinkTarget is not null || (File.GetUnixFileMode(folder) & ~OwnerOnly) != 0)
            {
                throw new BrokerException(Message.Error(
                    $"The control socket's folder {folder} isn't ours alone.", $"chmod 700 {folder}, or name another place in {Variable} or with --socket"));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BrokerException(Message.Error($"The control socket's folder {folder} can't be used: {e.Message}", $"name another place in {Variable} or with --socket"), e);
        }
        if (!File.Exists(path))
            return;
        try
        {
            await (await UnixSockets.ConnectAsync(path, cancellationToken).ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
        catch (SocketException)
        {
            File.Delete(path);
            return;
        }
        throw new BrokerException(Message.Error($"A broker runs already, and listens on {path}.", "culvert ctl status shows it; culvert ctl stop ends it"));
    }

    /// <summary>Whether a user may use a broker: its own user, and root.</summary>
    internal static bool Admits(UserId? peer) => peer is not null && (peer == LocalUsers.Current || peer.Value == "0");
}
