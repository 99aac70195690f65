using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Principal;

namespace Culvert.Broker.Service;

/// <summary>The services that this machine's manager knows. Thread-safe.</summary>
public static partial class WindowsServices
{
    /// <summary>The name of Culvert's service.</summary>
    public const string Name = "culvert";

    private const uint MayConnect = 1, MayReadConfiguration = 1;

    /// <summary>QUERY_SERVICE_CONFIG is at most 8 KB.</summary>
    private const int Largest = 8 * 1024;

    /// <summary>Its lpServiceStartName: three numbers, two pointers, a number and a pointer stand before.</summary>
    private static readonly int AccountAt = IntPtr.Size == 8 ? 48 : 28;

    /// <summary>The SID of the account that a service runs as; null: there is no such service, or no such account.</summary>
    [SupportedOSPlatform("windows")]
    internal static unsafe string? AccountOf(string service)
    {
        nint manager = 0, opened = 0;
        try
        {
            if ((manager = OpenSCManager(null, null, MayConnect)) == 0 || (opened = OpenService(manager, service, MayReadConfiguration)) == 0)
                return null;
            var buffer = stackalloc byte[Largest];
            return QueryServiceConfig(opened, buffer, Largest, out _) && Marshal.PtrToStringUni(*(nint*)(buffer + AccountAt)) is { } account ? IdOf(account) : null;
        }
        finally
        {
            if (opened != 0)
                _ = CloseServiceHandle(opened);
            if (manager != 0)
                _ = CloseServiceHandle(manager);
        }
    }

    [SupportedOSPlatform("windows")]
    private static string? IdOf(string account)
    {
        if (account == "LocalSystem")
            return "S-1-5-18";
        try
        {
            // The manager writes an account of this machine with a dot.
            var name = account.StartsWith(@".\", StringComparison.Ordinal) ? Environment.MachineName + account[1..] : account;
            return new NTAccount(name).Translate(typeof(SecurityIdentifier)).Value;
        }
        catch (IdentityNotMappedException)
        {
            return null;
        }
    }

    [LibraryImport("advapi32.dll", EntryPoint = "OpenSCManagerW", StringMarshalling = StringMarshalling.Utf16)]
    private static partial nint OpenSCManager(string? machine, string? database, uint access);

    [LibraryImport("advapi32.dll", EntryPoint = "OpenServiceW", StringMarshalling = StringMarshalling.Utf16)]
    private static partial nint OpenService(nint manager, string name, uint access);

    [LibraryImport("advapi32.dll", EntryPoint = "QueryServiceConfigW")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static unsafe partial bool QueryServiceConfig(nint service, byte* configuration, int size, out int needed);

    [LibraryImport("advapi32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CloseServiceHandle(nint handle);
}
