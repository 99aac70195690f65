using Culvert.Broker.Config;

namespace Culvert.Cli.Arguments;

/// <summary>Tectia's identification file (<c>-i</c>): a line <c>IdKey name</c> for each key to use, seen from the file's folder. It isn't a key, as ssh's <c>-i</c> is.</summary>
internal static class IdentificationFile
{
    /// <summary>The keys' files that it names.</summary>
    /// <exception cref="ConfigException">It can't be read, or it's something else.</exception>
    public static IReadOnlyList<string> Read(string name, Machine machine)
    {
        var path = name.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(machine.Home, name[2..]) : name;
        var text = machine.Read(path);
        if (text.IsMissing && !Path.IsPathRooted(path))
        {
            // Tectia seeks it among the user's own settings.
            path = Path.Combine(machine.Home, ".ssh2", name);
            text = machine.Read(path);
        }
        if (text.Lines is not { } lines)
            throw new ConfigException($"Can't read the identification file '{name}': {text.Problem}", "-i names a file with lines IdKey name; -K names a key");
        if (lines.Count > 0 && lines[0].StartsWith("-----BEGIN", StringComparison.Ordinal))
            throw new ConfigException($"'{name}' is a key, not an identification file", $"say -K {name}");
        var folder = Path.GetDirectoryName(path) ?? "";
        return [.. lines.Select(line => line.Split([' ', '\t'], 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Where(words => words is [var keyword, _] && (keyword.Equals("IdKey", StringComparison.OrdinalIgnoreCase) || keyword.Equals("CertKey", StringComparison.OrdinalIgnoreCase)))
            .Select(words => Path.Combine(folder, words[1]))];
    }
}
