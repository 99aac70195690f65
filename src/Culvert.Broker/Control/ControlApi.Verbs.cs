using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Net;

namespace Culvert.Broker.Control;

/// <content>What each request does.</content>
internal sealed partial class ControlApi
{
    // With wait: answered when the link is up, has failed, or asks; or when time is over.
    private async Task<ControlAnswer> ConnectionAsync(string id, ControlRequest request, CancellationToken cancellationToken)
    {
        var runs = FindRuns(id);
        if (runs.Count == 0)
            return Missing("connection", id);
        if (runs is not [var run])
            return Error(409, $"profile {id} has several connections: {Numbers(runs)}", "say the number of one");
        await UntilAsync(
            () => run.Link.Status is { State: LinkState.WaitingForInput } or { IsDecided: true, IsUnderWay: false },
            () => [run.Link.Changed.Next],
            WaitOf(request), cancellationToken).ConfigureAwait(false);
        return Answer(Show.Connection(run, daemon), ControlJson.Default.ConnectionView);
    }

    private async Task<ControlAnswer> CloseConnectionAsync(string id, CancellationToken cancellationToken)
    {
        var runs = FindRuns(id);
        var isClosed = runs is [var one] && IsNumber(id, out _)
            ? await daemon.CloseConnectionAsync(one.Id, cancellationToken).ConfigureAwait(false)
            : runs.Count > 0 && await daemon.DisconnectAsync(runs[0].Profile.Id, cancellationToken).ConfigureAwait(false);
        return isClosed ? Done($"{(runs.Count == 1 ? "connection" : "connections")} {Numbers(runs)} ({runs[0].Profile.Id}) closed") : Missing("connection", id);
    }

    private ControlAnswer CloseChannel(string id)
    {
        if (!IsNumber(id, out var number) || daemon.Runs.SelectMany(run => run.Channels.Open).FirstOrDefault(channel => channel.Id == number) is not { } channel)
            return Missing("channel", id);
        channel.Abort();
        return Done($"channel {channel.Id} is cut");
    }

    private ControlAnswer DisconnectClient(string id) => IsNumber(id, out var number) && daemon.CutClient(number) ? Done($"client {id} is cut off") : Missing("client", id);

