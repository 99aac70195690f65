using System.Security.Cryptography;
using System.Text;

namespace Culvert.Broker.Runtime;

/// <summary>A file whose first line is a password.</summary>
internal static class PasswordFile
{
    /// <summary>More than any server takes.</summary>
    public const int LongestPassword = 1024;

    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Reads it.</summary>
    /// <exception cref="BrokerException">It can't be read, others may read it, or there is no password in it.</exception>
    public static ValueTask<string> ReadAsync(string path, CancellationToken cancellationToken) => ReadAsync(path, mayBeShared: false, cancellationToken);

    /// <summary>Reads a credential that systemd put into the service's own folder, which it alone guards (<c>LoadCredential=</c>, <c>SetCredentialEncrypted=</c>).</summary>
    /// <param name="name">The credential's name.</param>
    /// <param name="folder">The folder, from <c>$CREDENTIALS_DIRECTORY</c>; null: there is none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BrokerException">There is no such credential.</exception>
    public static ValueTask<string> ReadCredentialAsync(string name, string? folder, CancellationToken cancellationToken)
    {
        if (name is "." or ".." || name.AsSpan().ContainsAny('/', '\\', '\0'))
            throw new BrokerException(Message.Error($"'{name}' is no name of a credential.", "say the name that LoadCredential= in the unit gives it"));
        if (string.IsNullOrEmpty(folder))
            throw new BrokerException(Message.Error($"There is no credential '{name}': CREDENTIALS_DIRECTORY is not set.", $"start culvert as a systemd service with LoadCredential={name}:FILE"));
        return ReadAsync(Path.Combine(folder, name), mayBeShared: true, cancellationToken);
    }

    private static async ValueTask<string> ReadAsync(string path, bool mayBeShared, CancellationToken cancellationToken)
    {
        var buffer = GC.AllocateArray<byte>(LongestPassword + 1, pinned: true);
        try
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0, FileOptions.Asynchronous);
            if (!mayBeShared && !OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & Others) is var others and not UnixFileMode.None)
            {
                throw new BrokerException(Message.Error(
                    $"Permissions for '{path}' are too open.", $"others may use this password ({others}): chmod 600 {path}"));
            }
            var length = await file.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            var line = buffer.AsSpan(0, length);
            if (line.IndexOf((byte)'\n') is var end and >= 0)
                line = line[..end];
            line = line.TrimEnd((byte)'\r');
            if (line.Length is 0 or > LongestPassword)
                throw new BrokerException(Message.Error($"No password in '{path}'.", $"its first line is the password, of at most {LongestPassword} bytes"));
            return Encoding.UTF8.GetString(line);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BrokerException(Message.Error($"Can't read the password file '{path}': {FileCause.Of(e)}", "name a file that you alone may read"), e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }
}
