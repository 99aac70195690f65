using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Culvert.Broker.Config;
using Culvert.Broker.Runtime;

namespace Culvert.Broker.Control;

/// <summary>What a request asks for, without its way here.</summary>
/// <param name="Method">GET, POST or DELETE.</param>
/// <param name="Path">Without the question mark and what follows.</param>
/// <param name="Query">What follows, decoded.</param>
/// <param name="Body">The body; may be empty.</param>
internal sealed record ControlRequest(string Method, string Path, IReadOnlyDictionary<string, string> Query, ReadOnlyMemory<byte> Body);

/// <summary>What a request is answered with.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Json">The body.</param>
internal sealed record ControlAnswer(int Status, byte[] Json);

/// <summary>What a broker's control can do beyond the tunnels.</summary>
internal sealed record ControlActions
{
    /// <summary>The version, as it's shown.</summary>
    public required string Version { get; init; }

    /// <summary>The file that <see cref="ReloadAsync"/> reads; null: none.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>The connection to a server that no profile names, from <c>[user@]server[#port]</c>; null: only profiles are connected.</summary>
    public Func<string, ProfileConfig>? ForServer { get; init; }

    /// <summary>Reads the configuration again and applies it, all of it or nothing.</summary>
    public required Func<CancellationToken, Task> ReloadAsync { get; init; }

    /// <summary>Ends the broker.</summary>
    public required Action Stop { get; init; }

    /// <summary>How much is logged.</summary>
    public required Func<Verbosity> GetVerbosity { get; init; }

    /// <summary>Sets how much is logged.</summary>
    public required Action<Verbosity> SetVerbosity { get; init; }
}