    // With wait: answered when each port is open, or it's known why not.
    private async Task<ControlAnswer> TunnelsAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        await UntilAsync(
            () => daemon.Tunnels.All(tunnel => tunnel.Now.State != TunnelState.Opening), () => daemon.Tunnels.Select(tunnel => tunnel.Changed.Next).DefaultIfEmpty(Task.CompletedTask),
            WaitOf(request), cancellationToken).ConfigureAwait(false);
        return Answer([.. daemon.Tunnels.Select(tunnel => Show.Tunnel(tunnel, daemon))], ControlJson.Default.IReadOnlyListTunnelView);
    }

    private async Task<ControlAnswer> OpenTunnelAsync(OpenTunnelView wanted, CancellationToken cancellationToken)
    {
        TunnelKind? kind = wanted.Kind switch { "local" => TunnelKind.Local, "remote" => TunnelKind.Remote, _ => null };
        if (kind is null)
            return Error(422, $"a tunnel is local or remote, not '{wanted.Kind}'");
        var config = new TunnelConfig(TunnelSpec.Parse(kind.Value, wanted.Spec)) { OpenToOthers = wanted.AllowRelay };
        var tunnel = await daemon.OpenTunnelAsync(wanted.Profile, config, cancellationToken).ConfigureAwait(false);
        if (tunnel is null && actions.ForServer is { } server)
            tunnel = await daemon.OpenTunnelAsync(server(wanted.Profile), config, cancellationToken).ConfigureAwait(false);
        if (tunnel is null)
            return Missing("profile", wanted.Profile);
        await UntilAsync(() => tunnel.Now.State != TunnelState.Opening, () => [tunnel.Changed.Next], LongestWait, cancellationToken).ConfigureAwait(false);
        return Answer(Show.Tunnel(tunnel, daemon), ControlJson.Default.TunnelView);
    }

    // By its number, or as Tectia's users say it: [address]:port, where an empty address is any.
    private async Task<ControlAnswer> CloseTunnelAsync(string id, CancellationToken cancellationToken)
    {
        var colon = id.LastIndexOf(':');
        var found = colon < 0
            ? daemon.Tunnels.Where(tunnel => IsNumber(id, out var number) && tunnel.Id == number)
            : daemon.Tunnels.Where(tunnel => tunnel.Now.Facts is { } facts && facts.ListenEndpoints.Any(at =>
                IsNumber(id[(colon + 1)..], out var port) && at.Port == port && (colon == 0 || at.Host == id[..colon].Trim('[', ']'))));
        var closed = new List<long>();
        foreach (var tunnel in found.ToList())
        {
            if (await daemon.CloseTunnelAsync(tunnel.Id, cancellationToken).ConfigureAwait(false))
                closed.Add(tunnel.Id);
        }
        return closed.Count == 0 ? Error(404, $"there is no tunnel {id}", "culvert ctl list-tunnel-listeners shows them") : Done($"tunnel {string.Join(", ", closed)} is closed");
    }

    private async Task<ControlAnswer> ConnectAsync(string id, CancellationToken cancellationToken) =>
        await daemon.ConnectAsync(id, cancellationToken).ConfigureAwait(false) is { Count: > 0 } runs
            ? Answer([.. runs.Select(run => Show.Connection(run, daemon))], ControlJson.Default.IReadOnlyListConnectionView)
            : Missing("profile", id);

    private async Task<ControlAnswer> DisconnectAsync(string id, CancellationToken cancellationToken) =>
        await daemon.DisconnectAsync(id, cancellationToken).ConfigureAwait(false) ? Done($"profile {id} is disconnected") : Missing("profile", id);

    // With wait: answered as soon as there is one.
    private async Task<ControlAnswer> QuestionsAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        var profile = request.Query.GetValueOrDefault("profile");
        await UntilAsync(() => Mine().Any(), () => [daemon.Questions.Changed.Next], WaitOf(request), cancellationToken).ConfigureAwait(false);
        return Answer([.. Mine().Select(Show.Question)], ControlJson.Default.IReadOnlyListQuestionView);

        IEnumerable<PendingQuestion> Mine() => daemon.Questions.Pending.Where(question => profile is null || question.Profile == profile);
    }

    private ControlAnswer AnswerQuestion(string id, AnswerView answer) =>
        IsNumber(id, out var number) && daemon.Questions.TryAnswer(number, answer.Answer, out var question)
            ? Done($"the question of {question.Profile} is answered")
            : Error(404, $"question {id} doesn't wait any more");

    // Its passphrase is asked for like everything else: whoever answers questions knows whose this one is by its name.
    private async Task<ControlAnswer> AddKeyAsync(AddKeyView wanted, CancellationToken cancellationToken)
    {
        if (!Path.IsPathFullyQualified(wanted.Path))
            return Error(422, "a key's file is named by its whole path", "the broker runs in a folder of its own");
        var key = await daemon.Keys.AddAsync(wanted.Path, (question, token) => daemon.Questions.AskAsync(QuestionDesk.Keys, question, token), cancellationToken).ConfigureAwait(false);
        return Answer(Show.Key(key), ControlJson.Default.KeyView);
    }

    private ControlAnswer RemoveKey(string id) => daemon.Keys.Remove(id) is { } key ? Done($"key {key.Id} ({key.Key.Fingerprint}) is forgotten") : Missing("key", id);

    private ControlAnswer ConfigValue(string path)
    {
        var lines = ConfigPaths.Read(daemon.Config, path);
        return lines is null
            ? Error(404, $"the configuration has no '{path}'", "try profiles, profiles/ID, profiles/ID/tunnels or static-tunnels")
            : Answer(new ValueView(path, lines), ControlJson.Default.ValueView);
    }

    private async Task<ControlAnswer> ProbeAsync(ProbeView wanted, CancellationToken cancellationToken)
    {
        if (!Names.IsHost(wanted.Host) || wanted.Port is < 1 or > 65535)
            return Error(422, "a server is a host and a port from 1 to 65535");
        var offer = await HostKeyProbe.AskAsync(new Endpoint(wanted.Host, wanted.Port), daemon.Services, cancellationToken).ConfigureAwait(false);
        return Answer(new HostKeyView(wanted.Host, wanted.Port, offer.KeyType, offer.Fingerprint, Show.KnownHostsLine(offer)), ControlJson.Default.HostKeyView);
    }

    private ControlAnswer Debug(DebugView wanted)
    {
        if (!Enum.TryParse<Verbosity>(wanted.Level, ignoreCase: true, out var level) || !Enum.IsDefined(level))
            return Error(422, $"there is no level '{wanted.Level}'", "the levels are quiet, fatal, error, info, verbose, debug1, debug2 and debug3");
        actions.SetVerbosity(level);
        return Answer(new DebugView(Show.Word(level)), ControlJson.Default.DebugView);
    }

    // By its number, or all of a profile.
    private IReadOnlyList<ConnectionRun> FindRuns(string id) => IsNumber(id, out var number) && daemon.Runs.FirstOrDefault(run => run.Id == number) is { } run ? [run] : daemon.FindAll(id);

    private static string Numbers(IEnumerable<ConnectionRun> runs) => string.Join(", ", runs.Select(run => run.Id));
}
