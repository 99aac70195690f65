using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Culvert.Ssh.Keys;

/// <summary>Refuses private key files that other people can read, by OpenSSH's rule: the file is ours, and group or others have any right to it.</summary>
internal static partial class KeyFilePermissions
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>OpenSSH's warning, or null when all is well. On Windows the access lists aren't looked at.</summary>
    public static string? Complaint(SafeFileHandle file, string path)
    {
        if (OperatingSystem.IsWindows())
            return null;
        var mode = File.GetUnixFileMode(file);
        if ((mode & Others) == 0 || !IsOurs(file))
            return null;
        var octal = Convert.ToString((int)mode & 0xfff, 8).PadLeft(4, '0');
        return $"""
            @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
            @         WARNING: UNPROTECTED PRIVATE KEY FILE!          @
            @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
            Permissions {octal} for '{path}' are too open.
            It is required that your private key files are NOT accessible by others.
            This private key will be ignored.
            """;
    }

    /// <summary>A file of somebody else (root's, given to our group) is that one's affair. Where the owner can't be told, it counts as ours.</summary>
    [UnsupportedOSPlatform("windows")]
    private static unsafe bool IsOurs(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
            return true;
        // struct statx is the same on every architecture: 256 bytes, stx_uid at 20.
        const int EmptyPath = 0x1000, WantUid = 0x8;
        var buffer = stackalloc byte[256];
        var result = Statx(file, "", EmptyPath, WantUid, buffer);
        return result != 0 || *(uint*)(buffer + 20) == Getuid();
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Statx(SafeFileHandle directory, string path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", EntryPoint = "getuid")]
    private static partial uint Getuid();
}
