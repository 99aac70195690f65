using System.Text;
using System.Text.Json;
using Culvert.Broker.Config;
using Culvert.Broker.Control;
using Culvert.Broker.Runtime;
using Culvert.Cli.Arguments;
using Culvert.Cli.Running;
using Culvert.Cli.Terminal;

namespace Culvert.Cli.Control;

/// <summary><c>culvert ctl</c> and <c>culvert connect</c>: speaks to a running broker.</summary>
internal static class ControlCommand
{
    /// <summary>Does what the verb says.</summary>
    /// <returns>0; 1 when it failed.</returns>
    /// <exception cref="ConfigException">The verb is used differently.</exception>
    public static async Task<int> RunAsync(Invocation.Control wanted)
    {
        using var signals = new StopSignals(() => Environment.Exit(ExitCode.VerbFailed));
        await using var errors = StandardError.Open();
        var screen = new Screen(errors, live: false, StandardError.Columns);
        using var client = new ControlClient(wanted.Socket ?? ControlSocket.Usual());
        await using var output = Answers.Open();
        try
        {
            return wanted.Words[0] switch
            {
                _ when wanted.Watch => await WatchAsync(wanted, client, output, signals.Stop).ConfigureAwait(false),
                "start" => await StartAsync(wanted, client, output, signals.Stop).ConfigureAwait(false),
                "auth-handler" => await QuestionHandler.ServeAsync(client, screen, profile: null, signals.Stop).ConfigureAwait(false),
                "add-key" => await AddKeysAsync(wanted, client, screen, output, signals.Stop).ConfigureAwait(false),
                "stop" => await StopAsync(wanted, client, output, signals.Stop).ConfigureAwait(false),
                "connect" => await ConnectAsync(wanted, client, screen, output, signals.Stop).ConfigureAwait(false),
                _ => await AskAsync(wanted, client, output, signals.Stop).ConfigureAwait(false),
            };
        }
        catch (BrokerException e)
        {
            screen.WriteLine(Printable.Line(e.Reason.Text.ReplaceLineEndings("; ")) + (e.Reason.Hint is { } hint ? $"\nhint: {Printable.Line(hint)}" : ""));
            return ExitCode.VerbFailed;
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            // What goes on until somebody ends it has ended well; whatever else was cut short hasn't happened.
            return wanted.Words[0] == "connect" ? ExitCode.Failure : wanted.Watch || wanted.Words[0] == "auth-handler" ? ExitCode.Success : ExitCode.VerbFailed;
        }
    }

    /// <summary>Whether a broker of this user's runs that has a profile of this id or name.</summary>
    public static async Task<bool> KnowsAsync(string profile)
    {
        if (!ControlSocket.MayBeServed())
            return false;
        using var client = new ControlClient(ControlSocket.Usual());
        try
        {
            var profiles = await client.GetAsync("v1/profiles", ControlJson.Default.IReadOnlyListProfileView, CancellationToken.None).ConfigureAwait(false);
            return profiles.Any(known => known.Id == profile || known.Name == profile);
        }
        catch (BrokerException)
        {
            return false; // the socket of a broker that is gone: its work is done here
        }
    }

    private static async Task<int> AskAsync(Invocation.Control wanted, ControlClient client, Stream output, CancellationToken cancellationToken)
    {
        foreach (var request in ControlVerbs.Of(wanted.Words))
        {
            var answer = await AskAsync(request, client, cancellationToken).ConfigureAwait(false);
            // Quiet status says by its exit code whether a broker runs.
            if (!wanted.Quiet || (request.Method == HttpMethod.Get && wanted.Words[0] != "status"))
                await output.WriteAsync(Shown(answer, request, wanted), cancellationToken).ConfigureAwait(false);
        }
        return ExitCode.Success;
    }

    private static async Task<byte[]> AskAsync(ControlRequestLine request, ControlClient client, CancellationToken cancellationToken)
    {
        var answer = request.Wanted(await client.SendAsync(request.Method, request.Path, request.Body, cancellationToken).ConfigureAwait(false));
        using var json = JsonDocument.Parse(answer);
        if (request.Lacks?.Invoke(json.RootElement) is { } lack)
            throw new BrokerException(Message.Error(lack, null));
        if (request.HostKeyFile is { } file)
            HostKeyFile.Write(file, json.RootElement);
        return answer;
    }

