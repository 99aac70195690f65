namespace Culvert.Interop.Processes;

/// <summary>A program with its arguments, before it is decided where it runs.</summary>
internal sealed record CommandLine(string Program, params IReadOnlyList<string> Arguments)
{
    /// <summary>Variables that are set in addition to this process's own.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The folder to run in; this process's own when null.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>The same command as the last arguments of another program, such as <c>ip netns exec NAME</c>.</summary>
    public CommandLine Behind(string program, params IReadOnlyList<string> arguments) =>
        new(program, [.. arguments, Program, .. Arguments]) { Environment = Environment, WorkingDirectory = WorkingDirectory };

    /// <summary>The same command with further options before all others.</summary>
    public CommandLine With(params IReadOnlyList<string> options) => this with { Arguments = [.. options, .. Arguments] };

    /// <summary>The same command with further arguments after all others.</summary>
    public CommandLine Then(params IReadOnlyList<string> arguments) => this with { Arguments = [.. Arguments, .. arguments] };

    public override string ToString() => string.Join(' ', [Program, .. Arguments]);
}
