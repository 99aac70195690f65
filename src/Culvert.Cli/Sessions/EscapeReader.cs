namespace Culvert.Cli.Sessions;

/// <summary>What a person at the terminal wants of the program itself, instead of the session.</summary>
internal enum EscapeAction
{
    /// <summary>Nothing: the bytes are the session's.</summary>
    None,
    /// <summary><c>~.</c>: end the connection.</summary>
    Disconnect,
    /// <summary><c>~^Z</c>: stop this program, as Ctrl-Z does elsewhere.</summary>
    Suspend,
    /// <summary><c>~#</c>: list forwarded connections.</summary>
    ListForwards,
    /// <summary><c>~?</c>: list the escapes.</summary>
    Help,
    /// <summary><c>~r</c>: change keys.</summary>
    Rekey,
    /// <summary><c>~s</c>: show the connection's figures.</summary>
    Statistics,
    /// <summary><c>~c</c>: show how each channel stands.</summary>
    Channels,
    /// <summary><c>~u</c>, <c>~U</c>: upload a public key, which isn't offered.</summary>
    UploadKey,
    /// <summary><c>~V</c>: show the version.</summary>
    Version,
    /// <summary><c>~-</c>: no escapes from here on.</summary>
    Disabled,
}

/// <summary>A piece of input: bytes for the session, then perhaps something to do.</summary>
internal readonly record struct EscapeStep(ReadOnlyMemory<byte> Bytes, EscapeAction Action);

/// <summary>Finds escape sequences in what is typed: they begin with one character directly after a newline. Pure; keeps its place between pieces.</summary>
/// <param name="escape">The character; ASCII.</param>
internal sealed class EscapeReader(char escape)
{
    private readonly byte[] _escape = [(byte)escape];
    private bool _afterNewline = true;
    private bool _escaped;
    private bool _disabled;

    /// <summary>What the bytes mean, in order. Bytes that are not part of an escape come out unchanged.</summary>
    public IReadOnlyList<EscapeStep> Read(ReadOnlyMemory<byte> typed)
    {
        if (_disabled)
            return [new(typed, EscapeAction.None)];
        var steps = new List<EscapeStep>();
        var begin = 0;
        for (var at = 0; at < typed.Length; at++)
        {
            var one = typed.Span[at];
            if (_escaped)
            {
                _escaped = false;
                begin = at;
                if (one == _escape[0])
                {
                    // Twice means itself, once: what follows it is no longer at the beginning of a line.
                    _afterNewline = false;
                    continue;
                }
                var action = Meaning(one);
                if (action == EscapeAction.None)
                {
                    // Not one of ours: both characters are the session's.
                    steps.Add(new(_escape, EscapeAction.None));
                    _afterNewline = IsNewline(one);
                    continue;
                }
                begin = at + 1;
                _afterNewline = true;
                steps.Add(new(default, action));
                if (action == EscapeAction.Disabled)
                {
                    _disabled = true;
                    break;
                }
                continue;
            }
            if (_afterNewline && one == _escape[0])
            {
                if (at > begin)
                    steps.Add(new(typed[begin..at], EscapeAction.None));
                begin = at + 1;
                _escaped = true;
                continue;
            }
            _afterNewline = IsNewline(one);
        }
        if (begin < typed.Length)
            steps.Add(new(typed[begin..], EscapeAction.None));
        return steps;
    }

    private static bool IsNewline(byte one) => one is (byte)'\r' or (byte)'\n';

    private static EscapeAction Meaning(byte one) => one switch
    {
        (byte)'.' => EscapeAction.Disconnect,
        0x1a => EscapeAction.Suspend,
        (byte)'#' => EscapeAction.ListForwards,
        (byte)'?' => EscapeAction.Help,
        (byte)'r' or (byte)'R' => EscapeAction.Rekey,
        (byte)'s' => EscapeAction.Statistics,
        (byte)'c' => EscapeAction.Channels,
        (byte)'u' or (byte)'U' => EscapeAction.UploadKey,
        (byte)'V' => EscapeAction.Version,
        (byte)'-' => EscapeAction.Disabled,
        _ => EscapeAction.None,
    };
}
