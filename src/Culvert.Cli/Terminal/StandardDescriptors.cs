using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Culvert.Cli.Terminal;

/// <summary>Letting go of the descriptors that a process is born with.</summary>
[UnsupportedOSPlatform("windows")]
internal static partial class StandardDescriptors
{
    private const int ReadWrite = 2;

    /// <summary>Other descriptors of this process for the same pipes, sockets or terminals. The just-in-time runtime keeps such duplicates: whoever reads the other
    /// end of a pipe would wait for them for ever.</summary>
    public static IReadOnlyList<int> Duplicates(params IReadOnlyList<int> standard)
    {
        var duplicates = new List<int>();
        if (!OperatingSystem.IsLinux())
            return duplicates;
        var targets = standard.Select(Target).ToList();
        foreach (var entry in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            // Only what has a reader or a person at its other end; a file may be our own log.
            if (int.TryParse(Path.GetFileName(entry), out var descriptor) && descriptor > 2 && Target(descriptor) is { } target
                && (target.Contains("pipe:[", StringComparison.Ordinal) || target.Contains("socket:[", StringComparison.Ordinal) || target.StartsWith("/dev/pts/", StringComparison.Ordinal))
                && targets.Contains(target))
                duplicates.Add(descriptor);
        }
        return duplicates;
    }

    /// <summary>Lets go of a descriptor and its duplicates, so that whoever reads it knows that nothing follows. The number stays taken: what is opened next
    /// must not get it.</summary>
    public static void LetGo(int descriptor)
    {
        var nothing = open("/dev/null", ReadWrite);
        if (nothing < 0)
            return;
        // A socket may serve both ways; then it's the other descriptor's, too.
        var others = Enumerable.Range(0, 3).Where(other => other != descriptor).Select(Target).ToList();
        foreach (var one in (IEnumerable<int>)[.. others.Contains(Target(descriptor)) ? [] : Duplicates(descriptor), descriptor])
            _ = dup2(nothing, one);
        _ = close(nothing);
    }

    private static string? Target(int descriptor) => new FileInfo(FormattableString.Invariant($"/proc/self/fd/{descriptor}")).LinkTarget;

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc")]
    private static partial int dup2(int from, int to);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);
}
