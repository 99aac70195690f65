using System.Text;
using Culvert.Cli.Terminal;
using Culvert.Ssh;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Cli;

public sealed class TerminalTests : IDisposable
{
    private readonly MemoryStream _output = new();
    private int _columns = 40;

    private Screen Live() => new(_output, live: true, () => _columns);

    private string Output
    {
        get
        {
            var text = Encoding.UTF8.GetString(_output.ToArray());
            _output.SetLength(0);
            return text;
        }
    }

    public void Dispose() => _output.Dispose();

    [Fact]
    public void Without_a_terminal_only_whole_lines_are_written()
    {
        var screen = new Screen(_output, live: false, () => 80);
        screen.ShowLive(["live"]);
        screen.WriteLine("one");
        Assert.Equal("one\n", Output);
    }

    [Fact]
    public void Live_lines_stay_below_what_is_said()
    {
        var screen = Live();
        screen.ShowLive(["a", "b"]);
        Assert.Equal("a\nb", Output);
        screen.WriteLine("said");
        Assert.Equal("\r\x1b[1A\x1b[Jsaid\na\nb", Output);
        screen.ShowLive(["c"]);
        Assert.Equal("\r\x1b[1A\x1b[Jc", Output);
        screen.ShowLive([]);
        Assert.Equal("\r\x1b[J", Output);
        screen.WriteLine("end");
        Assert.Equal("end\n", Output);
    }

    [Fact]
    public void A_window_made_narrower_is_erased_by_the_rows_that_it_has_now()
    {
        var screen = Live();
        screen.ShowLive([new string('x', 39), "y"]);
        _ = Output;
        _columns = 20;
        screen.ShowLive([]);
        Assert.Equal("\r\x1b[2A\x1b[J", Output);
    }

    [Fact]
    public async Task While_a_question_is_open_nothing_else_is_shown()
    {
        var screen = Live();
        screen.ShowLive(["live"]);
        _ = Output;
        var question = await screen.QuestionAsync();
        Assert.Equal("\r\x1b[J", Output);
        screen.WriteLine("waits");
        screen.ShowLive(["newer"]);
        Assert.Equal("", Output);
        question.Dispose();
        question.Dispose();
        Assert.Equal("waits\nnewer", Output);
    }

    [Fact]
    public async Task A_question_is_put_to_the_terminal_with_the_echo_that_it_wants()
    {
        var terminal = new ScriptedTerminal("secret");
        using var prompter = new Prompter(terminal, Live());
        Assert.Equal("secret", await prompter.AskAsync(new Question(QuestionKind.Password, "me@h's password: ", Echo: false), TestContext.Current.CancellationToken));
        Assert.Equal("me@h's password: ", terminal.Shown);
        Assert.False(terminal.Echo);
        Assert.Null(await prompter.AskAsync(new Question(QuestionKind.HostKey, "sure?", Echo: true), TestContext.Current.CancellationToken));
        Assert.True(terminal.Echo);
    }

    [Theory]
    [InlineData("plain name.txt", "plain name.txt")]
    [InlineData("a\nb\r\t\x1b[31m\x7f\u009b", "a\\nb\\r\\t\\x1b[31m\\x7f\\x9b")]
    [InlineData("a\u202eb\u2028", "a\\u202eb\\u2028")]
    [InlineData("quo\"te\\", "quo\\\"te\\\\")]
    [InlineData("Grüße 日本 🙂", "Grüße 日本 🙂")]
    public void Names_are_escaped(string name, string shown) => Assert.Equal(shown, Printable.Name(name));

    [Fact]
    public void A_line_keeps_its_quotation_marks() => Assert.Equal("say \"a\\b\"\\x1b", Printable.Line("say \"a\\b\"\x1b"));

    [Theory]
    [InlineData("abcdef", 6, "abcdef")]
    [InlineData("abcdef", 5, "abcd…")]
    [InlineData("日本語", 6, "日本語")]
    [InlineData("日本語", 5, "日本…")]
    [InlineData("abc", 0, "")]
    public void Text_is_cut_to_columns(string text, int columns, string cut) => Assert.Equal(cut, Printable.Cut(text, columns));

    [Theory]
    [InlineData(0, "0B")]
    [InlineData(999, "999B")]
    [InlineData(1000, "1.0KB")]
    [InlineData(1024 * 1024, "1.0MB")]
    [InlineData(25_000_000, "24MB")]
    [InlineData(long.MaxValue, "8192PB")]
    [InlineData(-1, "0B")]
    public void Sizes_are_short(long bytes, string text) => Assert.Equal(text, Progress.Size(bytes));

    [Fact]
    public void Progress_has_name_percent_bytes_rate_and_time_left()
    {
        var progress = new Progress("↓ big", 5_000_000, 20_000_000, 1_000_000, TimeSpan.FromSeconds(5));
        Assert.Equal("↓ big                  25%    4.8MB    977KB/s 00:15 ETA", progress.Line(56));
        Assert.Equal("↓ big                         4.8MB    977KB/s     00:05", (progress with { Total = null }).Line(56));
        Assert.Equal("↓ big                 100%     19MB    977KB/s     01:05", new Progress("↓ big", 20_000_000, 20_000_000, 1_000_000, TimeSpan.FromSeconds(65)).FinalLine(56));
        Assert.EndsWith("--:-- ETA", (progress with { BytesPerSecond = 0 }).Line(57), StringComparison.Ordinal);
        Assert.Contains("100%", new Progress("empty", 0, 0, 0, TimeSpan.Zero).Line(57), StringComparison.Ordinal);
        Assert.All(Enumerable.Range(20, 100), columns => Assert.True(Printable.Columns((progress with { Name = new string('日', 200) }).Line(Math.Max(columns, 42))) <= Math.Max(columns, 42)));
    }

    [Fact]
    public void The_rate_is_smoothed()
    {
        var time = new FakeTimeProvider();
        var meter = new RateMeter(time);
        Assert.Equal(0, meter.Update(0));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1000, meter.Update(1000), 3);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(900, meter.Update(1000), 3);
    }

    private sealed class ScriptedTerminal(params string[] lines) : ITerminal
    {
        private readonly Queue<string> _lines = new(lines);

        public string Shown { get; private set; } = "";

        public bool Echo { get; private set; }

        public void Write(string text) => Shown += text;

        public ValueTask<string?> ReadLineAsync(string prompt, bool echo, CancellationToken cancellationToken)
        {
            Shown += prompt;
            Echo = echo;
            return new(_lines.TryDequeue(out var line) ? line : null);
        }

        public void Dispose()
        {
        }
    }
}
