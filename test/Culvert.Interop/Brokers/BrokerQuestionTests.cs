using System.Text.RegularExpressions;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Brokers;

/// <summary>What a broker needs to be told: who is asked, who may answer, and that the server isn't hammered meanwhile.</summary>
public sealed class BrokerQuestionTests
{
    private const string PasswordLines = "PubkeyAuthentication no\n  PreferredAuthentications password\n  CulvertLocalForward 127.0.0.1:0:127.0.0.1:1";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<SshServer> ServerWithPasswordsAsync()
    {
        if (!Peers.IsRoot)
            Assert.Skip("needs root for an account with a password");
        return await SshServer.StartAsync(SshServer.OpenSsh, Cancel, new SshServerOptions { AcceptsPasswords = true });
    }

    private static Task<CommandResult> AnswerAsync(BrokerProcess broker, long question, string body) => Command.RunAsync(new CommandLine(
        Peers.Require("curl"), "--silent", "--fail", "--unix-socket", broker.Socket, "--data", body, $"http://broker/v1/questions/{question}"), Cancel);

    private static async Task<(long Id, string Kind)> QuestionAsync(BrokerProcess broker)
    {
        var questions = await broker.UntilAsync(questions => questions.GetArrayLength() == 1, Cancel, "list-questions");
        return (questions[0].GetProperty("id").GetInt64(), questions[0].GetProperty("kind").GetString()!);
    }

    private static async Task UntilStateAsync(BrokerProcess broker, string state) =>
        await broker.UntilAsync(connections => connections[0].GetProperty("state").GetString() == state, Cancel, "list-connections");

    private static CommandLine AtTerminal(BrokerProcess broker, string secret, params IReadOnlyList<string> words)
    {
        var command = CulvertProcess.Command([.. words, "--socket", broker.Socket]).Behind(Peers.Require("python3"), Path.Combine(AppContext.BaseDirectory, "Sessions", "terminal.py"), "secret");
        return command with { Environment = new Dictionary<string, string>(command.Environment) { ["CULVERT_TEST_SECRET"] = secret } };
    }

