using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Culvert.Net;

/// <summary>The users of this machine. Thread-safe.</summary>
public static partial class LocalUsers
{
    /// <summary>The user that this process acts as (the effective one).</summary>
    public static UserId Current { get; } = OperatingSystem.IsWindows()
        ? OfProcess((uint)Environment.ProcessId) ?? throw new InvalidOperationException("the user of this process could not be told")
        : new UserId(geteuid().ToString(CultureInfo.InvariantCulture));

    /// <summary>Whether this process acts for the whole machine: root on Unix, the system account on Windows.</summary>
    public static bool IsSuperuser => Current.Value is "0" or "S-1-5-18";

    /// <summary>The user of a name, or of a number on Unix (a SID on Windows); null when there is none.</summary>
    public static UserId? Find(string nameOrId)
    {
        ArgumentException.ThrowIfNullOrEmpty(nameOrId);
        if (OperatingSystem.IsWindows())
            return nameOrId.StartsWith("S-1-", StringComparison.Ordinal) ? new UserId(nameOrId) : null;
        if (uint.TryParse(nameOrId, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            return new UserId(id.ToString(CultureInfo.InvariantCulture));
        lock (NameLookup)
        {
            // struct passwd begins with two pointers (name, password), then the user id, on every Unix that .NET runs on.
            var entry = getpwnam(nameOrId);
            return entry == 0 ? null : new UserId(((uint)Marshal.ReadInt32(entry, 2 * IntPtr.Size)).ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>A user's home folder; null when there is no such user, and on systems other than Linux.</summary>
    public static string? HomeOf(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!OperatingSystem.IsLinux())
            return null;
        lock (NameLookup)
        {
            // struct passwd of Linux: name, password, two numbers, comment, home.
            var entry = getpwnam(name);
            return entry == 0 ? null : Marshal.PtrToStringUTF8(Marshal.ReadIntPtr(entry, 3 * IntPtr.Size + 2 * sizeof(int)));
        }
    }

    /// <summary>The number and the name of the group that this process acts as (the effective one); null where there are no such groups, or it has no name.</summary>
    public static (string Number, string? Name)? Group()
    {
        if (OperatingSystem.IsWindows())
            return null;
        var group = getegid();
        lock (NameLookup)
        {
            // struct group begins with its name everywhere.
            var entry = getgrgid(group);
            return (group.ToString(CultureInfo.InvariantCulture), entry == 0 ? null : Marshal.PtrToStringUTF8(Marshal.ReadIntPtr(entry)));
        }
    }

    /// <summary>Who owns an open file; null where that can't be told (only Linux says it in one way on every processor).</summary>
    public static unsafe UserId? OwnerOf(SafeFileHandle file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (!OperatingSystem.IsLinux())
            return null;
        // struct statx is the same on every architecture: 256 bytes, stx_uid at 20.
        const int emptyPath = 0x1000, wantUid = 0x8;
        var buffer = stackalloc byte[256];
        return statx(file, "", emptyPath, wantUid, buffer) == 0 ? new UserId((*(uint*)(buffer + 20)).ToString(CultureInfo.InvariantCulture)) : null;
    }

    /// <summary>Whether a path still leads to an open file; null where that can't be told (only Linux says it in one way on every processor).</summary>
    public static unsafe bool? IsSameFile(SafeFileHandle file, string path)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (!OperatingSystem.IsLinux())
            return null;
        // struct statx: stx_ino at 32, stx_dev_major and _minor at 136 and 140.
        const int emptyPath = 0x1000, wantInode = 0x100;
        byte* open = stackalloc byte[256], named = stackalloc byte[256];
        if (statx(file, "", emptyPath, wantInode, open) != 0)
            return null;
        return statx(file, Path.GetFullPath(path), 0, wantInode, named) == 0
            && *(ulong*)(open + 32) == *(ulong*)(named + 32) && *(ulong*)(open + 136) == *(ulong*)(named + 136);
    }

    // getpwnam answers in memory that the next call reuses.
    private static readonly Lock NameLookup = new();

    [SupportedOSPlatform("windows")]
    internal static UserId? OfProcess(uint process)
    {
        const uint queryLimited = 0x1000, tokenQuery = 8, tokenUser = 1;
        var handle = OpenProcess(queryLimited, false, process);
        if (handle == 0)
            return null;
        nint token = 0, text = 0;
        try
        {
            if (!OpenProcessToken(handle, tokenQuery, out token))
                return null;
            var buffer = new byte[256]; // TOKEN_USER: a pointer, attributes, and a SID of at most 68 bytes
            if (!GetTokenInformation(token, tokenUser, buffer, buffer.Length, out _))
                return null;
            var pinned = GCHandle.Alloc(buffer, GCHandleType.Pinned);
            try
            {
                // The SID lies in the buffer itself; its pointer is only meaningful while that is where it was written.
                var sid = pinned.AddrOfPinnedObject() + (2 * IntPtr.Size);
                return ConvertSidToStringSid(sid, out text) ? new UserId(Marshal.PtrToStringUni(text)!) : null;
            }
            finally
            {
                pinned.Free();
            }
        }
        finally
        {
            if (text != 0)
                LocalFree(text);
            if (token != 0)
                CloseHandle(token);
            CloseHandle(handle);
        }
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial uint getegid();

    [LibraryImport("libc")]
    private static partial nint getgrgid(uint group);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint getpwnam(string name);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(SafeFileHandle directory, string path, int flags, uint mask, byte* buffer);

    [LibraryImport("kernel32.dll")]
    private static partial nint OpenProcess(uint access, [MarshalAs(UnmanagedType.Bool)] bool inherit, uint process);

    [LibraryImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CloseHandle(nint handle);

    [LibraryImport("kernel32.dll")]
    private static partial nint LocalFree(nint memory);

    [LibraryImport("advapi32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool OpenProcessToken(nint process, uint access, out nint token);

    [LibraryImport("advapi32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetTokenInformation(nint token, uint kind, [Out] byte[] buffer, int length, out int needed);

    [LibraryImport("advapi32.dll", EntryPoint = "ConvertSidToStringSidW")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool ConvertSidToStringSid(nint sid, out nint text);
}
