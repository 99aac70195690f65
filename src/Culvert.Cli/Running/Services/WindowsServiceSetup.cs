using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Culvert.Broker.Config;
using Culvert.Broker.Service;
using Culvert.Cli.Arguments;
using Culvert.Cli.Terminal;

namespace Culvert.Cli.Running;

/// <summary>Makes a Windows service of the broker, through the system's own <c>sc.exe</c>: what was done can be read, and done by hand.</summary>
internal static class WindowsServiceSetup
{
    /// <summary>ERROR_ACCESS_DENIED, as sc.exe's exit code.</summary>
    private const int AccessDenied = 5;

    /// <summary>Does what the verb says.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="ConfigException">It can't be done.</exception>
    public static async Task<int> RunAsync(Invocation.Service wanted)
    {
        var steps = Steps(wanted.Verb, Environment.ProcessPath ?? "culvert.exe", wanted.Words);
        if (wanted.PrintOnly)
        {
            await using var output = Answers.Open();
            await output.WriteAsync(Encoding.UTF8.GetBytes(string.Concat(steps.Select(step => $"sc.exe {CommandLine(step)}\r\n")))).ConfigureAwait(false);
            return ExitCode.Success;
        }
        await using var errors = StandardError.Open();
        for (var i = 0; i < steps.Count; i++)
        {
            var status = await RunAsync(steps[i]).ConfigureAwait(false);
            if (status == 0)
                continue;
            if (i == 0)
                throw new ConfigException($"sc.exe {steps[i][0]} ended with {status}", status == AccessDenied ? "run it as an administrator" : "what it printed says why");
            // The service is there; what is missing is how it looks, and what follows a failure.
            await errors.WriteAsync(Encoding.UTF8.GetBytes($"culvert: sc.exe {CommandLine(steps[i])} ended with {status}\r\n")).ConfigureAwait(false);
        }
        return ExitCode.Success;
    }

    /// <summary>What sc.exe is told, one call after the other. Pure.</summary>
    /// <param name="verb">What is wanted.</param>
    /// <param name="program">This program's path.</param>
    /// <param name="words">What the broker is started with.</param>
    internal static IReadOnlyList<IReadOnlyList<string>> Steps(ServiceVerb verb, string program, IReadOnlyList<string> words)
    {
        const string name = WindowsServices.Name;
        return verb switch
        {
            // A virtual account: it has the service's name, no password, and no right on anything but what it's given.
            ServiceVerb.Install =>
            [
                ["create", name, "binPath=", CommandLine([program, "service", "run", .. words]), "DisplayName=", "Culvert", "start=", "auto", "obj=", $@"NT SERVICE\{name}"],
                ["description", name, "Carries FTP through SSH: the tunnels of ssh-broker-config.xml"],
                // After a failure it's started again: after 5 seconds, then half a minute. A day without one and it counts anew.
                ["failure", name, "reset=", "86400", "actions=", "restart/5000/restart/30000/restart/30000"],
                // An exit code other than 0 is a failure too, not a crash alone.
                ["failureflag", name, "1"],
            ],
            ServiceVerb.Uninstall => [["delete", name]],
            ServiceVerb.Start => [["start", name]],
            ServiceVerb.Stop => [["stop", name]],
            _ => [["query", name]],
        };
    }

    /// <summary>Words as one line that Windows' programs take apart into the same words (CommandLineToArgvW). Pure.</summary>
    internal static string CommandLine(IReadOnlyList<string> words) => string.Join(' ', words.Select(Quoted));

    // Backslashes mean themselves, except before a quotation mark: there, each counts half.
    private static string Quoted(string word)
    {
        if (word.Length > 0 && !word.AsSpan().ContainsAny(" \t\"\v\n"))
            return word;
        var line = new StringBuilder("\"");
        var backslashes = 0;
        foreach (var c in word)
        {
            backslashes = c == '\\' ? backslashes + 1 : 0;
            line.Append(c == '"' ? new string('\\', TrailingBackslashes(line) + 1) : "").Append(c);
        }
        return line.Append('\\', backslashes).Append('"').ToString();
    }

    private static int TrailingBackslashes(StringBuilder line)
    {
        var count = 0;
        while (count < line.Length && line[^(count + 1)] == '\\')
            count++;
        return count;
    }

    private static async Task<int> RunAsync(IReadOnlyList<string> words)
    {
        // The system's own, wherever we were started.
        var start = new ProcessStartInfo(Path.Combine(Environment.SystemDirectory, "sc.exe"), words) { UseShellExecute = false };
        try
        {
            using var process = Process.Start(start) ?? throw new ConfigException("sc.exe did not start", null);
            await process.WaitForExitAsync().ConfigureAwait(false);
            return process.ExitCode;
        }
        catch (Win32Exception e)
        {
            throw new ConfigException($"{start.FileName} can't be started: {e.Message}", "culvert service install --print shows what it would have been told");
        }
    }
}
