using System.Text;

namespace Culvert.Broker.Runtime;

/// <summary>A file whose first line is a password.</summary>
internal static class PasswordFile
{
    /// <summary>More than any server takes.</summary>
    private const int LongestPassword = 1024;

    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Reads it.</summary>
    /// <exception cref="BrokerException">It can't be read, others may read it, or there is no password in it.</exception>
    public static async ValueTask<string> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var buffer = new byte[LongestPassword + 1];
        try
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0, FileOptions.Asynchronous);
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & Others) is var others and not UnixFileMode.None)
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
            throw new BrokerException(Message.Error($"Can't read the password file '{path}': {Cause(e)}", "name a file that you alone may read"), e);
        }
        finally
        {
            Array.Clear(buffer);
        }
    }

    private static string Cause(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => "No such file or directory",
        UnauthorizedAccessException => "Permission denied",
        _ => e.Message,
    };
}
