namespace Culvert.Cli.Terminal;

/// <summary>A little colour, where a terminal shows it and nobody said NO_COLOR.</summary>
internal readonly record struct Ink(bool Enabled)
{
    /// <summary>Good news.</summary>
    public string Green(string text) => Wrapped("32", text);

    /// <summary>Bad news.</summary>
    public string Red(string text) => Wrapped("31", text);

    /// <summary>What matters less.</summary>
    public string Dim(string text) => Wrapped("2", text);

    private string Wrapped(string code, string text) => Enabled ? $"\x1b[{code}m{text}\x1b[0m" : text;
}
