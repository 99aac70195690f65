using Culvert.Broker.Config;
using Culvert.Broker.Runtime;

namespace Culvert.Cli.Running;

/// <summary><c>culvert install-names DIR</c>: links this program to Tectia's names. What is there already and isn't such a link is never touched.</summary>
internal static class InstallNames
{
    /// <summary>Makes the links that are missing.</summary>
    /// <param name="folder">Where they go; made when it isn't there.</param>
    /// <param name="program">This program's file.</param>
    /// <returns>What was done, a line for each name.</returns>
    /// <exception cref="ConfigException">A name is taken, or the folder can't be written; links that could be made are there.</exception>
    public static IReadOnlyList<string> Run(string folder, string program)
    {
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            throw new ConfigException("a link to the .NET runtime would not be this program", "run the program itself: culvert install-names DIR");
        var lines = new List<string>();
        var taken = new List<string>();
        try
        {
            Directory.CreateDirectory(folder);
            foreach (var name in ProgramName.Installed)
            {
                var path = Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name);
                var there = new FileInfo(path);
                if (there.LinkTarget is { } target && Path.GetFullPath(target, Path.GetFullPath(folder)) == program)
                    lines.Add($"{path} is there already");
                else if (there.LinkTarget is not null || there.Exists || Directory.Exists(path))
                    taken.Add($"{path} is something else; it was left alone");
                else
                    lines.Add($"{File.CreateSymbolicLink(path, program).FullName} -> {program}");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"Can't write in '{folder}': {FileCause.Of(e)}", "name a folder that you may write");
        }
        return taken.Count == 0 ? lines : throw new ConfigException(taken, "remove it, or name another folder");
    }
}