    [Fact]
    public async Task A_password_is_asked_of_whoever_answers_and_a_wrong_one_is_asked_for_again()
    {
        await using var ssh = await ServerWithPasswordsAsync();
        await using var broker = await BrokerProcess.StartAsync(ssh, [("one", PasswordLines)], Cancel);
        var (id, kind) = await QuestionAsync(broker);
        Assert.Equal("password", kind);
        await UntilStateAsync(broker, "waiting-for-input");
        (await AnswerAsync(broker, id, """{"answer":"wrong"}""")).OrThrow();
        var again = await broker.UntilAsync(questions => questions.GetArrayLength() == 1 && questions[0].GetProperty("id").GetInt64() > id, Cancel, "list-questions");
        (await AnswerAsync(broker, again[0].GetProperty("id").GetInt64(), $$"""{"answer":"{{SshServer.Password}}"}""")).OrThrow();
        await broker.UntilUpAsync(1, 1, Cancel);
        Assert.DoesNotContain(SshServer.Password, broker.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_that_asked_for_the_connection_puts_its_question_at_its_terminal()
    {
        await using var ssh = await ServerWithPasswordsAsync();
        await using var broker = await BrokerProcess.StartAsync(ssh, [("one", PasswordLines)], Cancel);
        var connected = await Command.RunAsync(AtTerminal(broker, SshServer.Password, "connect", "one"), Cancel);
        Assert.Contains("exit 0", connected.OrThrow().Output, StringComparison.Ordinal);
        await broker.UntilUpAsync(1, 1, Cancel);
    }

    [Fact]
    public async Task A_handler_answers_at_its_terminal_as_long_as_the_broker_runs()
    {
        await using var ssh = await ServerWithPasswordsAsync();
        await using var broker = await BrokerProcess.StartAsync(ssh, [("one", PasswordLines)], Cancel);
        var handling = Command.RunAsync(AtTerminal(broker, SshServer.Password, "ctl", "auth-handler"), Cancel);
        await broker.UntilUpAsync(1, 1, Cancel);
        (await broker.ControlAsync(Cancel, "stop")).OrThrow();
        // It was there for the broker, and says that there is none any more.
        Assert.Contains("exit 1", (await handling).OrThrow().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_question_without_an_answer_is_a_failed_login_once_and_the_server_is_left_alone()
    {
        await using var ssh = await ServerWithPasswordsAsync();
        await using var broker = await BrokerProcess.StartAsync(ssh, [("one", PasswordLines)], Cancel);
        (await AnswerAsync(broker, (await QuestionAsync(broker)).Id, """{"answer":null}""")).OrThrow();
        await UntilStateAsync(broker, "failed");
        var attempts = Attempts();
        // Clients that come now hear of it, and bring no attempt about.
        var port = (await broker.AskAsync(Cancel, "list-tunnel-listeners"))[0].GetProperty("listen")[0].GetString()!;
        for (var i = 0; i < 5; i++)
            await Command.RunAsync(new CommandLine(Peers.Require("curl"), "--silent", "--max-time", "5", $"http://{port}/"), Cancel);
        Assert.Equal((1, 1), (attempts, Attempts()));
        Assert.DoesNotContain("Failed password", ssh.Output, StringComparison.Ordinal);
        await UntilStateAsync(broker, "failed");

        int Attempts() => Regex.Count(ssh.Output, "Connection from ");
    }

    [Fact]
    public async Task An_unknown_host_key_is_a_question_and_yes_is_remembered()
    {
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        using var folder = new TemporaryFolder();
        await using var broker = await BrokerProcess.StartAsync(ssh, [("one", $"StrictHostKeyChecking ask\n  UserKnownHostsFile {folder["known"]}")], Cancel);
        var (id, kind) = await QuestionAsync(broker);
        Assert.Equal("host-key", kind);
        (await AnswerAsync(broker, id, """{"answer":"yes"}""")).OrThrow();
        await broker.UntilUpAsync(1, 0, Cancel);
        Assert.Contains($"]:{ssh.Port} ", await File.ReadAllTextAsync(folder["known"], Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_somebody_adds_logs_in_and_one_that_is_taken_away_does_not()
    {
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var broker = await BrokerProcess.StartAsync(ssh, [("one", "IdentitiesOnly yes")], Cancel, null, "-o", "IdentityFile=/nothing", "-o", "PasswordAuthentication=no");
        using var folder = new TemporaryFolder();
        File.Copy(ssh.Keys.PrivateKey(TestKeys.Client), folder["key"]);
        // The server knows another key now, which only the one who adds it has.
        (await Command.RunAsync(new CommandLine(Peers.Require("ssh-keygen"), "-q", "-t", "ed25519", "-N", "a passphrase", "-f", folder["locked"]), Cancel)).OrThrow();
        await File.WriteAllTextAsync(ssh.AuthorizedKeys, await File.ReadAllTextAsync(folder["locked.pub"], Cancel), Cancel);
        (await broker.ControlAsync(Cancel, "close-connection", "one")).OrThrow();
        Assert.Equal(255, (await Command.RunAsync(CulvertProcess.Command(["connect", "one", "--socket", broker.Socket]), Cancel)).ExitCode);

        var added = (await Command.RunAsync(AtTerminal(broker, "a passphrase", "ctl", "add-key", folder["locked"]), Cancel)).OrThrow();
        Assert.Contains("exit 0", added.Output, StringComparison.Ordinal);
        (await Command.RunAsync(CulvertProcess.Command(["connect", "one", "--socket", broker.Socket]), Cancel)).OrThrow();
        Assert.Equal("ssh-ed25519", (await broker.AskAsync(Cancel, "list-keys"))[0].GetProperty("type").GetString());

        (await broker.ControlAsync(Cancel, "remove-key", folder["locked"])).OrThrow();
        (await broker.ControlAsync(Cancel, "close-connection", "one")).OrThrow();
        Assert.Equal(255, (await Command.RunAsync(CulvertProcess.Command(["connect", "one", "--socket", broker.Socket]), Cancel)).ExitCode);
    }
}
