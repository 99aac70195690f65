using System.Text;
using Culvert.Broker.Config;
using Culvert.Cli.Arguments;

namespace Culvert.Cli.Running;

/// <summary><c>culvert service install</c>: a unit file for systemd, of this user's or of the system's manager.</summary>
internal static class ServiceCommand
{
    /// <summary>Writes it, or prints it.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="ConfigException">It can't be written.</exception>
    public static async Task<int> RunAsync(Invocation.Service wanted)
    {
        if (OperatingSystem.IsWindows())
            throw new ConfigException("culvert isn't a Windows service yet", "a task of the task scheduler at logon runs culvert broker");
        var unit = Unit(wanted.System, Environment.ProcessPath ?? "culvert", wanted.Words);
        await using var output = Console.OpenStandardOutput();
        if (wanted.PrintOnly)
        {
            await output.WriteAsync(Encoding.UTF8.GetBytes(unit)).ConfigureAwait(false);
            return ExitCode.Success;
        }
        var folder = wanted.System ? "/etc/systemd/system" : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config", "systemd", "user");
        var path = Path.Combine(folder, "culvert.service");
        try
        {
            Directory.CreateDirectory(folder);
            await File.WriteAllTextAsync(path, unit).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"{path} can't be written: {e.Message}", wanted.System ? "run it as root, or leave --system out" : "culvert service install --print prints it");
        }
        var flag = wanted.System ? "" : "--user ";
        await output.WriteAsync(Encoding.UTF8.GetBytes($"wrote {path}\nnow: systemctl {flag}daemon-reload && systemctl {flag}enable --now culvert\n")).ConfigureAwait(false);
        return ExitCode.Success;
    }

    /// <summary>The unit. Pure.</summary>
    /// <param name="isSystem">For the system's manager, not a user's.</param>
    /// <param name="program">The program's path.</param>
    /// <param name="words">What follows <c>broker</c>.</param>
    internal static string Unit(bool isSystem, string program, IReadOnlyList<string> words) => $"""
        [Unit]
        Description=Culvert: FTP tunnels through SSH
        Documentation=man:culvert-broker(8)
        {(isSystem ? "Wants=network-online.target\nAfter=network-online.target\n" : "")}
        [Service]
        Type=notify-reload
        NotifyAccess=main
        ExecStart={string.Join(' ', ((IEnumerable<string>)[program, "broker", .. words]).Select(Quoted))}
        Restart=on-failure
        RestartSec=5
        WatchdogSec=60
        # Profiles of the start may wait for an answer before they're up or have failed.
        TimeoutStartSec=180
        NoNewPrivileges=yes
        {(isSystem ? "RuntimeDirectory=culvert\nRuntimeDirectoryMode=0700\nProtectSystem=full\nPrivateTmp=yes\n" : "")}
        [Install]
        WantedBy={(isSystem ? "multi-user.target" : "default.target")}

        """.Replace("\n\n\n", "\n\n", StringComparison.Ordinal);

    // systemd.service(5): a word with blanks stands in quotes; % and $ are its own.
    private static string Quoted(string word)
    {
        var escaped = word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("%", "%%", StringComparison.Ordinal).Replace("$", "$$", StringComparison.Ordinal);
        return escaped.Any(c => char.IsWhiteSpace(c) || c is '"' or '\\' or '\'') ? $"\"{escaped}\"" : escaped;
    }
}
