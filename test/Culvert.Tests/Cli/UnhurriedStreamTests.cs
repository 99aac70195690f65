using System.Text;
using Culvert.Cli.Terminal;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Cli;

/// <summary>Messages to somebody who doesn't read: they wait for him, in order, and nobody else does.</summary>
public sealed class UnhurriedStreamTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly Reader _reader = new();
    private bool _takes = true;

    [Fact]
    public async Task What_is_taken_at_once_is_written_at_once()
    {
        await using var stream = Open();
        Say(stream, "a\n");
        Assert.Equal("a\n", _reader.Got);
    }

    [Fact]
    public async Task Nobody_waits_for_a_reader_that_has_stopped_and_what_was_said_comes_in_order()
    {
        await using var stream = Open();
        _takes = false;
        _reader.Stop();
        Say(stream, "a\n");
        await _reader.IsStuck;
        _takes = true; // room again, but not ahead of what waits
        Say(stream, "b\n");
        Assert.Equal("", _reader.Got);
        _reader.GoOn();
        await stream.SettleAsync();
        Assert.Equal("a\nb\n", _reader.Got);
        Say(stream, "c\n");
        Assert.Equal("a\nb\nc\n", _reader.Got);
    }

    [Fact]
    public async Task What_is_too_much_to_keep_is_left_out_and_that_is_said()
    {
        await using var stream = Open();
        _takes = false;
        _reader.Stop();
        Say(stream, "first\n");
        await _reader.IsStuck;
        var line = new string('x', 1023) + "\n";
        for (var i = 0; i < UnhurriedStream.MaximumKept / 1024 + 5; i++)
            Say(stream, line);
        _reader.GoOn();
        await stream.SettleAsync();
        Assert.Equal("first\n".Length + UnhurriedStream.MaximumKept, _reader.Got.IndexOf("(5 messages were left out here: nobody read them)\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_ends_or_asks_waits_a_second_at_most()
    {
        var stream = Open();
        _takes = false;
        _reader.Stop();
        Say(stream, "a\n");
        await _reader.IsStuck;
        var settling = stream.SettleAsync();
        _time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.False(settling.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        await settling;
        _reader.GoOn();
        await stream.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reader_who_is_gone_harms_nobody(bool takes)
    {
        await using var stream = Open();
        _takes = takes;
        _reader.IsGone = true;
        Say(stream, "a\n");
        await stream.SettleAsync();
        _reader.IsGone = false;
        Say(stream, "b\n");
        await stream.SettleAsync();
        Assert.Equal("b\n", _reader.Got);
    }

    public void Dispose() => _reader.Dispose();

    private UnhurriedStream Open() => new(_reader, _ => _takes, _time);

    private static void Say(Stream stream, string text) => stream.Write(Encoding.UTF8.GetBytes(text));

    private sealed class Reader : MemoryStream
    {
        private readonly ManualResetEventSlim _goesOn = new(true);
        private readonly TaskCompletionSource _isStuck = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsGone { get; set; }

        public Task IsStuck => _isStuck.Task;

        public string Got => Encoding.UTF8.GetString(ToArray());

        public void Stop() => _goesOn.Reset();

        public void GoOn() => _goesOn.Set();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (IsGone)
                throw new IOException("broken pipe");
            if (!_goesOn.IsSet)
                _isStuck.TrySetResult();
            _goesOn.Wait(TestContext.Current.CancellationToken);
            base.Write(buffer);
        }
    }
}
