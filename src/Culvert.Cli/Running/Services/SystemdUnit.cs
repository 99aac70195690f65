using System.Text;
using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Cli.Arguments;
using Culvert.Cli.Terminal;

namespace Culvert.Cli.Running;

/// <summary>A unit file for systemd, of this user's or of the system's manager.</summary>
internal static class SystemdUnit
{
    private const string FileName = "culvert.service";

    /// <summary>Writes it, prints it, or takes it away.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="ConfigException">It can't be.</exception>
    public static async Task<int> RunAsync(Invocation.Service wanted)
    {
        var flag = wanted.System ? "" : "--user ";
        if (wanted.Verb is not (ServiceVerb.Install or ServiceVerb.Uninstall))
        {
            var verb = wanted.Verb.ToString().ToLowerInvariant();
            throw new ConfigException($"service {verb} is for Windows", $"systemctl {flag}{verb} culvert does it here");
        }
        var unit = Unit(wanted.System, Environment.ProcessPath ?? "culvert", wanted.Words);
        await using var output = Answers.Open();
        if (wanted.PrintOnly)
        {
            await output.WriteAsync(Encoding.UTF8.GetBytes(unit)).ConfigureAwait(false);
            return ExitCode.Success;
        }
        var folder = wanted.System ? "/etc/systemd/system" : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config", "systemd", "user");
        var path = Path.Combine(folder, FileName);
        try
        {
            if (wanted.Verb == ServiceVerb.Install)
            {
                Directory.CreateDirectory(folder);
                await File.WriteAllTextAsync(path, unit).ConfigureAwait(false);
            }
            else if (!File.Exists(path))
            {
                throw new ConfigException($"there is no {path}", wanted.System ? "without --system, this user's is taken away" : "with --system, the system's is taken away");
            }
            else
            {
                File.Delete(path);
                // What systemctl enable made; without the unit it would point nowhere.
                foreach (var link in Directory.EnumerateFileSystemEntries(folder, FileName, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 }))
                    File.Delete(link);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"{path} can't be {(wanted.Verb == ServiceVerb.Install ? "written" : "taken away")}: {FileCause.Of(e)}", wanted.System ? "run it as root, or leave --system out" : "culvert service install --print prints it");
        }
        var text = wanted.Verb == ServiceVerb.Install
            ? $"wrote {path}\nnow: systemctl {flag}daemon-reload && systemctl {flag}enable --now culvert\n"
            : $"removed {path}\nnow: systemctl {flag}stop culvert; systemctl {flag}daemon-reload\n";
        await output.WriteAsync(Encoding.UTF8.GetBytes(text)).ConfigureAwait(false);
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
        Type=notify
        NotifyAccess=main
        ExecStart={string.Join(' ', ((IEnumerable<string>)[program, "broker", .. words]).Select(Quoted))}
        ExecReload=kill -HUP $MAINPID
        Restart=on-failure
        RestartSec=5
        # A configuration that can't be meant becomes no better by itself.
        RestartPreventExitStatus=2
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
