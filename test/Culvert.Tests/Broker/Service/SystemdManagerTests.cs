using System.Net.Sockets;
using System.Text;
using Culvert.Broker.Service;
using Xunit;

namespace Culvert.Tests.Broker.Service;

/// <summary>What reaches the service manager's socket. Its queue takes some datagrams, and then no more.</summary>
public sealed class SystemdManagerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("culvert-notify-").FullName;
    private readonly Socket _queue = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly List<string> _complaints = [];

    public SystemdManagerTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there is no such manager");
        _queue.Bind(new UnixDomainSocketEndPoint(Address));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Address => Path.Combine(_folder, "notify");

    public void Dispose()
    {
        _queue.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_state_waits_for_room_in_the_queue_and_a_sign_of_life_does_not()
    {
        var manager = new SystemdManager(Address, null, _complaints.Add) { Patience = TimeSpan.FromMinutes(1) };
        while (_complaints.Count == 0)
            manager.Alive();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var telling = Task.Factory.StartNew(
            () =>
            {
                begun.SetResult();
                manager.Ready("all is up");
            }, Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await begun.Task;
        // Who didn't wait would be through by then, and it would be lost.
        await Task.WhenAny(telling, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancel));
        const string ready = "READY=1\nSTATUS=all is up\n";
        var heard = "";
        while (heard != ready && !(telling.IsCompleted && _queue.Available == 0))
            heard = await HearAsync();
        await telling;
        Assert.Equal(ready, heard);
        Assert.Contains("can't be told", Assert.Single(_complaints), StringComparison.Ordinal);
    }

    [Fact]
    public void Nobody_to_tell_is_told_once()
    {
        var manager = new SystemdManager(Path.Combine(_folder, "nobody"), null, _complaints.Add);
        manager.Ready("all is up");
        manager.Stopping();
        Assert.Single(_complaints);
    }

    private async Task<string> HearAsync()
    {
        var buffer = new byte[1000];
        return Encoding.UTF8.GetString(buffer, 0, await _queue.ReceiveAsync(buffer, Cancel));
    }
}
