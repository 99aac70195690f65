using Xunit.Sdk;

namespace Culvert.Interop.Processes;

/// <summary>
/// Finds the real programs that the tests talk to: unpacked below <c>artifacts/peers/root</c> by
/// <c>install-peers.sh</c>, or installed on the machine. A test whose program is missing is skipped with the reason;
/// with <c>CI=true</c> it fails instead, so that a gap can't hide.
/// </summary>
internal static class Peers
{
    private static readonly string[] SystemFolders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/bin"];

    /// <summary>The folder of Culvert.slnx, found from the place of the running tests.</summary>
    public static string Repository { get; } = FindRepository();

    public static string UnpackedRoot { get; } = Path.Combine(Repository, "artifacts", "peers", "root");

    /// <summary>Where a newer OpenSSH is unpacked.</summary>
    public static string NewerRoot { get; } = Path.Combine(Repository, "artifacts", "peers", "newer");

    public static bool IsRoot { get; } = Environment.IsPrivilegedProcess;

    /// <summary>Libraries that came with the unpacked servers.</summary>
    public static string LibraryPath { get; } = string.Join(':', new[] { "usr/lib", "lib" }
        .Select(folder => Path.Combine(UnpackedRoot, folder))
        .Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateDirectories(folder, "*-linux-gnu*")));

    /// <summary>The path of a program; ends the test as skipped when there is none.</summary>
    public static string Require(string program)
    {
        var unpacked = SystemFolders.Select(folder => UnpackedRoot + folder);
        return unpacked.Concat(SystemFolders).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists)
            ?? throw Missing($"{program} is not on this machine");
    }

    /// <summary>The path of a program of an OpenSSH that has post-quantum key exchange by ML-KEM: unpacked beside the installed one, or that one itself.</summary>
    public static string RequireNewer(string program)
    {
        var unpacked = SystemFolders.Append("/usr/lib/openssh").Select(folder => Path.Combine(NewerRoot + folder, program)).FirstOrDefault(File.Exists);
        if (unpacked is not null)
            return unpacked;
        return File.Exists("/usr/lib/openssh/sshd-session") ? Require(program) : throw Missing($"{program} of OpenSSH 9.9 or newer is not on this machine");
    }

    public static void RequireRoot(string why)
    {
        if (!IsRoot)
        {
            throw Missing($"needs root: {why}");
        }
    }

    /// <summary>What to throw when something that a test needs isn't there.</summary>
    public static Exception Missing(string reason) => Environment.GetEnvironmentVariable("CI") == "true"
        ? FailException.ForFailure($"with CI=true nothing may be skipped: {reason}")
        : SkipException.ForSkip(reason);

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Culvert.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("the tests run outside of their repository");
    }
}
