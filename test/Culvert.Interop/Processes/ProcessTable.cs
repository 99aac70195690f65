using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Culvert.Interop.Processes;

/// <summary>What Linux's <c>/proc</c> tells of processes that a test started.</summary>
internal static partial class ProcessTable
{
    public const int SignalHangUp = 1;
    public const int SignalUser1 = 10;
    public const int SignalTerminate = 15;
    public const int SignalContinue = 18;
    public const int SignalStop = 19;

    /// <summary>Sends a signal to a process; one that has ended hears nothing.</summary>
    public static void Signal(int process, int signal) => _ = NativeKill(process, signal);

    /// <summary>The memory that a process has in use, in bytes.</summary>
    public static long MemoryOf(int process) =>
        long.Parse(LinesOf($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;

    /// <summary>The processor time that a process has used, in the kernel's ticks of a hundredth of a second.</summary>
    public static long TicksOf(int process)
    {
        var stat = LinesOf($"/proc/{process}/stat")[0];
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
    }

    /// <summary>The words that a process was started with, a zero byte between them; empty when it has ended.</summary>
    public static string CommandLineOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>All descendants of a process, parents before their children.</summary>
    public static IReadOnlyList<StartedProcess> DescendantsOf(int ancestor)
    {
        var all = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? Read(id) : null)
            .OfType<(StartedProcess Process, int Parent)>()
            .ToList();
        List<StartedProcess> found = [];
        Queue<int> parents = new([ancestor]);
        while (parents.TryDequeue(out var parent))
        {
            foreach (var (child, _) in all.Where(entry => entry.Parent == parent))
            {
                found.Add(child);
                parents.Enqueue(child.Id);
            }
        }

        return found;
    }

    /// <summary>Kills a process, unless it has ended and its number belongs to another one by now.</summary>
    public static void Kill(StartedProcess process)
    {
        if (Read(process.Id) is not { } now || now.Process != process)
        {
            return;
        }

        try
        {
            using var handle = Process.GetProcessById(process.Id);
            handle.Kill();
        }
        catch (ArgumentException)
        {
            // It ended meanwhile, which is what was wanted.
        }
    }

    /// <summary>How many descriptors a process holds open.</summary>
    public static int DescriptorsOf(int process) => Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Count();

    /// <summary>The local ports on which anything listens in the network namespace of a process.</summary>
    public static IReadOnlySet<int> ListeningPortsSeenBy(int process) =>
        ListenersSeenBy(process).Select(listener => listener.Port).ToHashSet();

    /// <summary>The local ports on which the process itself listens.</summary>
    public static IReadOnlySet<int> ListeningPortsOf(int process)
    {
        var own = Directory.EnumerateFileSystemEntries($"/proc/{process}/fd")
            .Select(entry => new FileInfo(entry).LinkTarget)
            .ToHashSet();
        return ListenersSeenBy(process).Where(listener => own.Contains($"socket:[{listener.Inode}]"))
            .Select(listener => listener.Port).ToHashSet();
    }

    private static IEnumerable<(int Port, string Inode)> ListenersSeenBy(int process)
    {
        // proc(5): "sl local rem st tx:rx tr:tm retrnsmt uid timeout inode …"; an address is hex:hex, state 0A is LISTEN.
        foreach (var table in new[] { "tcp", "tcp6" })
        {
            foreach (var line in LinesOf($"/proc/{process}/net/{table}").Skip(1))
            {
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields is [_, var local, _, "0A", _, _, _, _, _, var inode, ..])
                {
                    yield return (int.Parse(local[(local.LastIndexOf(':') + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture), inode);
                }
            }
        }
    }

    // proc(5) stat: "pid (name) state ppid … starttime(22) …"; the name may hold blanks and parentheses.
    private static (StartedProcess Process, int Parent)? Read(int id)
    {
        if (LinesOf($"/proc/{id}/stat") is not [var stat, ..])
        {
            return null;
        }

        var afterName = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (new StartedProcess(id, afterName[19]), int.Parse(afterName[1], CultureInfo.InvariantCulture));
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int NativeKill(int process, int signal);

    private static string[] LinesOf(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (IOException)
        {
            return []; // the process ended between two looks
        }
    }
}

/// <summary>A process id together with its start time, which tells it from a later process of the same number.</summary>
internal sealed record StartedProcess(int Id, string StartTime);
