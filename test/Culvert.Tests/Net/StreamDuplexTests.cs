using System.IO.Pipelines;
using Culvert.Net;
using Culvert.Net.Processes;
using Culvert.Net.Unix;
using Xunit;

namespace Culvert.Tests.Net;

/// <summary>Connections that aren't TCP: streams, commands, sockets with a path.</summary>
public sealed class StreamDuplexTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<string> ReadAllAsync(Duplex duplex)
    {
        var text = "";
        while (true)
        {
            var read = await duplex.ReadAsync(new byte[3], Cancel);
            if (read.End != ReadEnd.None)
                return text + $"<{read.End}>";
            text += System.Text.Encoding.ASCII.GetString(read.Bytes.Span);
        }
    }

    [Fact]
    public async Task Bytes_pass_and_each_half_ends_by_itself()
    {
        var (input, output) = (new Pipe(), new Pipe());
        await using var duplex = new StreamDuplex(input.Reader.AsStream(), output.Writer.AsStream());
        await duplex.WriteAsync("ping"u8.ToArray(), Cancel);
        await duplex.EndAsync(Cancel);
        Assert.Equal("ping", await new StreamReader(output.Reader.AsStream()).ReadToEndAsync(Cancel));
        await input.Writer.WriteAsync("pong"u8.ToArray(), Cancel);
        await input.Writer.CompleteAsync();
        Assert.Equal("pong<Ended>", await ReadAllAsync(duplex));
        Assert.Equal(WriteEnd.Closed, await duplex.WriteAsync("x"u8.ToArray(), Cancel));
    }

    [Fact]
    public async Task A_read_that_was_given_up_loses_nothing()
    {
        var (input, output) = (new Pipe(), new Pipe());
        await using var duplex = new StreamDuplex(input.Reader.AsStream(), output.Writer.AsStream());
        using var giveUp = new CancellationTokenSource();
        var given = duplex.ReadAsync(giveUp.Token).AsTask();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        await input.Writer.WriteAsync("late"u8.ToArray(), Cancel);
        await input.Writer.CompleteAsync();
        Assert.Equal("late<Ended>", await ReadAllAsync(duplex));
    }

    [Fact]
    public async Task Aborted_it_wakes_who_reads_from_a_stream_that_never_answers()
    {
        await using var duplex = new StreamDuplex(new Pipe().Reader.AsStream(), new Pipe().Writer.AsStream());
        var reading = duplex.ReadAsync(Cancel).AsTask();
        Assert.False(reading.IsCompleted);
        duplex.Abort();
        Assert.Equal(ReadEnd.Reset, (await reading).End);
    }

    [Fact]
    public async Task A_command_is_a_network_and_ends_with_its_connection()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a Unix shell");
        var (duplex, failure) = await new CommandNetwork("cat", TimeProvider.System).Connect(new Endpoint("x", 1), ConnectOptions.Default).Outcome;
        Assert.Null(failure);
        await using (duplex)
        {
            await duplex!.WriteAsync("through"u8.ToArray(), Cancel);
            await duplex.EndAsync(Cancel);
            Assert.Equal("through<Ended>", await ReadAllAsync(duplex));
        }
    }

    [Fact]
    public async Task A_command_that_does_not_end_by_itself_is_ended()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a Unix shell");
        using var folder = new TemporaryFolder();
        var mark = Path.Combine(folder.Path, "pid");
        var dial = new CommandNetwork($"sh -c 'trap \"\" HUP TERM; echo $$ > {mark}.new; mv {mark}.new {mark}; echo up; exec sleep 1000'", TimeProvider.System).Connect(new Endpoint("x", 1), ConnectOptions.Default);
        var duplex = (await dial.Outcome).Duplex!;
        Assert.Equal("u", System.Text.Encoding.ASCII.GetString((await duplex.ReadAsync(new byte[1], Cancel)).Bytes.Span));
        var process = int.Parse(await File.ReadAllTextAsync(mark, Cancel), System.Globalization.CultureInfo.InvariantCulture);
        dial.Abort();
        await duplex.DisposeAsync();
        // Killed it is; on a busy machine it may be awaited later.
        while (Directory.Exists($"/proc/{process}"))
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Cancel);
    }

    [Fact]
    public async Task A_socket_with_a_path_is_a_network_too()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "no such sockets");
        using var folder = new TemporaryFolder();
        var (network, at) = (new UnixNetwork(), UnixNetwork.At(Path.Combine(folder.Path, "s")));
        Assert.NotNull((await network.Connect(at, ConnectOptions.Default).Outcome).Failure);
        await using (var listener = await network.ListenAsync(at, ListenOptions.Default, Cancel))
        {
            await using var here = (await network.Connect(at, ConnectOptions.Default).Outcome).Duplex!;
            var (there, peer) = await listener.AcceptAsync(Cancel);
            Assert.Equal(AddressKnowledge.Unknown, peer.Knowledge);
            await using (there)
            {
                await here.WriteAsync("x"u8.ToArray(), Cancel);
                await here.EndAsync(Cancel);
                Assert.Equal("x<Ended>", await ReadAllAsync(there));
            }
        }
        Assert.False(File.Exists(at.Host));
    }

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("culvert-test-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
