using Culvert.Net;
using Culvert.Net.Unix;
using Culvert.OpenSsh;
using Xunit;

namespace Culvert.Tests.OpenSsh;

public sealed class MuxConnectionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("culvert-test-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Closed_it_fails_who_waits_for_an_answer_who_waits_for_a_turn_and_who_comes_later()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "no such sockets");
        var path = Path.Combine(_folder, "c");
        await using var control = await new UnixNetwork().ListenAsync(UnixNetwork.At(path), ListenOptions.Default, Cancel);
        var opening = MuxConnection.OpenAsync(path, Cancel);
        await using var program = (await control.AcceptAsync(Cancel)).Duplex;
        await SharingProgram.AnswerAsync(program);
        var connection = await opening;

        var asked = AskAsync();
        await SharingProgram.HearAsync(program);
        var queued = AskAsync();
        await connection.DisposeAsync();

        await Assert.ThrowsAsync<NetworkException>(() => asked);
        await Assert.ThrowsAsync<NetworkException>(() => queued);
        await Assert.ThrowsAsync<NetworkException>(AskAsync);

        // Without a token that could end the wait instead.
        Task<MuxReply> AskAsync() => connection.AskAsync(request => MuxMessages.Ask(MuxMessages.AliveCheck, request), CancellationToken.None);
    }
}
