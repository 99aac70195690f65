using System.Text;
using Culvert.Net;

namespace Culvert.Ssh.Trust;

/// <summary>Opens known_hosts files, adds lines to them and takes lines away: whatever else stands in them stays byte for byte.</summary>
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

    /// <summary>Takes lines away and adds others, under a lock and in one stroke: whoever reads sees the old file or the new one. Permissions stay, and a symbolic link
    /// goes on leading to it.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static async ValueTask ReplaceAsync(string path, IReadOnlyList<KnownHostsLine> without, IReadOnlyList<string> with, TimeProvider time, CancellationToken cancellationToken)
    {
        if (without.Count == 0)
        {
            await AppendAsync(path, string.Join('\n', with), time, cancellationToken);
            return;
        }
        var target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        await using var file = await OpenLockedAsync(target, time, cancellationToken);
        using var reader = new StreamReader(file, new UTF8Encoding(false, true), detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        var changed = Encoding.UTF8.GetBytes(Changed(await ReadAllAsync(reader, cancellationToken), without, with));
        var temporary = $"{target}.{Guid.NewGuid():N}";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = File.GetUnixFileMode(file.SafeFileHandle);
            await using (var next = new FileStream(temporary, options))
            {
                // The process's mask may have taken rights away.
                if (!OperatingSystem.IsWindows())
                    File.SetUnixFileMode(next.SafeFileHandle, File.GetUnixFileMode(file.SafeFileHandle));
                await next.WriteAsync(changed, cancellationToken);
                next.Flush(flushToDisk: true);
            }
            File.Move(temporary, target, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static async ValueTask<string> ReadAllAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadToEndAsync(cancellationToken);
        }
        catch (DecoderFallbackException e)
        {
            throw new IOException("it is not UTF-8", e);
        }
    }

    /// <summary>The text without the lines of those keys for those hosts, which may have moved meanwhile, and with the new ones at its end. Pure.</summary>
    internal static string Changed(string text, IReadOnlyList<KnownHostsLine> without, IReadOnlyList<string> with)
    {
        var changed = new StringBuilder(text.Length + 1024);
        for (var at = 0; at < text.Length;)
        {
            var end = text.IndexOf('\n', at) is var feed and >= 0 ? feed + 1 : text.Length;
            if (!IsOneOf(text[at..end].TrimEnd('\r', '\n'), without))
                changed.Append(text, at, end - at);
            at = end;
        }
        if (changed.Length > 0 && changed[^1] != '\n')
            changed.Append('\n');
        foreach (var line in with)
            changed.Append(line).Append('\n');
        return changed.ToString();
    }

    private static bool IsOneOf(string text, IReadOnlyList<KnownHostsLine> lines)
    {
        try
        {
            return KnownHostsLine.Parse("", 0, text) is { } parsed
                && lines.Any(line => line.Marker == parsed.Marker && line.Hosts == parsed.Hosts && line.Blob.Span.SequenceEqual(parsed.Blob.Span));
        }
        catch (FormatException)
        {
            return false; // what can't be read stays
        }
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

    /// <summary>Another Culvert may have put a new file in place of the one that we waited for.</summary>
    private static async ValueTask<FileStream> OpenLockedAsync(string path, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var file = await OpenLockedOnceAsync(path, time, cancellationToken);
            if (attempt == MaximumAttempts || LocalUsers.IsSameFile(file.SafeFileHandle, path) is not false)
                return file;
            await file.DisposeAsync();
        }
    }

    private static ValueTask<FileStream> OpenLockedOnceAsync(string path, TimeProvider time, CancellationToken cancellationToken)
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
