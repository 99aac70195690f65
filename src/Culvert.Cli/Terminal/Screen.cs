using System.Text;

namespace Culvert.Cli.Terminal;

/// <summary>Where the program speaks: whole lines, and on a terminal below them a few live ones that are drawn anew again and again. While a
/// question is open nothing else is shown: lines wait until it's answered.</summary>
/// <remarks>Thread-safe. Plain ANSI: erase and draw again is all that is needed.</remarks>
internal sealed class Screen(Stream output, bool live, Func<int> columns)
{
    private readonly Lock _gate = new();
    private readonly List<string> _waiting = [];
    private IReadOnlyList<string> _lines = [];
    private IReadOnlyList<string> _drawn = [];
    private int _questions;

    /// <summary>Whether live lines are shown at all.</summary>
    public bool IsLive => live;

    /// <summary>Columns that a line may take without being wrapped.</summary>
    public int Columns => Math.Max(20, columns() - 1);

    /// <summary>Says one or more whole lines, without the last newline.</summary>
    public void WriteLine(string text)
    {
        lock (_gate)
        {
            if (_questions > 0)
            {
                _waiting.Add(text);
                return;
            }
            var frame = new StringBuilder();
            Erase(frame);
            frame.Append(text).Append('\n');
            Draw(frame);
            Send(frame);
        }
    }

    /// <summary>Replaces the live lines. Without a terminal it does nothing.</summary>
    public void ShowLive(IReadOnlyList<string> lines)
    {
        if (!live)
            return;
        lock (_gate)
        {
            _lines = lines;
            if (_questions > 0)
                return;
            var frame = new StringBuilder();
            Erase(frame);
            Draw(frame);
            Send(frame);
        }
    }

    /// <summary>Clears the way for a question, until the result is disposed.</summary>
    public async ValueTask<IDisposable> QuestionAsync()
    {
        lock (_gate)
        {
            if (_questions++ == 0)
            {
                var frame = new StringBuilder();
                Erase(frame);
                Send(frame);
            }
        }
        // It's asked by another way than lines are written.
        if (output is UnhurriedStream unhurried)
            await unhurried.SettleAsync().ConfigureAwait(false);
        return new OpenQuestion(this);
    }

    private void Answered()
    {
        lock (_gate)
        {
            if (--_questions > 0)
                return;
            var frame = new StringBuilder();
            foreach (var line in _waiting)
                frame.Append(line).Append('\n');
            _waiting.Clear();
            Draw(frame);
            Send(frame);
        }
    }

    // A window made narrower since has wrapped what was drawn: the rows are counted in its present width.
    private void Erase(StringBuilder frame)
    {
        if (_drawn.Count == 0)
            return;
        var width = Math.Max(1, columns());
        var rows = 0;
        foreach (var line in _drawn)
            rows += Math.Max(1, (Printable.Columns(line) + width - 1) / width);
        frame.Append('\r');
        if (rows > 1)
            frame.Append(System.Globalization.CultureInfo.InvariantCulture, $"\x1b[{rows - 1}A");
        frame.Append("\x1b[J");
        _drawn = [];
    }

    private void Draw(StringBuilder frame)
    {
        if (!live)
            return;
        frame.AppendJoin('\n', _lines);
        _drawn = _lines;
    }

    private void Send(StringBuilder frame)
    {
        if (frame.Length == 0)
            return;
        try
        {
            output.Write(Encoding.UTF8.GetBytes(frame.ToString()));
            output.Flush();
        }
        catch (IOException)
        {
            // The terminal or the reader of the pipe is gone. What tunnels carry is not to suffer from that, and there is nobody left to tell.
        }
    }

    private sealed class OpenQuestion(Screen screen) : IDisposable
    {
        private bool _answered;

        public void Dispose()
        {
            if (_answered)
                return;
            _answered = true;
            screen.Answered();
        }
    }
}
