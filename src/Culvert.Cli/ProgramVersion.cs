using System.Reflection;

namespace Culvert.Cli;

/// <summary>The version, as the build wrote it into the assembly.</summary>
internal static class ProgramVersion
{
    /// <summary><c>culvert 0.1.0</c>.</summary>
    public static string Text { get; } =
        "culvert " + (typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "of unknown version");
}
