using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;

namespace Culvert.Interop.Brokers;

/// <summary>A broker that runs as a program, with hosts of an ssh_config for its profiles.</summary>
internal sealed class BrokerProcess : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SshServer _server;
    private ChildProcess? _process;

    private BrokerProcess(SshServer server) => _server = server;

    /// <summary>The control socket.</summary>
    public string Socket => _folder["run/broker.sock"];

    /// <summary>The folder for what belongs to it.</summary>
    public TemporaryFolder Folder => _folder;

    /// <summary>The process.</summary>
    public int Id => _process!.Id;

    /// <summary>Its log so far.</summary>
    public string Output => _process!.Output;

    /// <summary>Starts one and waits for its control socket.</summary>
    /// <param name="server">Where all profiles lead.</param>
    /// <param name="profiles">Names, and the lines of ssh_config that belong to each.</param>
    /// <param name="environment">Further environment variables.</param>
    /// <param name="options">Further options.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<BrokerProcess> StartAsync(
        SshServer server, IReadOnlyList<(string Name, string Lines)> profiles, CancellationToken cancellation, Dictionary<string, string>? environment = null, params IReadOnlyList<string> options)
    {
        var broker = new BrokerProcess(server);
        try
        {
            broker.Configure(profiles);
            var command = CulvertProcess.Command(["broker", "-F", broker._folder["ssh_config"], "--socket", broker.Socket, .. profiles.SelectMany(profile => (string[])["--host", profile.Name]), .. options]);
            broker._process = ChildProcess.Start(command with { Environment = command.Environment.Concat(environment ?? []).ToDictionary() });
            while (!File.Exists(broker.Socket) && !broker._process.HasExited)
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellation);
            if (broker._process.HasExited)
                throw new InvalidOperationException("the broker ended: " + broker.Output);
            return broker;
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes its ssh_config anew.</summary>
    public void Configure(IReadOnlyList<(string Name, string Lines)> profiles) => _folder.Write("ssh_config", string.Concat(profiles.Select(profile => string.Create(CultureInfo.InvariantCulture, $"""
        IgnoreUnknown Culvert*
        Host {profile.Name}
          {profile.Lines}
          HostName {_server.Address}
          Port {_server.Port}
          User {_server.User}
          IdentityFile {_server.Keys.PrivateKey(TestKeys.Client)}
          UserKnownHostsFile {_server.KnownHosts}
          StrictHostKeyChecking yes

        """))));

    /// <summary>Says a verb.</summary>
    public Task<CommandResult> ControlAsync(CancellationToken cancellation, params IReadOnlyList<string> words) =>
        Command.RunAsync(CulvertProcess.Command(["ctl", "--socket", Socket, .. words]), cancellation);

    /// <summary>Says a verb whose answer is JSON.</summary>
    public async Task<JsonElement> AskAsync(CancellationToken cancellation, params IReadOnlyList<string> words)
    {
        var answer = await ControlAsync(cancellation, ["--json", .. words]);
        return answer.ExitCode == 0 ? JsonDocument.Parse(answer.Output).RootElement : throw new InvalidOperationException($"{answer}\nthe broker{(_process!.HasExited ? " has ended" : "")}: {Output}");
    }

    /// <summary>Waits until an answer is as it should be.</summary>
    public async Task<JsonElement> UntilAsync(Func<JsonElement, bool> holds, CancellationToken cancellation, params IReadOnlyList<string> words)
    {
        while (true)
        {
            var answer = await AskAsync(cancellation, words);
            if (holds(answer))
                return answer;
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, cancellation);
        }
    }

    /// <summary>Waits until so many links are up and so many tunnels listen.</summary>
    public Task UntilUpAsync(int links, int tunnels, CancellationToken cancellation) => UntilAsync(
        status => status.GetProperty("links").TryGetProperty("up", out var up) && up.GetInt32() == links && status.GetProperty("tunnelsListening").GetInt32() == tunnels, cancellation, "status");

    /// <summary>Waits until its log says something; what it said a moment ago may not have arrived yet.</summary>
    public Task<Match> WaitForAsync(Regex pattern, CancellationToken cancellation, int count = 1) => _process!.WaitForAsync(pattern, cancellation, count);

    /// <summary>Sends a signal.</summary>
    public void Signal(int signal) => ProcessTable.Signal(Id, signal);

    /// <summary>Waits for its end.</summary>
    public Task<int> WaitForExitAsync(CancellationToken cancellation) => _process!.WaitForExitAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        _folder.Dispose();
    }
}