/// <summary>The control API: a request in, an answer out. Knows neither sockets nor HTTP beyond its words. Thread-safe.</summary>
/// <remarks>The document of it is docs/openapi.json; a test holds every answer against that.</remarks>
internal sealed partial class ControlApi(BrokerDaemon daemon, ControlActions actions, TimeProvider time)
{
    /// <summary>The longest that a request may wait for something to happen.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    /// <summary>Answers.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled: nobody waits for the answer any more.</exception>
    public async Task<ControlAnswer> HandleAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await RouteAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (JsonException e)
        {
            // The parser's own words name only texts that the native program hasn't got.
            return Error(400, $"the body can't be read{(e.Path is { Length: > 1 } path ? $", at {path}" : "")}", "docs/openapi.json describes each request's");
        }
        catch (ConfigException e)
        {
            return Error(422, string.Join('\n', e.Lines), e.Hint);
        }
        catch (BrokerException e)
        {
            return Error(409, e.Reason.Text, e.Reason.Hint);
        }
    }

    private async Task<ControlAnswer> RouteAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        var words = request.Path.Trim('/').Split('/').Select(Uri.UnescapeDataString).ToArray();
        if (words is not ["v1", ..])
            return Error(404, $"there is no {request.Path}");
        switch (request.Method, words[1..])
        {
            case ("GET", ["status"]): return Answer(Show.Status(daemon, actions), ControlJson.Default.StatusView);
            case ("GET", ["connections"]): return Answer([.. daemon.Runs.Select(run => Show.Connection(run, daemon))], ControlJson.Default.IReadOnlyListConnectionView);
            case ("GET", ["connections", var id]): return await ConnectionAsync(id, request, cancellationToken).ConfigureAwait(false);
            case ("DELETE", ["connections", var id]): return await CloseConnectionAsync(id, cancellationToken).ConfigureAwait(false);
            case ("GET", ["channels"]): return Answer([.. Show.Channels(daemon)], ControlJson.Default.IReadOnlyListChannelView);
            case ("DELETE", ["channels", var id]): return CloseChannel(id);
            case ("GET", ["tunnels"]): return await TunnelsAsync(request, cancellationToken).ConfigureAwait(false);
            case ("POST", ["tunnels"]): return await OpenTunnelAsync(Read(request, ControlJson.Default.OpenTunnelView), cancellationToken).ConfigureAwait(false);
            case ("DELETE", ["tunnels", var id]): return await CloseTunnelAsync(id, cancellationToken).ConfigureAwait(false);
            case ("GET", ["profiles"]): return Answer([.. daemon.Runs.GroupBy(run => run.Profile.Id).Select(profile => Show.Profile([.. profile]))], ControlJson.Default.IReadOnlyListProfileView);
            case ("POST", ["profiles", var id, "connect"]): return await ConnectAsync(id, cancellationToken).ConfigureAwait(false);
            case ("POST", ["profiles", var id, "disconnect"]): return await DisconnectAsync(id, cancellationToken).ConfigureAwait(false);
            case ("GET", ["clients"]): return Answer([.. daemon.Activity.Clients.Select(Show.Client)], ControlJson.Default.IReadOnlyListClientView);
            case ("DELETE", ["clients", var id]): return DisconnectClient(id);
            case ("GET", ["transfers"]): return Answer([.. daemon.Activity.Transfers.Select(Show.Transfer)], ControlJson.Default.IReadOnlyListTransferView);
            case ("GET", ["questions"]): return await QuestionsAsync(request, cancellationToken).ConfigureAwait(false);
            case ("POST", ["questions", var id]): return AnswerQuestion(id, Read(request, ControlJson.Default.AnswerView));
            case ("GET", ["keys"]): return Answer([.. daemon.Keys.Keys.Select(Show.Key)], ControlJson.Default.IReadOnlyListKeyView);
            case ("POST", ["keys"]): return await AddKeyAsync(Read(request, ControlJson.Default.AddKeyView), cancellationToken).ConfigureAwait(false);
            case ("DELETE", ["keys", var id]): return RemoveKey(id);
            case ("GET", ["config"]): return ConfigValue(request.Query.GetValueOrDefault("path") ?? "");
            case ("POST", ["probe-key"]): return await ProbeAsync(Read(request, ControlJson.Default.ProbeView), cancellationToken).ConfigureAwait(false);
            case ("GET", ["debug"]): return Answer(new DebugView(Show.Word(actions.GetVerbosity())), ControlJson.Default.DebugView);
            case ("POST", ["debug"]): return Debug(Read(request, ControlJson.Default.DebugView));
            case ("POST", ["reload"]):
                await actions.ReloadAsync(cancellationToken).ConfigureAwait(false);
                return Done("the configuration is in force");
            case ("POST", ["retry"]):
                daemon.RetryNow(alsoFailed: true);
                return Done("what waited is tried now");
            case ("POST", ["stop"]):
                actions.Stop();
                return Done("the broker stops");
            default:
                return Error(404, $"there is no {request.Method} {request.Path}");
        }
    }

    private static ControlAnswer Answer<T>(T value, JsonTypeInfo<T> type) => new(200, JsonSerializer.SerializeToUtf8Bytes(value, type));

    private static ControlAnswer Done(string what) => Answer(new DoneView(what), ControlJson.Default.DoneView);

    private static ControlAnswer Error(int status, string error, string? hint = null) =>
        new(status, JsonSerializer.SerializeToUtf8Bytes(new ErrorView(error, hint), ControlJson.Default.ErrorView));

    private static ControlAnswer Missing(string what, string id) => Error(404, $"there is no {what} {id}", $"culvert ctl list-{what}s shows them");

    private static T Read<T>(ControlRequest request, JsonTypeInfo<T> type) => JsonSerializer.Deserialize(request.Body.Span, type) ?? throw new JsonException("it's null");

    private static bool IsNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    // How long a request wants to wait for something to happen; zero: not at all.
    private static TimeSpan WaitOf(ControlRequest request) =>
        request.Query.TryGetValue("wait", out var text) && IsNumber(text, out var seconds) ? TimeSpan.FromSeconds(Math.Min(seconds, LongestWait.TotalSeconds)) : TimeSpan.Zero;

    // Waits until it holds, or time is over.
    private async Task UntilAsync(Func<bool> holds, Func<IEnumerable<Task>> changes, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        while (limit > TimeSpan.Zero)
        {
            // Listened for before it's looked at, or a change in between is missed.
            var next = Task.WhenAny(changes());
            if (holds())
                return;
            try
            {
                await next.WaitAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }
    }
}
