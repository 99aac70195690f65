namespace Culvert.Interop.Program;

/// <summary>What can speak SSH for Culvert. Tests of tunnels run for each from this one list.</summary>
internal static class Engines
{
    public const string BuiltIn = "built-in";
    public const string OpenSsh = "openssh";

    public static IReadOnlyList<string> All { get; } = [BuiltIn, OpenSsh];

    /// <summary>Whether an engine can serve FTP so. Where it can't, it refuses, which has tests of its own: ssh doesn't tell who connects on the server's side.</summary>
    public static bool Serves(string engine, string direction, string active, bool clientListens) =>
        engine == BuiltIn || (active == "convert" && !(direction == "-R" && clientListens));

    /// <summary>Rows of a theory, each with every engine in front.</summary>
    public static IEnumerable<(string Engine, T Row)> With<T>(IEnumerable<T> rows) => rows.SelectMany(row => All.Select(engine => (engine, row)));
}
