using System.Text.Json;

namespace Culvert.Cli.Control;

/// <summary>A request that a verb stands for, and what is shown of its answer.</summary>
/// <param name="Method">How.</param>
/// <param name="Path">What for.</param>
/// <param name="Columns">The fields that are shown of each entry; none: all of them, a line each.</param>
internal sealed record ControlRequestLine(HttpMethod Method, string Path, IReadOnlyList<string> Columns)
{
    /// <summary>What goes along; null: nothing.</summary>
    public byte[]? Body { get; init; }

    /// <summary>Which entries of a list are wanted; null: all.</summary>
    public Func<JsonElement, bool>? Keep { get; init; }

    /// <summary>The only field that's wanted, without its name; null: all.</summary>
    public string? Only { get; init; }

    /// <summary>The file that the server's host key is written to; null: none.</summary>
    public string? HostKeyFile { get; init; }

    /// <summary>Told why an answer that came is none that was wanted; null: every answer is.</summary>
    public Func<JsonElement, string?>? Lacks { get; init; }

    /// <summary>A list of nothing but what is wanted of it; anything else as it is.</summary>
    public byte[] Wanted(byte[] answer)
    {
        if (Keep is null)
            return answer;
        using var json = JsonDocument.Parse(answer);
        return System.Text.Encoding.UTF8.GetBytes($"[{string.Join(',', json.RootElement.EnumerateArray().Where(Keep).Select(entry => entry.GetRawText()))}]");
    }
}
