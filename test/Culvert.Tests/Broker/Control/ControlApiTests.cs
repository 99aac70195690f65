using System.Text;
using System.Text.Json;
using Culvert.Broker.Config;
using Culvert.Broker.Control;
using Culvert.Broker.Runtime;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.TestKit;
using Culvert.TestKit.Networks;
using Culvert.Tests.Broker.Links;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Broker.Control;

/// <summary>Every request of the control API: that it does to what runs what it says, and that each answer fits the document.</summary>
public sealed class ControlApiTests : IAsyncDisposable
{
    private static readonly JsonElement Document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Root, "docs", "openapi.json"))).RootElement;

    private readonly MemoryNetwork _here = new();
    private readonly MemoryNetwork _there = new();
    private readonly FakeTimeProvider _time = new();
    private readonly LinkScript _script = new();
    private readonly BrokerDaemon _daemon;
    private readonly ControlApi _api;
    private Verbosity _verbosity = Verbosity.Info;
    private int _reloads;
    private bool _isStopped;

    public ControlApiTests()
    {
        var services = new BrokerServices { Here = _here, Reporter = new RecordingReporter(), LoggerFactory = NullLoggerFactory.Instance, Time = _time };
        _daemon = new BrokerDaemon(services, _ => { }, (_, _) => _script.ConnectAsync);
        _api = new ControlApi(_daemon, new ControlActions
        {
            Version = "culvert 0",
            ReloadAsync = _ =>
            {
                _reloads++;
                return _reloads > 1 ? throw new ConfigException(["one mistake", "another"], "put it right") : Task.CompletedTask;
            },
            Stop = () => _isStopped = true,
            GetVerbosity = () => _verbosity,
            SetVerbosity = level => _verbosity = level,
        }, _time);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    private async Task UntilChannelsAsync(int count)
    {
        while ((await AskAsync("GET", "/v1/channels")).GetArrayLength() != count)
            await Task.Yield();
    }

    private async Task StartAsync(bool up = true)
    {
        var connection = new ConnectionConfig { Host = "gate", User = "me", AddressFamily = AddressFamilyChoice.Inet, Tunnels = [new TunnelConfig(TunnelSpec.Parse(TunnelKind.Local, "1001:db:1")) { AllowUsers = ["1000"] }] };
        await _daemon.ApplyAsync(new BrokerConfig { Profiles = [new ProfileConfig("a", connection) { Name = "The gate", ConnectOnStartup = true }] }, Cancel);
        if (up)
            (await _script.NextAsync(Cancel)).Succeed(_there);
        await UntilAsync(() => _here.Listeners == 1 && (!up || State == LinkState.Up));
    }

    private LinkState State => _daemon.Runs.Single().Link.Status.State;

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            Cancel.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private async Task<JsonElement> AskAsync(string method, string path, string? body = null, int status = 200)
    {
        var (bare, query) = path.Split('?') is [var before, var behind] ? (before, behind.Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1])) : (path, []);
        var answer = await _api.HandleAsync(new ControlRequest(method, bare, query, Encoding.UTF8.GetBytes(body ?? "")), Cancel);
        var json = JsonDocument.Parse(answer.Json).RootElement;
        Assert.True(answer.Status == status, $"{method} {path}: {answer.Status} {json}");
        Assert.Empty(new ClosedSchema(Document).Mistakes(json, SchemaOf(method, bare, status), $"{method} {path}"));
        return json;
    }

    // The document's word for an answer; whatever isn't in it, nobody may be answered with.
    private static JsonElement SchemaOf(string method, string path, int status)
    {
        var words = path.Split('/');
        var template = Document.GetProperty("paths").EnumerateObject().FirstOrDefault(entry =>
        {
            var pattern = entry.Name.Split('/');
            return pattern.Length == words.Length && pattern.Zip(words).All(pair => pair.First is ['{', ..] || pair.First == pair.Second);
        });
        if (template.Value.ValueKind == JsonValueKind.Undefined && status == 404)
            return Document.GetProperty("components").GetProperty("schemas").GetProperty("Error");
        return template.Value.GetProperty(method.ToLowerInvariant()).GetProperty("responses").GetProperty(FormattableString.Invariant($"{status}"))
            .GetProperty("content").GetProperty("application/json").GetProperty("schema");
    }

    private async Task<(Duplex Client, Duplex Far)> ClientAsync(IListener server)
    {
        var (client, _) = await _here.Connect(new Endpoint("127.0.0.1", 1001), ConnectOptions.Default).Outcome;
        return (client!, (await server.AcceptAsync(Cancel)).Duplex);
    }

    [Fact]
    public async Task Who_waits_for_a_connection_waits_while_it_is_tried_again()
    {
        await StartAsync(up: false);
        (await _script.NextAsync(Cancel)).FailPassing();
        await UntilAsync(() => State == LinkState.Restoring);
        Assert.NotEqual(JsonValueKind.Null, (await AskAsync("GET", "/v1/connections/a?wait=60")).GetProperty("nextTry").ValueKind);
        await AskAsync("POST", "/v1/profiles/a/connect");
        var waiting = AskAsync("GET", "/v1/connections/a?wait=60");
        var attempt = await _script.NextAsync(Cancel);
        Assert.False(waiting.IsCompleted);
        attempt.Succeed(_there);
        Assert.Equal("up", (await waiting).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Everything_that_runs_is_shown_and_fits_the_document()
    {
        await StartAsync();
        await using var server = await _there.ListenAsync(new Endpoint("db", 1), ListenOptions.Default, Cancel);
        var (client, far) = await ClientAsync(server);
        await UntilAsync(() => _daemon.Activity.Clients.Count == 1);
        await UntilChannelsAsync(1);
        var status = await AskAsync("GET", "/v1/status");
        Assert.Equal((1, 1, 1), (status.GetProperty("links").GetProperty("up").GetInt32(), status.GetProperty("tunnelsListening").GetInt32(), status.GetProperty("clients").GetInt32()));
        Assert.Equal("up", (await AskAsync("GET", "/v1/connections"))[0].GetProperty("state").GetString());
        Assert.Equal("db:1", (await AskAsync("GET", "/v1/channels"))[0].GetProperty("destination").GetString());
        Assert.Equal("127.0.0.1:1001", (await AskAsync("GET", "/v1/tunnels"))[0].GetProperty("listen")[0].GetString());
        Assert.Equal("The gate", (await AskAsync("GET", "/v1/profiles"))[0].GetProperty("name").GetString());
        Assert.Equal("1000", (await AskAsync("GET", "/v1/clients"))[0].GetProperty("uid").GetString());
        Assert.Equal(0, (await AskAsync("GET", "/v1/transfers")).GetArrayLength());
        Assert.Equal("gate", (await AskAsync("GET", "/v1/config?path=profiles/a/host")).GetProperty("lines")[0].GetString());
        await AskAsync("GET", "/v1/config?path=profiles/nobody", status: 404);
        await AskAsync("GET", "/v1/nothing", status: 404);
        await AskAsync("GET", "/elsewhere", status: 404);
        client.Abort();
        far.Abort();
    }

    [Fact]
    public async Task A_channel_that_is_closed_is_cut_for_its_client_and_the_others_go_on()
    {
        await StartAsync();
        await using var server = await _there.ListenAsync(new Endpoint("db", 1), ListenOptions.Default, Cancel);
        var (first, farFirst) = await ClientAsync(server);
        await UntilChannelsAsync(1);
        var (second, farSecond) = await ClientAsync(server);
        await UntilChannelsAsync(2);
        var channels = await AskAsync("GET", "/v1/channels");
        await AskAsync("DELETE", $"/v1/channels/{channels[0].GetProperty("id")}");
        Assert.Equal(ReadEnd.Reset, (await first.ReadAsync(new byte[1], Cancel)).End);
        await farSecond.WriteAsync("x"u8.ToArray(), Cancel);
        Assert.Equal(1, (await second.ReadAsync(new byte[1], Cancel)).Bytes.Length);
        await AskAsync("DELETE", "/v1/channels/999", status: 404);
        foreach (var duplex in (Duplex[])[first, farFirst, second, farSecond])
            duplex.Abort();
    }

    [Fact]
    public async Task A_connection_that_is_closed_ends_with_its_ports_and_comes_back_when_it_is_connected()
    {
        await StartAsync();
        var id = (await AskAsync("GET", "/v1/connections"))[0].GetProperty("id").GetInt64();
        await AskAsync("DELETE", $"/v1/connections/{id}");
        Assert.Equal((0, LinkState.Disabled), (_here.Listeners, State));
        await AskAsync("POST", "/v1/profiles/a/connect");
        var waiting = AskAsync("GET", "/v1/connections/a?wait=30");
        (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        Assert.Equal("up", (await waiting).GetProperty("state").GetString());
        await UntilAsync(() => _here.Listeners == 1);
        await AskAsync("POST", "/v1/profiles/a/disconnect");
        Assert.Equal(0, _here.Listeners);
        await AskAsync("POST", "/v1/profiles/nobody/connect", status: 404);
        await AskAsync("POST", "/v1/profiles/nobody/disconnect", status: 404);
        await AskAsync("DELETE", "/v1/connections/nobody", status: 404);
    }

    [Fact]
    public async Task The_connections_of_an_exclusive_profile_are_shown_waited_for_and_closed_one_by_one()
    {
        TunnelConfig Tunnel(string spec) => new(TunnelSpec.Parse(TunnelKind.Local, spec)) { AllowUsers = ["1000"] };
        var connection = new ConnectionConfig { Host = "gate", User = "me", AddressFamily = AddressFamilyChoice.Inet, Tunnels = [Tunnel("1001:db:1"), Tunnel("1002:db:1")] };
        await _daemon.ApplyAsync(new BrokerConfig { Profiles = [new ProfileConfig("a", connection) { ExclusiveConnection = true }] }, Cancel);
        var connecting = await AskAsync("POST", "/v1/profiles/a/connect");
        Assert.Equal(2, connecting.GetArrayLength());
        (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        (await _script.NextAsync(Cancel)).Fail("denied", new SshAuthenticationException("denied"));
        await UntilAsync(() => _daemon.Runs.All(run => run.Link.Status.IsDecided) && _here.Listeners == 2);
        var connections = await AskAsync("GET", "/v1/connections");
        var tunnels = await AskAsync("GET", "/v1/tunnels");
        Assert.All(connections.EnumerateArray(), one => Assert.True(one.GetProperty("exclusive").GetBoolean()));
        Assert.Equal(tunnels.EnumerateArray().Select(one => one.GetProperty("id").GetInt64()), connections.EnumerateArray().Select(one => one.GetProperty("tunnels")[0].GetInt64()));
        // The profile as a whole is as its worst connection.
        var profile = Assert.Single((await AskAsync("GET", "/v1/profiles")).EnumerateArray());
        Assert.Equal(("failed", "denied", 2, 2), (profile.GetProperty("state").GetString(), profile.GetProperty("cause").GetString(), profile.GetProperty("connections").GetInt32(), profile.GetProperty("tunnels").GetInt32()));
        Assert.Equal(1, (await AskAsync("GET", "/v1/status")).GetProperty("profiles").GetInt32());
        await AskAsync("GET", "/v1/connections/a", status: 409);
        var up = connections.EnumerateArray().Single(one => one.GetProperty("state").GetString() == "up").GetProperty("id").GetInt64();
        await AskAsync("DELETE", $"/v1/connections/{up}");
        Assert.Equal("disabled", (await AskAsync("GET", $"/v1/connections/{up}?wait=1")).GetProperty("state").GetString());
        Assert.Equal(1, _here.Listeners);
        Assert.Equal(2, (await AskAsync("DELETE", "/v1/connections/a")).GetProperty("done").GetString()!.Split(',').Length);
        Assert.Equal(0, _here.Listeners);
    }

    [Fact]
    public async Task A_client_that_is_disconnected_is_cut_off_and_the_others_go_on()
    {
        await StartAsync();
        await using var server = await _there.ListenAsync(new Endpoint("db", 1), ListenOptions.Default, Cancel);
        var (first, farFirst) = await ClientAsync(server);
        await UntilAsync(() => _daemon.Activity.Clients.Count == 1);
        var id = (await AskAsync("GET", "/v1/clients"))[0].GetProperty("id").GetInt64();
        var (second, farSecond) = await ClientAsync(server);
        await UntilAsync(() => _daemon.Activity.Clients.Count == 2);
        await AskAsync("DELETE", $"/v1/clients/{id}");
        Assert.NotEqual(ReadEnd.None, (await farFirst.ReadAsync(new byte[1], Cancel)).End);
        await UntilAsync(() => _daemon.Activity.Clients.Count == 1);
        await farSecond.WriteAsync("x"u8.ToArray(), Cancel);
        Assert.Equal(1, (await second.ReadAsync(new byte[1], Cancel)).Bytes.Length);
        await AskAsync("DELETE", $"/v1/clients/{id}", status: 404);
        foreach (var duplex in (Duplex[])[first, farFirst, second, farSecond])
            duplex.Abort();
    }

    [Fact]
    public async Task A_tunnel_is_opened_and_closed_by_number_and_by_port()
    {
        await StartAsync();
        var opened = await AskAsync("POST", "/v1/tunnels", """{"profile":"a","kind":"local","spec":"ftp/1002:db:21","allowRelay":false}""");
        Assert.Equal(("listening", true), (opened.GetProperty("state").GetString(), opened.GetProperty("byHand").GetBoolean()));
        Assert.InRange(_here.Listeners, 2, 3); // without a family of its own a tunnel listens on both
        var socks = await AskAsync("POST", "/v1/tunnels", """{"profile":"a","kind":"local","spec":"socks/1005","allowRelay":false}""");
        Assert.Equal("socks", socks.GetProperty("type").GetString());
        await AskAsync("DELETE", $"/v1/tunnels/{socks.GetProperty("id")}");
        Assert.Equal(2, (await AskAsync("GET", "/v1/tunnels?wait=5")).GetArrayLength());
        await AskAsync("DELETE", $"/v1/tunnels/{opened.GetProperty("id")}");
        Assert.Equal(1, _here.Listeners);
        await AskAsync("DELETE", "/v1/tunnels/:1001");
        Assert.Equal(0, _here.Listeners);
        await AskAsync("DELETE", "/v1/tunnels/:1001", status: 404);
        await AskAsync("POST", "/v1/tunnels", """{"profile":"nobody","kind":"local","spec":"1:x:1","allowRelay":false}""", 404);
        await AskAsync("POST", "/v1/tunnels", """{"profile":"a","kind":"sideways","spec":"1:x:1","allowRelay":false}""", 422);
        await AskAsync("POST", "/v1/tunnels", """{"profile":"a","kind":"local","spec":"nonsense","allowRelay":false}""", 422);
        await AskAsync("POST", "/v1/tunnels", """{"profile":"a","what":1}""", 400);
        _here.RefuseListen = _ => new Failure(FailureKind.InUse, "Address already in use");
        await AskAsync("POST", "/v1/tunnels", """{"profile":"a","kind":"local","spec":"1003:x:1","allowRelay":false}""", 409);
    }

    [Fact]
    public async Task A_question_waits_is_answered_once_and_its_time_ends()
    {
        await StartAsync(up: false);
        var waiting = AskAsync("GET", "/v1/questions?wait=30&profile=a");
        var asking = _daemon.Questions.AskAsync("a", new Question(QuestionKind.Password, "me@gate's password: ", false), Cancel).AsTask();
        var question = (await waiting)[0];
        Assert.Equal(("password", false), (question.GetProperty("kind").GetString(), question.GetProperty("echo").GetBoolean()));
        await AskAsync("POST", $"/v1/questions/{question.GetProperty("id")}", """{"answer":"secret"}""");
        Assert.Equal("secret", await asking);
        await AskAsync("POST", $"/v1/questions/{question.GetProperty("id")}", """{"answer":"secret"}""", 404);

        var unanswered = _daemon.Questions.AskAsync("a", new Question(QuestionKind.Password, "again: ", false), Cancel).AsTask();
        _time.Advance(QuestionDesk.DefaultLimit);
        Assert.Null(await unanswered);
        Assert.Equal(0, (await AskAsync("GET", "/v1/questions")).GetArrayLength());
    }

    [Fact]
    public async Task A_key_is_held_offered_and_forgotten_and_its_passphrase_is_a_question()
    {
        await StartAsync(up: false);
        var files = Path.Combine(Repository.Root, "test", "Culvert.Tests", "Ssh", "KeyFiles");
        using var folder = new PrivateCopies(files, "ecdsa521", "ed25519.aes256-gcm");
        var plain = await AskAsync("POST", "/v1/keys", $$"""{"path":{{JsonSerializer.Serialize(folder["ecdsa521"])}}}""");
        Assert.Equal("ecdsa-sha2-nistp521", plain.GetProperty("type").GetString());
        var adding = AskAsync("POST", "/v1/keys", $$"""{"path":{{JsonSerializer.Serialize(folder["ed25519.aes256-gcm"])}}}""", 409);
        await UntilAsync(() => _daemon.Questions.Pending.Count == 1);
        var question = (await AskAsync("GET", "/v1/questions?profile=(keys)"))[0];
        Assert.Equal(("passphrase", false), (question.GetProperty("kind").GetString(), question.GetProperty("echo").GetBoolean()));
        await AskAsync("POST", $"/v1/questions/{question.GetProperty("id")}", """{"answer":null}""");
        Assert.Contains("no passphrase", (await adding).GetProperty("error").GetString(), StringComparison.Ordinal);

        // The same one again is the same one.
        Assert.Equal(plain.GetProperty("id").GetInt64(), (await AskAsync("POST", "/v1/keys", $$"""{"path":{{JsonSerializer.Serialize(folder["ecdsa521"])}}}""")).GetProperty("id").GetInt64());
        Assert.Equal(1, (await AskAsync("GET", "/v1/keys")).GetArrayLength());
        // A login that is under way keeps what it was lent.
        using (var lease = _daemon.Keys.Borrow())
        {
            await AskAsync("DELETE", $"/v1/keys/{Uri.EscapeDataString(plain.GetProperty("fingerprint").GetString()!)}");
            var signer = Assert.Single(lease.Signers);
            Assert.NotEmpty(await signer.SignAsync("ecdsa-sha2-nistp521", "data"u8.ToArray(), Cancel));
        }
        Assert.Equal(0, (await AskAsync("GET", "/v1/keys")).GetArrayLength());
        await AskAsync("DELETE", "/v1/keys/999", status: 404);
        await AskAsync("POST", "/v1/keys", """{"path":"relative"}""", 422);
        await AskAsync("POST", "/v1/keys", """{"path":"/nothing/here"}""", 409);
    }

    // Key files as their owner keeps them: whoever checks out a repository may have given them other modes.
    private sealed class PrivateCopies : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("culvert-keys-").FullName;

        public PrivateCopies(string from, params IReadOnlyList<string> names)
        {
            foreach (var name in names)
            {
                File.Copy(Path.Combine(from, name), this[name]);
                if (!OperatingSystem.IsWindows())
                    File.SetUnixFileMode(this[name], UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }

        public string this[string name] => Path.Combine(_folder, name);

        public void Dispose() => Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_request_that_waits_ends_when_its_time_is_over()
    {
        await StartAsync(up: false);
        var waiting = AskAsync("GET", "/v1/questions?wait=5");
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(0, (await waiting).GetArrayLength());
    }

    [Fact]
    public async Task Levels_reloads_retries_and_the_stop_reach_the_broker()
    {
        await StartAsync(up: false);
        Assert.Equal("debug2", (await AskAsync("POST", "/v1/debug", """{"level":"debug2"}""")).GetProperty("level").GetString());
        Assert.Equal("debug2", (await AskAsync("GET", "/v1/debug")).GetProperty("level").GetString());
        Assert.Equal(Verbosity.Debug2, _verbosity);
        await AskAsync("POST", "/v1/debug", """{"level":"loud"}""", 422);
        await AskAsync("POST", "/v1/reload");
        Assert.Equal("one mistake\nanother", (await AskAsync("POST", "/v1/reload", status: 422)).GetProperty("error").GetString());

        (await _script.NextAsync(Cancel)).Fail("denied", new SshAuthenticationException("denied"));
        await UntilAsync(() => State == LinkState.Failed);
        await AskAsync("POST", "/v1/retry");
        (await _script.NextAsync(Cancel)).Succeed(_there);
        await UntilAsync(() => State == LinkState.Up);
        await AskAsync("POST", "/v1/stop");
        Assert.True(_isStopped);
    }
}
