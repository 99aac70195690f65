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
        await using var output = Console.OpenStandardOutput();
        try
        {
            return wanted.Words[0] switch
            {
                "start" => await StartAsync(wanted, client, output, signals.Stop).ConfigureAwait(false),
                "auth-handler" => await QuestionHandler.ServeAsync(client, screen, profile: null, signals.Stop).ConfigureAwait(false),
                "add-key" => await AddKeysAsync(wanted, client, screen, output, signals.Stop).ConfigureAwait(false),
                "stop" => await StopAsync(wanted, client, output, signals.Stop).ConfigureAwait(false),
                "connect" => await ConnectAsync(wanted, client, screen, output, signals.Stop).ConfigureAwait(false),
                _ when wanted.Watch => await WatchAsync(wanted, client, output, signals.Stop).ConfigureAwait(false),
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
            return ExitCode.Success;
        }
    }

    /// <summary>Whether a broker of this user's runs that has a profile of this id.</summary>
    public static async Task<bool> KnowsAsync(string profile)
    {
        if (!ControlSocket.MayBeServed())
            return false;
        using var client = new ControlClient(ControlSocket.Usual());
        try
        {
            var profiles = await client.GetAsync("v1/profiles", ControlJson.Default.IReadOnlyListProfileView, CancellationToken.None).ConfigureAwait(false);
            return profiles.Any(known => known.Id == profile);
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
            var answer = await client.SendAsync(request.Method, request.Path, request.Body, cancellationToken).ConfigureAwait(false);
            if (!wanted.Quiet || request.Method == System.Net.Http.HttpMethod.Get)
                await output.WriteAsync(wanted.Json ? [.. answer, (byte)'\n'] : Encoding.UTF8.GetBytes(Shown(answer, request, wanted)), cancellationToken).ConfigureAwait(false);
        }
        return ExitCode.Success;
    }

    private static string Shown(byte[] answer, ControlRequestLine request, Invocation.Control wanted)
    {
        using var json = JsonDocument.Parse(answer);
        if (wanted.Words[0] == "config-value")
            return ControlTable.Lines(json.RootElement);
        return request.Columns.Count > 0
            ? ControlTable.List(json.RootElement, request.Columns, wanted.Short, wanted.Wide)
            : ControlTable.Fields(json.RootElement, wanted.Short);
    }

    // The broker's questions for this profile come to whoever asked for the connection.
    private static async Task<int> ConnectAsync(Invocation.Control wanted, ControlClient client, Screen screen, Stream output, CancellationToken cancellationToken)
    {
        if (wanted.Words is not [_, var profile])
            throw new ConfigException("connect needs a profile", "culvert ctl list-profiles shows them");
        var path = "v1/profiles/" + Uri.EscapeDataString(profile) + "/connect";
        var connection = JsonSerializer.Deserialize(await client.SendAsync(System.Net.Http.HttpMethod.Post, path, null, cancellationToken).ConfigureAwait(false), ControlJson.Default.ConnectionView)!;
        while (connection.State is "new" or "connecting" or "waiting-for-input")
        {
            if (connection.State == "waiting-for-input")
                await QuestionHandler.AnswerAsync(client, screen, connection.Profile, TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false);
            connection = await client.GetAsync(FormattableString.Invariant($"v1/connections/{connection.Id}?wait=10"), ControlJson.Default.ConnectionView, cancellationToken).ConfigureAwait(false);
        }
        if (connection.State != "up")
        {
            screen.WriteLine($"{connection.Profile} is {connection.State}: {Printable.Line(connection.Cause ?? "")}");
            return ExitCode.Failure;
        }
        if (!wanted.Quiet)
        {
            var tunnels = await client.GetAsync("v1/tunnels?wait=10", ControlJson.Default.IReadOnlyListTunnelView, cancellationToken).ConfigureAwait(false);
            var lines = tunnels.Where(tunnel => tunnel.Profile == connection.Profile).Select(tunnel => tunnel.State == "listening"
                ? $"ready: {tunnel.Type} {tunnel.Listen[0]}   (→ {connection.Host} → {tunnel.Destination})\n"
                : $"{tunnel.State}: {tunnel.Spec}: {tunnel.Cause}\n");
            await output.WriteAsync(Encoding.UTF8.GetBytes(string.Concat(lines)), cancellationToken).ConfigureAwait(false);
        }
        return ExitCode.Success;
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
            if (!wanted.Quiet)
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
        while (true)
        {
            try
            {
                await client.SendAsync(System.Net.Http.HttpMethod.Get, "v1/status", null, cancellationToken).ConfigureAwait(false);
            }
            catch (BrokerException)
            {
                return ExitCode.Success;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<int> WatchAsync(Invocation.Control wanted, ControlClient client, Stream output, CancellationToken cancellationToken)
    {
        var rates = new TransferRates(TimeProvider.System);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        var clear = Console.IsOutputRedirected ? "" : "\x1b[H\x1b[J";
        do
        {
            var tunnels = await client.SendAsync(System.Net.Http.HttpMethod.Get, "v1/tunnels", null, cancellationToken).ConfigureAwait(false);
            var transfers = await client.GetAsync("v1/transfers", ControlJson.Default.IReadOnlyListTransferView, cancellationToken).ConfigureAwait(false);
            var text = clear + Shown(tunnels, ControlVerbs.Of(["list-tunnel-listeners"])[0], wanted) + "\n" + string.Concat(rates.Lines(transfers).Select(line => line + "\n"));
            await output.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken).ConfigureAwait(false);
        }
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
        return ExitCode.Success;
    }
}
