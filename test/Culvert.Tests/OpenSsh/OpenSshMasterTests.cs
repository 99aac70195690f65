using System.Buffers.Binary;
using Culvert.Net;
using Culvert.Net.Unix;
using Culvert.OpenSsh;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Culvert.Tests.OpenSsh;

/// <summary>A program in place of <c>ssh</c>: a script that only stays, and the test itself behind its control socket.</summary>
public sealed class OpenSshMasterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("culvert-test-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private OpenSshOptions Options(string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a Unix shell");
        var program = Path.Combine(_folder, "ssh");
        File.WriteAllText(program, "#!/bin/sh\n" + script);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new OpenSshOptions { Program = program, Arguments = ["--", "host"], Host = "host", Logger = NullLogger.Instance, Time = TimeProvider.System };
    }

    [Fact]
    public async Task A_program_that_ends_before_its_login_is_told()
    {
        var e = await Assert.ThrowsAsync<NetworkException>(() => OpenSshMaster.StartAsync(Options("exit 7"), Cancel));
        Assert.EndsWith("ended with status 7", e.Failure.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_up_before_its_login_it_is_ended()
    {
        using var giveUp = new CancellationTokenSource();
        var mark = Path.Combine(_folder, "pid");
        var starting = OpenSshMaster.StartAsync(Options($"echo $$ > {mark}.new; mv {mark}.new {mark}; exec sleep 1000"), giveUp.Token);
        while (!File.Exists(mark))
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Cancel);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        var process = "/proc/" + (await File.ReadAllTextAsync(mark, Cancel)).Trim();
        while (Directory.Exists(process))
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Cancel);
    }

    [Fact]
    public async Task When_ssh_dies_the_connections_it_brought_are_lost_and_not_ended()
    {
        // The script says where its control socket is to be; the test listens there.
        var mark = Path.Combine(_folder, "path");
        var options = Options($"for word; do case $word in ControlPath=*) echo \"${{word#ControlPath=}}\" > {mark}.new;; esac; done; mv {mark}.new {mark}; exec sleep 1000");
        var starting = OpenSshMaster.StartAsync(options, Cancel);
        while (!File.Exists(mark))
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Cancel);
        var control = await new UnixNetwork().ListenAsync(UnixNetwork.At((await File.ReadAllTextAsync(mark, Cancel)).Trim()), ListenOptions.Default, Cancel);
        var (program, _) = await control.AcceptAsync(Cancel);
        await AnswerAsync(program, hello: true);
        await using var master = await starting;

        var listening = new OpenSshNetwork(master, new UnixNetwork()).ListenAsync(new Endpoint("localhost", 21), ListenOptions.Default, Cancel).AsTask();
        var path = await AnswerAsync(program);
        await using var listener = await listening;
        var brought = (await new UnixNetwork().Connect(UnixNetwork.At(path), ConnectOptions.Default).Outcome).Duplex!;
        await using var accepted = (await listener.AcceptAsync(Cancel)).Duplex;

        // While it answers, an end is an end.
        await brought.EndAsync(Cancel);
        var reading = accepted.ReadAsync(new byte[1], Cancel).AsTask();
        await AnswerAsync(program);
        Assert.Equal(ReadEnd.Ended, (await reading).End);
        // When it doesn't any more, the same end is a loss.
        await program.DisposeAsync();
        await control.DisposeAsync();
        Assert.Equal(ReadEnd.Lost, (await accepted.ReadAsync(new byte[1], Cancel)).End);
        await brought.DisposeAsync();
    }

    // Answers one message, and says what text stood last in it (where a forward connects to).
    private static async Task<string> AnswerAsync(Duplex program, bool hello = false)
    {
        var head = await ReadAsync(program, 4);
        var body = await ReadAsync(program, BinaryPrimitives.ReadInt32BigEndian(head));
        var type = BinaryPrimitives.ReadUInt32BigEndian(body);
        var reply = new byte[12];
        reply[3] = 8;
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(4), hello ? MuxMessages.Hello : type == MuxMessages.AliveCheck ? MuxMessages.Alive : MuxMessages.Ok);
        body.AsSpan(4, 4).CopyTo(reply.AsSpan(8));
        await program.WriteAsync(reply, Cancel);
        if (type != MuxMessages.OpenForward)
            return "";
        var listen = BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(12));
        var connect = BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(20 + listen));
        return System.Text.Encoding.UTF8.GetString(body, 24 + listen, connect);
    }

    private static async Task<byte[]> ReadAsync(Duplex duplex, int count)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var read = await duplex.ReadAsync(bytes.AsMemory(at), Cancel);
            Assert.Equal(ReadEnd.None, read.End);
            at += read.Bytes.Length;
        }
        return bytes;
    }
}
