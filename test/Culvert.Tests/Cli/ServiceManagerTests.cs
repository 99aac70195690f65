using Culvert.Broker.Audit;
using Culvert.Broker.Config;
using Culvert.Broker.Service;
using Culvert.Cli.Arguments;
using Culvert.Cli.Running;
using Xunit;

namespace Culvert.Tests.Cli;

/// <summary>A service manager that speaks for itself, as Windows' does: what it wants is done, and it hears what becomes of it.</summary>
public sealed class ServiceManagerTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("culvert-service-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_broker_serves_reloads_and_ends_as_its_manager_wants()
    {
        var reads = 0;
        var wanted = new Invocation.Broker(() =>
        {
            reads++;
            return new BrokerConfig();
        }) { Socket = OperatingSystem.IsWindows() ? $"culvert-test-{Guid.NewGuid():N}" : Path.Combine(_folder.FullName, "run", "broker.sock") };
        using var errors = new MemoryStream();
        using var log = new AuditLog(AuditFormat.Text, null, errors, TimeProvider.System);
        using var manager = new Manager();
        var running = BrokerCommand.RunAsync(wanted, log, manager);
        Assert.Equal("ready", await manager.HeardAsync());
        Assert.Equal(1, reads);
        manager.Reload();
        Assert.Equal("reloading", await manager.HeardAsync());
        Assert.Equal("ready", await manager.HeardAsync());
        Assert.Equal(2, reads);
        manager.Wake();
        manager.End();
        Assert.Equal("stopping", await manager.HeardAsync());
        Assert.Equal(0, await running);
    }

    private sealed class Manager : ServiceManager, IDisposable
    {
        private readonly System.Threading.Channels.Channel<string> _heard = System.Threading.Channels.Channel.CreateUnbounded<string>();
        private readonly CancellationTokenSource _stop = new();

        public override CancellationToken Stop => _stop.Token;

        public ValueTask<string> HeardAsync() => _heard.Reader.ReadAsync(TestContext.Current.CancellationToken);

        public void Reload() => WantReload();

        public void Wake() => HaveWoken();

        public void End() => _stop.Cancel();

        public void Dispose() => _stop.Dispose();

        public override void Ready(string status) => _heard.Writer.TryWrite("ready");

        public override void Status(string status)
        {
        }

        public override void Reloading(long monotonicMicroseconds) => _heard.Writer.TryWrite("reloading");

        public override void Stopping() => _heard.Writer.TryWrite("stopping");

        public override void Alive()
        {
        }
    }
}
