using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;
using Xunit.Sdk;

namespace Culvert.Interop.Matrix;

/// <summary>One way to put the servers and Culvert together; started by the first test that needs it.</summary>
public sealed record Setting(string FtpServer, string SshServer, string Direction, string Active, bool IPv6, string Engine = Engines.BuiltIn)
{
    public override string ToString() =>
        $"{SshServer} {Direction} {FtpServer}{(Active == "convert" ? "" : " --active " + Active)}{(IPv6 ? " IPv6" : "")}{(Engine == Engines.BuiltIn ? "" : " --engine " + Engine)}";
}

/// <summary>Keeps what the tests of a class share, so that each transfer doesn't start all programs anew.</summary>
public sealed class Settings : IAsyncLifetime
{
    private readonly Dictionary<Setting, Task<TunnelledServer>> _started = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    internal Task<TunnelledServer> GetAsync(Setting setting)
    {
        if (!_started.TryGetValue(setting, out var started))
        {
            _started.Add(setting, started = StartAsync(setting));
        }

        return started;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var started in _started.Values)
        {
            try
            {
                await (await started).DisposeAsync();
            }
            catch (Exception e) when (started.IsFaulted && e is SkipException or XunitException or InvalidOperationException or TimeoutException)
            {
                // It never came up: the tests that asked for it have told why.
            }
        }
    }

    private static Task<TunnelledServer> StartAsync(Setting setting) => TunnelledServer.StartAsync(
        setting.FtpServer, CancellationToken.None, setting.SshServer, setting.Direction,
        ftpOptions: new FtpServerOptions { ListenAddress = setting.IPv6 ? "::1" : "127.0.0.1" },
        options: ["--engine", setting.Engine, "--active", setting.Active]);
}
