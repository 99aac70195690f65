using Culvert.Broker.Runtime;
using Culvert.Net;

namespace Culvert.Broker.Control;

/// <summary>Names of Windows' pipes. Pure.</summary>
internal static class PipeName
{
    /// <summary>What stands before a pipe's name, of this machine.</summary>
    public const string Prefix = @"\\.\pipe\";

    /// <summary>The pipe of the machine's own broker: the one of its service, and an administrator's.</summary>
    public const string OfMachine = "culvert-broker";

    /// <summary>CreateNamedPipe: the whole string may have 256 characters.</summary>
    private const int Longest = 256 - 9;

    /// <summary>The name that a place stands for: <c>\\.\pipe\NAME</c>, or the name alone.</summary>
    /// <exception cref="BrokerException">It's none: a file's path, or another machine's pipe.</exception>
    public static string Of(string place)
    {
        var name = place.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? place[Prefix.Length..] : place;
        return name.Length is > 0 and <= Longest && !name.AsSpan().ContainsAny(@"\/:") && name != "anonymous" && !name.Any(char.IsControl)
            ? name
            : throw new BrokerException(Message.Error($"{place} isn't the name of a pipe of this machine.", $"the form is {Prefix}NAME"));
    }

    /// <summary>The usual name.</summary>
    /// <param name="user">Whose broker.</param>
    /// <param name="isPrivileged">Whether it acts for the machine: the system's own account, or an administrator who runs as one. Like root, they have one broker.</param>
    public static string Usual(UserId user, bool isPrivileged) => isPrivileged ? OfMachine : $"{OfMachine}-{user}";
}
