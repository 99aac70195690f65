using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using Culvert.Broker.Runtime;
using Culvert.Net;

namespace Culvert.Broker.Config;

/// <summary>The machine that this process runs on, as configuration files see it.</summary>
public static class ThisMachine
{
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>More is no configuration.</summary>
    private const int LongestFile = 16 << 20;

    /// <summary>For the user who runs this process.</summary>
    public static Machine Of()
    {
        var windows = OperatingSystem.IsWindows();
        return new Machine
        {
            Home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
            UserName = Environment.UserName,
            UserNumber = LocalUsers.Current.Value,
            Group = LocalUsers.Group,
            Name = Environment.MachineName,
            SystemFolder = windows ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "ssh") : "/etc/ssh",
            AnybodyMakesSystemFolders = windows,
            TectiaFolder = windows ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "SSH") : null,
            TectiaSystemFolder = windows ? null : "/etc/ssh2",
            Variable = Environment.GetEnvironmentVariable,
            HomeOf = LocalUsers.HomeOf,
            PortOf = PortOf,
            Read = Read,
            List = List,
            Exists = Path.Exists,
            Addresses = Addresses,
            Run = Run,
        };
    }

    private static ConfigText Read(string path)
    {
        try
        {
            if (Directory.Exists(path))
                return new ConfigText([], "Is a directory"); // it can be opened, and holds no line
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            if (file.Length > LongestFile)
                return new ConfigText(null, "File too large");
            return TextFile.Read(file, LongestFile) is { } lines ? new ConfigText(lines, null, IsSafe(file), IsPrivate(file)) : new ConfigText(null, "File too large");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return ConfigText.Missing;
        }
        catch (UnauthorizedAccessException)
        {
            return new ConfigText(null, "Permission denied");
        }
        catch (IOException e)
        {
            return new ConfigText(null, FileCause.Of(e));
        }
    }

    // Root may write what it likes anyway.
    private static bool IsSafe(FileStream file) => OperatingSystem.IsWindows()
        ? WindowsFileAccess.IsSafe(file)
        : ((File.GetUnixFileMode(file.SafeFileHandle) & OthersWrite) == 0 && (LocalUsers.OwnerOf(file.SafeFileHandle) is not { } owner || owner == LocalUsers.Current || owner.Value == "0"));

    private static bool IsPrivate(FileStream file) => OperatingSystem.IsWindows() || (File.GetUnixFileMode(file.SafeFileHandle) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) == 0;

    private static IReadOnlyList<string> List(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(folder).Select(entry => Path.GetFileName(entry))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // glob(3) finds nothing there either
        }
    }

    private static IReadOnlyList<IPAddress> Addresses() =>
        [.. NetworkInterface.GetAllNetworkInterfaces().Where(one => one.OperationalStatus != OperationalStatus.Down).SelectMany(one => one.GetIPProperties().UnicastAddresses).Select(one => one.Address)];

    // services(5): name, port/protocol, other names.
    private static int? PortOf(string service)
    {
        if (OperatingSystem.IsWindows() || Read("/etc/services").Lines is not { } lines)
            return null;
        foreach (var line in lines)
        {
            var words = line.Split('#')[0].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 1 && words[1].EndsWith("/tcp", StringComparison.Ordinal) && words.Where((_, at) => at != 1).Contains(service, StringComparer.Ordinal))
                return int.Parse(words[1].AsSpan(0, words[1].IndexOf('/', StringComparison.Ordinal)), NumberStyles.None, CultureInfo.InvariantCulture);
        }
        return null;
    }

    // As ssh does it: the user's shell, without input and output; what it complains of is seen.
    private static int Run(string command)
    {
        var shell = Environment.GetEnvironmentVariable("SHELL") is { Length: > 0 } own ? own : OperatingSystem.IsWindows() ? "cmd.exe" : "/bin/sh";
        var start = new ProcessStartInfo(shell, [OperatingSystem.IsWindows() ? "/c" : "-c", command]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        try
        {
            using var process = Process.Start(start) ?? throw new InvalidOperationException($"{shell} did not start");
            process.StandardInput.Close();
            process.StandardOutput.BaseStream.CopyTo(Stream.Null);
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new ConfigException([$"Shell \"{shell}\" is not executable: {e.Message}"], "set SHELL to your shell") { IsOfFile = true };
        }
    }
}
