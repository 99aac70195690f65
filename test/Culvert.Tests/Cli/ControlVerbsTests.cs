using System.Text;
using System.Text.Json;
using Culvert.Broker.Config;
using Culvert.Broker.Control;
using Culvert.Cli.Arguments;
using Culvert.Cli.Control;
using Culvert.TestKit;
using Xunit;

namespace Culvert.Tests.Cli;

/// <summary>The verbs of <c>culvert ctl</c>: what each asks for, and what of the answer is wanted.</summary>
public sealed class ControlVerbsTests
{
    private static readonly JsonElement Document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Root, "docs", "openapi.json"))).RootElement;

    private static readonly string ManualPage = File.ReadAllText(Path.Combine(Repository.Root, "docs", "man", "culvert-ctl.1"));

    public static TheoryData<string> Names => [.. ControlVerbs.Table.Select(verb => verb.Name)];

    private static string Requests(string line) => string.Join("; ", ControlVerbs.Of(line.Split(' ')).Select(request => $"{request.Method} {request.Path}{(request.Body is { } body ? " " + Encoding.UTF8.GetString(body) : "")}"));

    [Theory]
    [InlineData("status --pid", "GET v1/status")]
    [InlineData("status --all", "GET v1/status; GET v1/connections; GET v1/tunnels")]
    [InlineData("list-connections -c", "GET v1/connections; GET v1/channels")]
    [InlineData("connection-status --show-channels 3", "GET v1/connections/3; GET v1/channels")]
    [InlineData("close-connection 3 some#where", "DELETE v1/connections/3; DELETE v1/connections/some%23where")]
    [InlineData("list-clients -c --all", "GET v1/clients; GET v1/connections")]
    [InlineData("disconnect-client 4", "DELETE v1/clients/4")]
    [InlineData("debug", "GET v1/debug")]
    [InlineData("debug --clear", """POST v1/debug {"level":"Info"}""")]
    [InlineData("debug 5", """POST v1/debug {"level":"Debug2"}""")]
    [InlineData("debug debug3", """POST v1/debug {"level":"debug3"}""")]
    [InlineData("open-tunnel-listener --type=FTP --allow-relay 2121 me@gate#22 ::1 21", """POST v1/tunnels {"profile":"me@gate#22","kind":"local","spec":"ftp/2121:[::1]:21","allowRelay":true}""")]
    [InlineData("open-tunnel-listener --tunnel-type socks --remote 1080 a", """POST v1/tunnels {"profile":"a","kind":"remote","spec":"socks/1080","allowRelay":false}""")]
    [InlineData("probe-key --write-hostkey /f host#2222", """POST v1/probe-key {"host":"host","port":2222}""")]
    public void A_verb_asks_for_what_it_says(string line, string expected) => Assert.Equal(expected, Requests(line));

    [Theory]
    [InlineData("close-connection")]
    [InlineData("connection-status --write-hostkey")]
    [InlineData("status --pid=4")]
    [InlineData("debug one two")]
    [InlineData("stop now")]
    [InlineData("list-channels 5")]
    [InlineData("open-tunnel-listener 2121 a")]
    [InlineData("probe-key")]
    [InlineData("view-key")]
    public void A_verb_that_is_used_differently_says_its_form(string line)
    {
        var mistake = Assert.Throws<ConfigException>(() => Requests(line));
        Assert.Contains("the form is " + line.Split(' ')[0], mistake.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""[{"id":1,"state":"up"},{"id":2,"state":"restoring"}]""", "list-connections --disconnected", """[{"id":2,"state":"restoring"}]""")]
    [InlineData("""[{"id":"a","name":null},{"id":"b","name":"The b"},{"id":"c","name":"c"}]""", "list-profiles c a nobody", """[{"id":"a","name":null},{"id":"c","name":"c"}]""")]
    [InlineData("""[{"id":"a","name":null},{"id":"b","name":"The-b"}]""", "list-profiles The-b", """[{"id":"b","name":"The-b"}]""")]
    [InlineData("""[{"id":1,"fingerprint":"SHA256:x","path":"/k"},{"id":2,"fingerprint":"SHA256:y","path":"/l"}]""", "view-key SHA256:y", """[{"id":2,"fingerprint":"SHA256:y","path":"/l"}]""")]
    public void Of_a_list_it_keeps_what_is_wanted(string answer, string line, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(ControlVerbs.Of(line.Split(' '))[0].Wanted(Encoding.UTF8.GetBytes(answer))));

    [Theory]
    [InlineData("local", "ftp/1234:localhost:21", "listening", "127.0.0.1:1234 [::1]:1234", "ready: ftp localhost 1234   (→ gate → localhost:21)")]
    [InlineData("remote", "ftp/1234:localhost:21", "listening", "localhost:1234", "ready: ftp localhost 1234   on gate   (→ this machine → localhost:21)")]
    [InlineData("local", "1234:db:5", "failed", "", "failed: 1234:db:5: it's taken")]
    public void A_tunnel_of_a_broker_is_told_of_as_it_is_typed(string kind, string spec, string state, string listen, string line) => Assert.Equal(line, ReadyLines.Of(
        new TunnelView(1, "a", kind, "ftp", spec, listen.Split(' ', StringSplitOptions.RemoveEmptyEntries), "", state, DateTimeOffset.UnixEpoch, "it's taken", false, false, 0), "gate"));

    [Fact]
    public void The_channels_of_a_connection_are_found_by_its_number_and_by_its_profile()
    {
        const string answer = """[{"connection":3,"profile":"a"},{"connection":4,"profile":"b"}]""";
        foreach (var (id, expected) in (ReadOnlySpan<(string, string)>)[("3", "a"), ("b", "b")])
        {
            using var wanted = JsonDocument.Parse(ControlVerbs.Of(["connection-status", "-c", id])[1].Wanted(Encoding.UTF8.GetBytes(answer)));
            Assert.Equal(expected, Assert.Single(wanted.RootElement.EnumerateArray()).GetProperty("profile").GetString());
        }
    }

    [Theory]
    [InlineData("debug --monitor", "journalctl -f")]
    [InlineData("debug --log-file=/f 4", "log-target")]
    [InlineData("list-connections --client-pid=4", "list-clients")]
    [InlineData("list-keys --provider 1", "add-key")]
    public void An_option_of_Tectias_that_is_not_here_says_what_to_use(string line, string expected) =>
        Assert.Contains(expected, Assert.Throws<ConfigException>(() => Requests(line)).Hint, StringComparison.Ordinal);

    [Fact]
    public void Every_verb_of_Tectias_control_program_has_an_answer()
    {
        string[] tectia =
        [
            "start", "stop", "reload", "start-gui", "status", "config-value", "connector", "debug", "list-connections", "connection-status", "close-connection", "list-channels", "close-channel",
            "list-clients", "disconnect-client", "list-tunnel-listeners", "open-tunnel-listener", "close-tunnel-listener", "auth-handler", "add-key", "list-keys", "view-key", "remove-key", "generate-key",
            "key-passphrase", "key-upload", "keylog", "probe-key", "add-certificate", "add-crl", "validate-certificate", "pkcs10-sign", "add-provider", "list-providers", "remove-provider", "list-profiles",
        ];
        foreach (var name in tectia.Except(ControlVerbs.Table.Select(verb => verb.Name)))
        {
            var mistake = Assert.Throws<ConfigException>(() => ControlVerbs.Of([name]));
            Assert.Equal($"ctl {name} isn't offered", mistake.Message);
            Assert.NotNull(mistake.Hint);
        }
        Assert.StartsWith("ctl has no verb", Assert.Throws<ConfigException>(() => ControlVerbs.Of(["no-such-verb"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Help_and_the_manual_page_tell_of_each_verb_and_of_its_options(string name)
    {
        var verb = ControlVerbs.Table.Single(verb => verb.Name == name);
        var help = Assert.IsType<Invocation.Text>(BrokerReader.Control([name, "--help"]));
        Assert.Contains(verb.Form, help.Lines, StringComparison.Ordinal);
        Assert.Contains(help.Lines, Assert.IsType<Invocation.Text>(BrokerReader.Control(["--help"])).Lines, StringComparison.Ordinal);
        Assert.Matches($@"\.(It|Nm)( Xo| Cm)*( [a-z-]+ ,)* .*\b{name}\b|\.Cm .*\b{name}\b", ManualPage);
        foreach (var option in verb.Options.SelectMany(option => option.Spellings))
            Assert.Contains("Fl " + option[1..], ManualPage, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_request_is_in_the_document()
    {
        var paths = Document.GetProperty("paths");
        foreach (var verb in ControlVerbs.Table.Where(verb => verb.Requests is not null))
        {
            string[] words = verb.Name switch { "open-tunnel-listener" => ["1", "a", "b", "2"], "list-profiles" or "debug" => [], _ => verb.TakesArguments ? ["x"] : [] };
            foreach (var request in ControlVerbs.Of([verb.Name, .. words]))
            {
                var path = "/" + request.Path.Split('?')[0];
                var template = paths.EnumerateObject().Single(entry => entry.Name == path || System.Text.RegularExpressions.Regex.IsMatch(path, $"^{entry.Name.Replace("{id}", "x", StringComparison.Ordinal)}$"));
                Assert.True(template.Value.TryGetProperty(request.Method.Method.ToLowerInvariant(), out var operation), $"{verb.Name}: {request.Method} {path}");
                // What is shown is there.
                var schema = operation.GetProperty("responses").GetProperty("200").GetProperty("content").GetProperty("application/json").GetProperty("schema");
                if (request.Columns.Count == 0)
                    continue;
                var entry = Document.GetProperty("components").GetProperty("schemas").GetProperty(schema.GetProperty("items").GetProperty("$ref").GetString()!.Split('/')[^1]).GetProperty("properties");
                Assert.All(request.Columns, column => Assert.True(entry.TryGetProperty(column, out _), column));
            }
        }
    }
}
