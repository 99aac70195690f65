using Culvert.Ssh;

namespace Culvert.Broker.Runtime;

/// <summary>Who answers questions.</summary>
public enum Answerer
{
    /// <summary>Nobody.</summary>
    Nobody,
    /// <summary>The person at the terminal.</summary>
    Terminal,
    /// <summary>The program that <c>SSH_ASKPASS</c> names.</summary>
    Program,
}

/// <summary>Questions by a program with a window of its own, as ssh(1) has it under SSH_ASKPASS.</summary>
public static class Askpass
{
    /// <summary>Where OpenSSH looks when SSH_ASKPASS isn't set.</summary>
    private const string Usual = "/usr/bin/ssh-askpass";

    /// <summary>OpenSSH's rule. Pure.</summary>
    /// <param name="variable">The environment.</param>
    /// <param name="hasTerminal">Whether this process has a terminal.</param>
    public static Answerer Choose(Func<string, string?> variable, bool hasTerminal)
    {
        ArgumentNullException.ThrowIfNull(variable);
        bool IsSet(string name) => !string.IsNullOrEmpty(variable(name));
        var mayUse = IsSet("DISPLAY") || IsSet("WAYLAND_DISPLAY");
        var use = !hasTerminal;
        switch (variable("SSH_ASKPASS_REQUIRE")?.ToUpperInvariant())
        {
            case "FORCE":
                (use, mayUse) = (true, true);
                break;
            case "PREFER":
                use |= mayUse;
                break;
            case "NEVER":
                mayUse = false;
                break;
        }
        return use && mayUse ? Answerer.Program : hasTerminal ? Answerer.Terminal : Answerer.Nobody;
    }

    /// <summary>Asks by the program; null when there is none, and nobody can be asked so.</summary>
    /// <param name="variable">The environment.</param>
    /// <param name="time">The clock.</param>
    public static Ask? ByProgram(Func<string, string?> variable, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(variable);
        var named = variable("SSH_ASKPASS") is { Length: > 0 } own ? own : Usual;
        if (Find(named, variable("PATH")) is not { } program)
            return null;
        // A person may think; only giving up ends it.
        return (question, cancellationToken) => SecretProgram.RunAsync([program, question.Text], Timeout.InfiniteTimeSpan, time, complain: null, cancellationToken);
    }

    /// <summary>As execlp(3): a name without a slash is looked for in PATH, and nowhere else.</summary>
    private static string? Find(string named, string? path)
    {
        if (named.Contains('/', StringComparison.Ordinal) || Path.IsPathFullyQualified(named))
            return File.Exists(named) ? Path.GetFullPath(named) : null;
        return (path ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, named)).FirstOrDefault(File.Exists);
    }
}
