namespace Culvert.Broker.Config;

/// <summary>Where ssh-broker-config.xml may lie: where Tectia has it, then in our own folders. Pure.</summary>
internal static class XmlPlaces
{
    private const string Name = "ssh-broker-config.xml";
    private const string DefaultName = "ssh-broker-config-default.xml";

    /// <summary>The places by kind, the weightiest kind first: the user's, the machine's, the one that came with the program. Of each kind the first that is there counts.</summary>
    /// <param name="machine">Its home and its variables.</param>
    /// <param name="isWindows">Whether it is such a machine.</param>
    public static IReadOnlyList<IReadOnlyList<string>> Of(Machine machine, bool isWindows) => isWindows ? OnWindows(machine) : OnUnix(machine.Home.TrimEnd('/'));

    private static IReadOnlyList<string>[] OnUnix(string home) =>
    [
        [$"{home}/.ssh2/{Name}", $"{home}/.config/culvert/{Name}"],
        [$"/etc/ssh2/{Name}", $"/etc/culvert/{Name}"],
        [$"/opt/tectia/share/auxdata/ssh-broker-ng/{DefaultName}"],
    ];

    // Tectia is a program of 32 bits, and lies where those do.
    private static IReadOnlyList<string>[] OnWindows(Machine machine)
    {
        var programs = machine.Variable("ProgramFiles(x86)") is { Length: > 0 } other ? other : machine.Variable("ProgramFiles");
        var tectia = $@"{programs}\SSH Communications Security\SSH Tectia";
        return
        [
            [$@"{machine.Variable("APPDATA")}\SSH\{Name}", $@"{machine.Variable("APPDATA")}\culvert\{Name}"],
            [$@"{tectia}\SSH Tectia Broker\{Name}", $@"{machine.Variable("ProgramData")}\culvert\{Name}"],
            [$@"{tectia}\SSH Tectia AUX\ssh-broker-ng\{DefaultName}"],
        ];
    }
}
