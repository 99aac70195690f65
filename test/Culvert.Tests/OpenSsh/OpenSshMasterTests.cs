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
        await using var ssh = await LoggedInAsync();
        var listening = new OpenSshNetwork(ssh.Master, new UnixNetwork()).ListenAsync(new Endpoint("localhost", 21), ListenOptions.Default, Cancel).AsTask();
        var path = await SharingProgram.AnswerAsync(ssh.Program);
        await using var listener = await listening;
        var brought = (await new UnixNetwork().Connect(UnixNetwork.At(path), ConnectOptions.Default).Outcome).Duplex!;
        await using var accepted = (await listener.AcceptAsync(Cancel)).Duplex;

        // While it answers, an end is an end.
        await brought.EndAsync(Cancel);
        var reading = accepted.ReadAsync(new byte[1], Cancel).AsTask();
        await SharingProgram.AnswerAsync(ssh.Program);
        Assert.Equal(ReadEnd.Ended, (await reading).End);
        // When it doesn't any more, the same end is a loss.
        await ssh.Program.DisposeAsync();
        await ssh.Control.DisposeAsync();
        Assert.Equal(ReadEnd.Lost, (await accepted.ReadAsync(new byte[1], Cancel)).End);
        await brought.DisposeAsync();
    }

    [Fact]
    public async Task Who_gives_up_reading_an_end_takes_nobody_elses_answer_along()
    {
        await using var ssh = await LoggedInAsync();
        var listening = new OpenSshNetwork(ssh.Master, new UnixNetwork()).ListenAsync(new Endpoint("localhost", 21), ListenOptions.Default, Cancel).AsTask();
        await using var brought = (await new UnixNetwork().Connect(UnixNetwork.At(await SharingProgram.AnswerAsync(ssh.Program)), ConnectOptions.Default).Outcome).Duplex!;
        await using var listener = await listening;
        await using var accepted = (await listener.AcceptAsync(Cancel)).Duplex;
        await using var answering = ssh.Program; // gone before the listener, which would wait for an answer when it's closed
        await brought.EndAsync(Cancel);

        using var giveUp = new CancellationTokenSource();
        var reading = accepted.ReadAsync(new byte[1], giveUp.Token).AsTask();
        var question = await SharingProgram.HearAsync(ssh.Program);
        await giveUp.CancelAsync();
        await SharingProgram.SayAsync(ssh.Program, MuxMessages.Alive, SharingProgram.RequestOf(question));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);

        reading = accepted.ReadAsync(new byte[1], Cancel).AsTask();
        await SharingProgram.AnswerAsync(ssh.Program);
        Assert.Equal(ReadEnd.Ended, (await reading).End);
    }

    [Fact]
    public async Task A_port_can_be_closed_when_ssh_and_its_folder_are_gone()
    {
        var ssh = await LoggedInAsync();
        var listening = new OpenSshNetwork(ssh.Master, new UnixNetwork()).ListenAsync(new Endpoint("localhost", 21), ListenOptions.Default, Cancel).AsTask();
        var path = await SharingProgram.AnswerAsync(ssh.Program);
        var listener = await listening;
        await ssh.DisposeAsync();
        Assert.False(Directory.Exists(Path.GetDirectoryName(path)));
        await listener.DisposeAsync();
    }

    [Fact]
    public async Task A_connection_that_ssh_does_not_share_is_closed()
    {
        await using var ssh = await LoggedInAsync();
        var opening = ssh.Master.OpenProxyAsync(Cancel);
        await using var refusing = (await ssh.Control.AcceptAsync(Cancel)).Duplex;
        await SharingProgram.AnswerAsync(refusing);
        await SharingProgram.SayAsync(refusing, MuxMessages.Failed, SharingProgram.RequestOf(await SharingProgram.HearAsync(refusing)));
        await Assert.ThrowsAsync<NetworkException>(() => opening);

        // Within one system a close is seen at once.
        var reading = refusing.ReadAsync(new byte[1], Cancel).AsTask();
        Assert.True(reading.IsCompleted);
        Assert.NotEqual(ReadEnd.None, (await reading).End);
    }

    // The script says where its control socket is to be; the test listens there.
    private async Task<LoggedIn> LoggedInAsync()
    {
        var mark = Path.Combine(_folder, "path");
        var options = Options($"for word; do case $word in ControlPath=*) echo \"${{word#ControlPath=}}\" > {mark}.new;; esac; done; mv {mark}.new {mark}; exec sleep 1000");
        var starting = OpenSshMaster.StartAsync(options, Cancel);
        while (!File.Exists(mark))
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Cancel);
        var control = await new UnixNetwork().ListenAsync(UnixNetwork.At((await File.ReadAllTextAsync(mark, Cancel)).Trim()), ListenOptions.Default, Cancel);
        var (program, _) = await control.AcceptAsync(Cancel);
        await SharingProgram.AnswerAsync(program);
        return new LoggedIn(await starting, control, program);
    }

    private sealed record LoggedIn(OpenSshMaster Master, IListener Control, Duplex Program) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Program.DisposeAsync();
            await Control.DisposeAsync();
            await Master.DisposeAsync();
        }
    }
}
