using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Culvert.Net.Processes;

/// <summary>Runs a command line as OpenSSH runs it: by the user's shell, which the command replaces.</summary>
internal static partial class Shell
{
    private const string Usual = "/bin/sh";
    private const int HangUpSignal = 1;

    /// <summary>Shells of the Bourne family, which can ignore a signal on behalf of what they start.</summary>
    private static readonly string[] BourneShells = ["sh", "ash", "bash", "dash", "ksh", "mksh", "zsh"];

    /// <summary>Starts it with pipes for input and output; its messages go where ours go.</summary>
    /// <exception cref="Win32Exception">There is no such shell, or no process left.</exception>
    public static Process Start(string command)
    {
        var start = new ProcessStartInfo { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        if (OperatingSystem.IsWindows())
        {
            start.FileName = Environment.GetEnvironmentVariable("COMSPEC") is { Length: > 0 } processor ? processor : "cmd.exe";
            start.Arguments = $"/d /s /c \"{command}\"";
        }
        else
        {
            start.FileName = Environment.GetEnvironmentVariable("SHELL") is { Length: > 0 } shell ? shell : Usual;
            start.ArgumentList.Add("-c");
            start.ArgumentList.Add(Line(start.FileName, command));
        }
        return Process.Start(start) ?? throw new InvalidOperationException("no process was started");
    }

    /// <summary>Asks it to end.</summary>
    public static void HangUp(Process process)
    {
        if (!OperatingSystem.IsWindows() && !process.HasExited)
            _ = kill(process.Id, HangUpSignal);
    }

    /// <summary>Ends it and all that it started.</summary>
    public static void KillTree(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It was gone already, or is somebody else's now (a command that changed its user): its pipes are closed, which ends it.
        }
    }

    // Ctrl-C reaches every process of the terminal's group. It asks us to end in order, for which the connection is needed: the command must not die of it.
    // It stays in the group, since it may have to ask for a password on the terminal.
    private static string Line(string shell, string command) =>
        (BourneShells.Contains(Path.GetFileName(shell)) ? "trap '' INT; exec " : "exec ") + command;

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
