using Culvert.Net;
using Microsoft.Win32.SafeHandles;

namespace Culvert.Ssh.Keys;

/// <summary>Refuses private key files that other people can read, by OpenSSH's rule: the file is ours, and group or others have any right to it.</summary>
internal static class KeyFilePermissions
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

    // A file of somebody else (root's, given to our group) is that one's affair. Where the owner can't be told, it counts as ours.
    private static bool IsOurs(SafeFileHandle file) => LocalUsers.OwnerOf(file) is not { } owner || owner == LocalUsers.Current;
}
