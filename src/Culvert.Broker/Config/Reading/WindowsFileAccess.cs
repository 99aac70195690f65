using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;

namespace Culvert.Broker.Config;

/// <summary>Who may write a file, by its access list.</summary>
internal static class WindowsFileAccess
{
    // The system, the administrators, and the installer of Windows' own parts: they may write what they like anyway.
    private static readonly string[] Masters = ["S-1-5-18", "S-1-5-32-544", "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"];

    /// <summary>Whoever has one of them decides what the file says: write, append, delete, change its rights or its owner, and the two that stand for several.</summary>
    private const int Writing = 0x2 | 0x4 | 0x10000 | 0x40000 | 0x80000 | 0x40000000 | 0x10000000;

    /// <summary>Whether nobody but the user and the machine's masters may write an open file.</summary>
    [SupportedOSPlatform("windows")]
    public static bool IsSafe(FileStream file)
    {
        using var self = WindowsIdentity.GetCurrent();
        var access = file.GetAccessControl();
        var rules = access.GetAccessRules(includeExplicit: true, includeInherited: true, typeof(SecurityIdentifier)).Cast<FileSystemAccessRule>()
            .Select(rule => (rule.IdentityReference.Value, (int)rule.FileSystemRights, rule.AccessControlType == AccessControlType.Allow));
        return IsSafe(access.GetOwner(typeof(SecurityIdentifier))?.Value, rules, self.User!.Value);
    }

    /// <summary>Likewise. Pure.</summary>
    /// <param name="owner">The file's owner; null: unknown.</param>
    /// <param name="rules">Whom each rule of its access list concerns, which rights, and whether it gives them.</param>
    /// <param name="self">The user.</param>
    public static bool IsSafe(string? owner, IEnumerable<(string User, int Rights, bool Allows)> rules, string self)
    {
        return IsTrusted(owner) && rules.All(rule => !rule.Allows || (rule.Rights & Writing) == 0 || IsTrusted(rule.User));

        bool IsTrusted(string? user) => user is not null && (user == self || Masters.Contains(user));
    }
}
