using System.Net;

namespace Culvert.Broker.Config;

/// <summary>What the reading of configuration files asks of the machine on which it happens. All that isn't pure stands here.</summary>
public sealed record Machine
{
    /// <summary>The user's home.</summary>
    public required string Home { get; init; }

    /// <summary>The user's name.</summary>
    public required string UserName { get; init; }

    /// <summary>The user's number.</summary>
    public required string UserNumber { get; init; }

    /// <summary>The number and the name of the user's group; null where there is none.</summary>
    public Func<(string Number, string? Name)?> Group { get; init; } = () => null;

    /// <summary>The machine's own name.</summary>
    public required string Name { get; init; }

    /// <summary>Where the machine's own SSH configuration lies.</summary>
    public string SystemFolder { get; init; } = "/etc/ssh";

    /// <summary>Where SSH Tectia has the user's files; null: <c>.ssh2</c> in the home.</summary>
    [System.Diagnostics.CodeAnalysis.AllowNull]
    public string TectiaFolder { get => field ?? Home.TrimEnd('/') + "/.ssh2"; init; }

    /// <summary>Where SSH Tectia has the machine's; null: nowhere that only its administrator writes.</summary>
    public string? TectiaSystemFolder { get; init; } = "/etc/ssh2";

    /// <summary>Whether any user may make folders where the machine's configuration lies, as on Windows: a file there counts only when <see cref="ConfigText.IsSafe"/>.</summary>
    public bool AnybodyMakesSystemFolders { get; init; }

    /// <summary>The value of an environment variable; null when there is none.</summary>
    public Func<string, string?> Variable { get; init; } = _ => null;

    /// <summary>The home of a user; null when there is no such user.</summary>
    public Func<string, string?> HomeOf { get; init; } = _ => null;

    /// <summary>The TCP port of a service; null when nobody knows it.</summary>
    public Func<string, int?> PortOf { get; init; } = _ => null;

    /// <summary>A file's lines, or why they can't be had.</summary>
    public Func<string, ConfigText> Read { get; init; } = _ => ConfigText.Missing;

    /// <summary>The names in a folder; none when it can't be listed.</summary>
    public Func<string, IReadOnlyList<string>> List { get; init; } = _ => [];

    /// <summary>Whether a file or a folder is there.</summary>
    public Func<string, bool> Exists { get; init; } = _ => false;

    /// <summary>The addresses of the network interfaces that are up.</summary>
    public Func<IReadOnlyList<IPAddress>> Addresses { get; init; } = () => [];

    /// <summary>Whether a file counts that lies in its usual place among the machine's own.</summary>
    public bool Believes(string path) => !AnybodyMakesSystemFolders || Read(path).IsSafe;

    /// <summary>The exit status of a command in the user's shell.</summary>
    public Func<string, int> Run { get; init; } = _ => 1;
}

/// <summary>What is in a configuration file.</summary>
/// <param name="Lines">Its lines; null when it can't be read.</param>
/// <param name="Problem">Why it can't be read, in the system's words.</param>
/// <param name="IsSafe">Nobody but the user and root may have written it.</param>
/// <param name="IsPrivate">Nobody but its owner and root can read it.</param>
public sealed record ConfigText(IReadOnlyList<string>? Lines, string? Problem = null, bool IsSafe = true, bool IsPrivate = true)
{
    /// <summary>There is no such file.</summary>
    public static ConfigText Missing { get; } = new(null, "No such file or directory");

    /// <summary>Whether it isn't there at all.</summary>
    public bool IsMissing => Lines is null && Problem == Missing.Problem;
}