    private static byte[] Shown(byte[] answer, ControlRequestLine request, Invocation.Control wanted)
    {
        if (wanted.Json)
            return [.. answer, (byte)'\n'];
        using var json = JsonDocument.Parse(answer);
        return Encoding.UTF8.GetBytes(json.RootElement switch
        {
            _ when request.Only is { } field => json.RootElement.GetProperty(field).GetRawText() + "\n",
            _ when wanted.Words[0] == "config-value" => ControlTable.Lines(json.RootElement),
            { ValueKind: JsonValueKind.Array } list => request.Columns.Count > 0
                ? ControlTable.List(list, request.Columns, wanted.Short, wanted.Wide)
                : string.Join('\n', list.EnumerateArray().Select(entry => ControlTable.Fields(entry, wanted.Short))),
            var thing => ControlTable.Fields(thing, wanted.Short),
        });
    }

    // The broker's questions for this profile come to whoever asked for the connection.
    private static async Task<int> ConnectAsync(Invocation.Control wanted, ControlClient client, Screen screen, Stream output, CancellationToken cancellationToken)
    {
        if (wanted.Words is not [_, var profile])
            throw new ConfigException("connect needs a profile", "culvert ctl list-profiles shows them");
        var path = "v1/profiles/" + Uri.EscapeDataString(profile) + "/connect";
        var connections = JsonSerializer.Deserialize(await client.SendAsync(System.Net.Http.HttpMethod.Post, path, null, cancellationToken).ConfigureAwait(false), ControlJson.Default.IReadOnlyListConnectionView)!;
        var decided = new List<ConnectionView>();
        foreach (var one in connections)
            decided.Add(await UntilUpAsync(one, client, screen, cancellationToken).ConfigureAwait(false));
        if (wanted.Json)
            await output.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(decided, ControlJson.Default.IReadOnlyListConnectionView), (byte)'\n'], cancellationToken).ConfigureAwait(false);
        if (decided.Find(one => one.State != "up") is { } failed)
        {
            screen.WriteLine($"{failed.Profile} is {failed.State}: {Printable.Line(failed.Cause ?? "")}");
            return ExitCode.Failure;
        }
        var mine = connections.SelectMany(connection => connection.Tunnels).ToHashSet();
        var tunnels = (await client.GetAsync("v1/tunnels?wait=10", ControlJson.Default.IReadOnlyListTunnelView, cancellationToken).ConfigureAwait(false)).Where(tunnel => mine.Contains(tunnel.Id)).ToList();
        if (!wanted.Quiet && !wanted.Json)
            await output.WriteAsync(Encoding.UTF8.GetBytes(string.Concat(tunnels.Select(tunnel => ReadyLines.Of(tunnel, connections[0].Host) + "\n"))), cancellationToken).ConfigureAwait(false);
        // As where a command does it itself: what comes of a file is best effort, but nothing at all is no success.
        return tunnels.Count == 0 || tunnels.Exists(tunnel => tunnel.State == "listening") ? ExitCode.Success : ExitCode.Failure;
    }

    private static async Task<ConnectionView> UntilUpAsync(ConnectionView connection, ControlClient client, Screen screen, CancellationToken cancellationToken)
    {
        // One that is restoring without a next try is being tried now.
        while (connection is { State: "new" or "connecting" or "waiting-for-input" } or { State: "restoring", NextTry: null })
        {
            if (connection.State == "waiting-for-input")
                await QuestionHandler.AnswerAsync(client, screen, connection.Profile, TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false);
            connection = await client.GetAsync(FormattableString.Invariant($"v1/connections/{connection.Id}?wait=10"), ControlJson.Default.ConnectionView, cancellationToken).ConfigureAwait(false);
        }
        return connection;
    }

    // A key's passphrase is the broker's question, and this terminal answers it.
    private static async Task<int> AddKeysAsync(Invocation.Control wanted, ControlClient client, Screen screen, Stream output, CancellationToken cancellationToken)
    {
        if (wanted.Words is [_])
            throw new ConfigException("add-key needs a file", "the form is culvert ctl add-key FILE ...");
        foreach (var file in wanted.Words.Skip(1))
        {
            var body = JsonSerializer.SerializeToUtf8Bytes(new AddKeyView(Path.GetFullPath(file)), ControlJson.Default.AddKeyView);
            var adding = client.SendAsync(System.Net.Http.HttpMethod.Post, "v1/keys", body, cancellationToken);
            while (await Task.WhenAny(adding, Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, cancellationToken)).ConfigureAwait(false) != adding)
                await QuestionHandler.AnswerAsync(client, screen, "(keys)", TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
            var answer = await adding.ConfigureAwait(false);
            if (wanted.Json)
                await output.WriteAsync((byte[])[.. answer, (byte)'\n'], cancellationToken).ConfigureAwait(false);
            else if (!wanted.Quiet)
                await output.WriteAsync(Encoding.UTF8.GetBytes(ControlTable.Fields(JsonDocument.Parse(answer).RootElement, wanted.Short)), cancellationToken).ConfigureAwait(false);
        }
        return ExitCode.Success;
    }

    // One that runs already is what was wanted.
    private static async Task<int> StartAsync(Invocation.Control wanted, ControlClient client, Stream output, CancellationToken cancellationToken)
    {
        try
        {
            var status = await client.GetAsync("v1/status", ControlJson.Default.StatusView, cancellationToken).ConfigureAwait(false);
            if (wanted.Json)
                await AskAsync(wanted with { Words = ["status"] }, client, output, cancellationToken).ConfigureAwait(false);
            else if (!wanted.Quiet)
                await output.WriteAsync(Encoding.UTF8.GetBytes(FormattableString.Invariant($"a broker runs already, process {status.Pid}\n")), cancellationToken).ConfigureAwait(false);
            return ExitCode.Success;
        }
        catch (BrokerException)
        {
            // None runs: that's the usual case.
        }
        string[] words = ["broker", .. wanted.Socket is { } socket ? (string[])["--socket", socket] : [], .. wanted.Words.Skip(1)];
        return OperatingSystem.IsWindows()
            ? await WindowsBackground.StartAsync(words, client, cancellationToken).ConfigureAwait(false)
            : await Background.RunChildAsync(words, ProgramName.Own).ConfigureAwait(false);
    }

    // Returns when it's gone, so that another one can be started.
    private static async Task<int> StopAsync(Invocation.Control wanted, ControlClient client, Stream output, CancellationToken cancellationToken)
    {
        await AskAsync(wanted, client, output, cancellationToken).ConfigureAwait(false);
        while (await client.IsServedAsync(cancellationToken).ConfigureAwait(false))
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken).ConfigureAwait(false);
        return ExitCode.Success;
    }

    private static async Task<int> WatchAsync(Invocation.Control wanted, ControlClient client, Stream output, CancellationToken cancellationToken)
    {
        var rates = new TransferRates(TimeProvider.System);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        var requests = ControlVerbs.Of(wanted.Words);
        if (requests.Any(request => request.Method != HttpMethod.Get))
            throw new ConfigException($"{wanted.Words[0]} can't be watched", "what only shows something can");
        do
        {
            // All of it at once, so that a terminal shows no half of it.
            List<byte> page = [.. wanted.Json || Console.IsOutputRedirected ? default : "\x1b[H\x1b[J"u8];
            foreach (var request in requests)
                page.AddRange(Shown(await AskAsync(request, client, cancellationToken).ConfigureAwait(false), request, wanted));
            if (!wanted.Json)
            {
                var transfers = await client.GetAsync("v1/transfers", ControlJson.Default.IReadOnlyListTransferView, cancellationToken).ConfigureAwait(false);
                page.AddRange(Encoding.UTF8.GetBytes("\n" + string.Concat(rates.Lines(transfers).Select(line => line + "\n"))));
            }
            await output.WriteAsync(page.ToArray(), cancellationToken).ConfigureAwait(false);
        }
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
        return ExitCode.Success;
    }
}
