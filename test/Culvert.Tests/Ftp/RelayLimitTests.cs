using Xunit;

namespace Culvert.Tests.Ftp;

/// <summary>Limits of time and of patience, by the clock of a whole session.</summary>
public sealed class RelayLimitTests
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task AClientThatDoesntLogInIsToldAndCutOff()
    {
        await using var rig = await RelayRig.StartAsync();
        Assert.Equal("421 No login within 120 seconds.", await rig.PassTimeUntilAsync(rig.Client.HearAsync(), Step));
        Assert.Equal("(Ended)", await rig.Client.HearAsync());
    }

    [Fact]
    public async Task HalfACommandIsNotAwaitedForever()
    {
        await using var rig = await RelayRig.StartAsync();
        await rig.PassAsync("USER bob");
        await rig.ReplyAsync("230 in");
        await rig.Client.Duplex.WriteAsync("RETR fi"u8.ToArray(), rig.Hang);
        Assert.Equal("421 A command was not ended within 60 seconds.", await rig.PassTimeUntilAsync(rig.Client.HearAsync(), Step));
    }

    [Fact]
    public async Task ACommandThatComesSlowlyButInTimeIsFine()
    {
        await using var rig = await RelayRig.StartAsync();
        await rig.PassAsync("USER bob");
        await rig.ReplyAsync("230 in");
        for (var half = 0; half < 4; half++)
        {
            await rig.Client.Duplex.WriteAsync("PW"u8.ToArray(), rig.Hang);
            rig.Time.Advance(TimeSpan.FromSeconds(40));
            await rig.Client.Duplex.WriteAsync("D\r\n"u8.ToArray(), rig.Hang);
            Assert.Equal("PWD", await rig.Server.HearAsync());
            await rig.ReplyAsync("257 /");
        }
    }

    [Fact]
    public async Task AClientThatNeverReadsItsRepliesIsCutOff()
    {
        await using var rig = await RelayRig.StartAsync();
        await rig.PassAsync("STAT /");
        var listing = rig.FloodAsync(rig.Server, "213-a line of a listing that nobody reads");
        await rig.PassTimeUntilAsync(rig.HasEndedAsync(), Step);
        await listing;
    }

    [Fact]
    public async Task AServerThatNeverReadsItsCommandsIsCutOff()
    {
        await using var rig = await RelayRig.StartAsync();
        await rig.PassAsync("USER bob");
        await rig.ReplyAsync("230 in");
        await rig.Client.SayAsync([.. Enumerable.Repeat("CWD " + new string('x', 4000), 20)]); // more than a network holds for somebody
        Assert.Equal("421 The FTP server closed the connection.", await rig.PassTimeUntilAsync(rig.Client.HearAsync(), Step));
    }

    [Fact]
    public async Task HalfAReplyIsNotAwaitedForever()
    {
        await using var rig = await RelayRig.StartAsync();
        await rig.PassAsync("USER bob");
        await rig.ReplyAsync("230 in");
        await rig.Server.Duplex.WriteAsync("200 and so"u8.ToArray(), rig.Hang);
        Assert.Equal("421 The FTP server didn't end a line within 300 seconds.", await rig.PassTimeUntilAsync(rig.Client.HearAsync(), Step));
    }

    [Fact]
    public async Task AReplyLineWithoutEndIsNotReadForever()
    {
        await using var rig = await RelayRig.StartAsync();
        await rig.PassAsync("USER bob");
        await rig.ReplyAsync("230 in");
        var flood = rig.FloodAsync(rig.Server, new string('x', 8000), lineEnd: "");
        Assert.Equal("421 The FTP server didn't end a line within 300 seconds.", await rig.PassTimeUntilAsync(rig.Client.HearAsync(), Step));
        await rig.Server.Duplex.DisposeAsync();
        await flood;
    }

    [Fact]
    public async Task AnIdleClientStaysUnlessTheUserSaysOtherwise()
    {
        await using var rig = await RelayRig.StartAsync();
        await rig.PassAsync("USER bob");
        await rig.ReplyAsync("230 in");
        rig.Time.Advance(TimeSpan.FromDays(2));
        await rig.PassAsync("NOOP");
        await rig.ReplyAsync("200 still here");
    }

    [Fact]
    public async Task AnIdleClientIsToldToGoWhenTheUserSaysSo()
    {
        await using var rig = await RelayRig.StartAsync(new() { IdleTimeout = TimeSpan.FromMinutes(10) });
        await rig.PassAsync("USER bob");
        await rig.ReplyAsync("230 in");
        rig.Time.Advance(TimeSpan.FromMinutes(9));
        await rig.PassAsync("NOOP");
        rig.Time.Advance(TimeSpan.FromMinutes(9)); // begun again by the command
        await rig.ReplyAsync("200 still here");
        Assert.Equal("421 Idle for 600 seconds.", await rig.PassTimeUntilAsync(rig.Client.HearAsync(), Step));
    }

    // Its replies must not keep the relay from hearing that there is nobody to read them.
    [Fact]
    public async Task AServerThatNeverStopsTalkingDoesNotKeepTheSessionOfAClientThatHasGone()
    {
        await using var rig = await RelayRig.StartAsync();
        var flood = rig.FloodAsync(rig.Server, "200 more");
        await rig.Client.Duplex.DisposeAsync();
        await rig.PassTimeUntilAsync(rig.HasEndedAsync(), Step);
        await flood;
    }

    [Fact]
    public async Task AServerThatNeverStopsTalkingDoesNotKeepTheClientFromBeingHeard()
    {
        await using var rig = await RelayRig.StartAsync();
        var flood = rig.FloodAsync(rig.Server, "200 more");
        await rig.Client.SayAsync("PWD");
        var heard = HearAllAsync();
        Assert.Equal("PWD", await rig.Server.HearAsync());
        await rig.StopAsync();
        await rig.PassTimeUntilAsync(rig.HasEndedAsync(), Step);
        await flood;
        await heard;

        async Task HearAllAsync()
        {
            while (!(await rig.Client.HearAsync()).StartsWith('('))
            {
            }
        }
    }
}
