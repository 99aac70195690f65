using System.Diagnostics;
using System.Globalization;

namespace Culvert.Interop.Processes;

/// <summary>What Linux's <c>/proc</c> tells of processes that a test started.</summary>
internal static class ProcessTable
{
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
