using System.Text;

namespace Culvert.Ssh.Trust;

/// <summary>Opens known_hosts files and adds lines to them, no more than that: whatever else stands in it stays byte for byte.</summary>
internal static class KnownHostsFile
{
    /// <summary>Another Culvert holds the file for microseconds; this many attempts mean that something else does.</summary>
    private const int MaximumAttempts = 100;

    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromMilliseconds(20);

    /// <summary>Appends one line, under a lock and with a single write. Creates the file (0600) and its folder (0700).</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static async ValueTask AppendAsync(string path, string line, TimeProvider time, CancellationToken cancellationToken)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
            CreateFolder(folder);
        await using var file = await OpenLockedAsync(path, time, cancellationToken);
        var text = Encoding.UTF8.GetBytes(await EndsWithinLineAsync(file, cancellationToken) ? $"\n{line}\n" : $"{line}\n");
        await file.WriteAsync(text, cancellationToken);
        await file.FlushAsync(cancellationToken);
    }

    private static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Opens for reading, waiting for a Culvert that is adding a line.</summary>
    /// <exception cref="IOException">It could not be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public static ValueTask<FileStream> OpenForReadingAsync(string path, TimeProvider time, CancellationToken cancellationToken) =>
        OpenAsync(path, new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0, Options = FileOptions.Asynchronous }, time, cancellationToken);

    private static ValueTask<FileStream> OpenLockedAsync(string path, TimeProvider time, CancellationToken cancellationToken)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            // On Unix this is flock, which other programs' appends don't look at; the window left to those is one read and one write.
            Share = FileShare.None,
            BufferSize = 0,
            Options = FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return OpenAsync(path, options, time, cancellationToken);
    }

    private static async ValueTask<FileStream> OpenAsync(string path, FileStreamOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return new FileStream(path, options);
            }
            catch (IOException e) when (attempt < MaximumAttempts && IsLocked(e))
            {
                await Task.Delay(BetweenAttempts, time, cancellationToken);
            }
        }
    }

    /// <summary>EWOULDBLOCK of Linux and of macOS, ERROR_SHARING_VIOLATION of Windows.</summary>
    private static bool IsLocked(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);

    /// <summary>Moves to the end and tells whether the last line lacks its line feed.</summary>
    private static async ValueTask<bool> EndsWithinLineAsync(FileStream file, CancellationToken cancellationToken)
    {
        // /dev/null can't seek, and has no last line.
        if (!file.CanSeek || file.Length == 0)
            return false;
        file.Seek(-1, SeekOrigin.End);
        var last = new byte[1];
        await file.ReadExactlyAsync(last, cancellationToken);
        return last[0] != (byte)'\n';
    }
}
