using System.Globalization;
using Culvert.Broker.Runtime;
using Culvert.Net;

namespace Culvert.Broker.Control;

/// <summary>Where a broker is spoken to, and who may.</summary>
public static class ControlSocket
{
    /// <summary>The environment variable that names another place, as Tectia's SSH_SECSH_BROKER does.</summary>
    public const string Variable = "CULVERT_BROKER";

    /// <summary>The place of the machine's own broker, on Windows.</summary>
    public const string OfMachine = PipeName.Prefix + PipeName.OfMachine;

    /// <summary>The usual place for this user.</summary>
    public static string Usual()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
            return named;
        if (OperatingSystem.IsWindows())
            return PipeName.Prefix + PipeName.Usual(LocalUsers.Current, Environment.IsPrivilegedProcess);
        if (Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime)
            return Path.Combine(runtime, "culvert", "broker.sock");
        return LocalUsers.IsSuperuser && OperatingSystem.IsLinux()
            ? "/run/culvert/broker.sock"
            : Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"culvert-{LocalUsers.Current}"), "broker.sock");
    }

    /// <summary>Whether something may listen at the usual place: a cheap look that connects nothing.</summary>
    public static bool MayBeServed() => At(Usual()).MayBeServed;

    /// <summary>How the broker of a place is reached.</summary>
    /// <exception cref="BrokerException">There can't be one.</exception>
    internal static IControlTransport At(string place) => OperatingSystem.IsWindows()
        ? new PipeControlTransport(PipeName.Of(place), new WindowsPipes())
        : new UnixControlTransport(place);

    /// <summary>Whether a user may use a broker: its own user, and root.</summary>
    internal static bool Admits(UserId? peer) => peer is not null && (peer == LocalUsers.Current || peer.Value == "0");

    /// <summary>Whether a user believes the broker of another: it hears passphrases. Root, who may read anybody's memory, names a place of anybody's.</summary>
    internal static bool Believes(UserId? server, UserId self) => self.Value == "0" || (server is not null && (server == self || server.Value == "0"));

    /// <summary>There is a broker.</summary>
    internal static BrokerException InUse(string place) =>
        new(Message.Error($"A broker runs already, and listens on {place}.", "culvert ctl status shows it; culvert ctl stop ends it"));

    /// <summary>Somebody else listens where our broker would.</summary>
    internal static BrokerException Foreign(string place) =>
        new(Message.Error($"What listens on {place} belongs to another user, and isn't spoken to.", $"name your own broker's place in {Variable} or with --socket"));
}
