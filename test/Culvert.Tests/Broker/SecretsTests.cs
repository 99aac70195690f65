using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Ssh;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Broker;

public sealed class SecretsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("culvert-secrets").FullName;
    private readonly List<string> _complaints = [];

    public SecretsTests()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("the programs are shell scripts");
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Program(string script)
    {
        var path = Path.Combine(_folder, "program");
        File.WriteAllText(path, "#!/bin/sh\n" + script + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private ValueTask<string?> RunAsync(string script, params string[] words) =>
        SecretProgram.RunAsync(["/bin/sh", Program(script), .. words], SecretProgram.Patience, TimeProvider.System, _complaints.Add, Cancelled);

    [Theory]
    [InlineData("printf 'secret'", "secret")]
    [InlineData("printf 'secret\\nmore\\n'", "secret")]
    [InlineData("printf 'secret\\r\\n'", "secret")]
    [InlineData("cat; printf 'p\\303\\244ss'", "päss")] // its input is empty, not ours
    [InlineData("printf '\\nsecond'", null)]
    [InlineData("exit 0", null)]
    [InlineData("echo secret; exit 1", null)]
    public async Task The_first_line_is_the_password(string script, string? password) => Assert.Equal(password, await RunAsync(script));

    [Fact]
    public async Task No_shell_sees_its_words()
    {
        Assert.Equal("<$(id)> <a b> <*> <;>", await RunAsync("printf '<%s> ' \"$@\" | sed 's/ $//'", "$(id)", "a b", "*", ";"));
        Assert.Equal(["/p", "a b", "$HOME", "", "c"], SecretProgram.Words("/p  \"a b\" $HOME \"\"\tc"));
        Assert.Throws<BrokerException>(() => SecretProgram.Words("pass show"));
        Assert.Throws<BrokerException>(() => SecretProgram.Words("/p \"open"));
        Assert.Throws<BrokerException>(() => SecretProgram.Words(" "));
    }

    [Fact]
    public async Task Its_complaints_are_shown_escaped_and_its_output_is_not()
    {
        Assert.Equal("secret", await RunAsync("printf 'bad \\033[31mred\\n\\nmore\\n' >&2; echo secret"));
        Assert.Equal(["bad \\u001b[31mred", "more"], _complaints);
    }

    [Fact]
    public async Task Too_much_is_no_password_and_is_not_repeated()
    {
        var e = await Assert.ThrowsAsync<BrokerException>(() => RunAsync("while :; do echo -n hushhushhush; done").AsTask());
        Assert.Contains("printed more than 1024 bytes", e.Reason.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_ended_with_its_children_when_time_is_up_or_somebody_gives_up()
    {
        var time = new FakeTimeProvider();
        var pipe = Path.Combine(_folder, "alive");
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", [pipe]))
            await mkfifo.WaitForExitAsync(Cancelled);
        // Whoever lives holds the pipe open.
        var script = $"exec 9>{pipe}; echo started >&9; sleep 1000; echo secret";
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        foreach (var givesUp in (bool[])[false, true])
        {
            var running = SecretProgram.RunAsync([Program(script), "word"], TimeSpan.FromSeconds(60), time, _complaints.Add, stop.Token).AsTask();
            using var alive = await Task.Run(() => new StreamReader(new FileStream(pipe, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1)), Cancelled);
            Assert.Equal("started", await Task.Run(alive.ReadLine, Cancelled));
            if (givesUp)
            {
                await stop.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
            }
            else
            {
                time.Advance(TimeSpan.FromSeconds(61));
                Assert.Contains("took longer than 60 s", (await Assert.ThrowsAsync<BrokerException>(() => running)).Message, StringComparison.Ordinal);
            }
            Assert.Equal("", await Task.Run(alive.ReadToEnd, Cancelled));
        }
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_told_as_such() => Assert.Contains("Can't run '/nowhere/program'",
        (await Assert.ThrowsAsync<BrokerException>(() => SecretProgram.RunAsync(["/nowhere/program"], SecretProgram.Patience, TimeProvider.System, null, Cancelled).AsTask())).Reason.Text, StringComparison.Ordinal);

    [Fact]
    public async Task A_credential_is_read_from_its_folder_and_from_nowhere_else()
    {
        var path = Path.Combine(_folder, "ftp");
        await File.WriteAllTextAsync(path, "secret\n", Cancelled);
        // systemd may open it to a group: its folder is what guards it.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Equal("secret", await PasswordFile.ReadCredentialAsync("ftp", _folder, Cancelled));
        foreach (var (name, folder) in ((string, string?)[])[("../ftp", _folder), ("..", _folder), ("a/ftp", _folder), ("none", _folder), ("ftp", null), ("ftp", "")])
            await Assert.ThrowsAsync<BrokerException>(() => PasswordFile.ReadCredentialAsync(name, folder, Cancelled).AsTask());
    }

    [Fact]
    public async Task A_password_comes_from_one_place_and_only_when_it_is_wanted()
    {
        var machine = new FakeMachine().Machine;
        var services = new BrokerServices { Here = new TestKit.Networks.MemoryNetwork(), Reporter = new RecordingReporter(), LoggerFactory = NullLoggerFactory.Instance };
        Func<CancellationToken, ValueTask<string?>>? Of(ConnectionConfig config) => PasswordSource.Of(config, Tokens.Of(config, machine), services);
        var plain = new ConnectionConfig { Host = "h" };
        Assert.Null(Of(plain));
        Assert.Throws<BrokerException>(() => Of(plain with { PasswordFile = "a", PasswordProgram = "/b" }));
        Assert.Throws<BrokerException>(() => Of(plain with { PasswordFile = "a", PasswordCredential = "b" }));
        var missing = Of(plain with { PasswordFile = Path.Combine(_folder, "missing") })!;
        await Assert.ThrowsAsync<BrokerException>(() => missing(Cancelled).AsTask());
        Assert.Equal("secret", await Of(plain with { PasswordProgram = Program("echo secret") })!(Cancelled));
        Assert.Contains("printed no password", (await Assert.ThrowsAsync<BrokerException>(() => Of(plain with { PasswordProgram = Program("exit 3") })!(Cancelled).AsTask())).Message, StringComparison.Ordinal);
    }

    [Theory]
    // terminal, DISPLAY, SSH_ASKPASS_REQUIRE
    [InlineData(true, "", null, Answerer.Terminal)]
    [InlineData(true, ":0", null, Answerer.Terminal)]
    [InlineData(false, "", null, Answerer.Nobody)]
    [InlineData(false, ":0", null, Answerer.Program)]
    [InlineData(true, ":0", "never", Answerer.Terminal)]
    [InlineData(false, ":0", "never", Answerer.Nobody)]
    [InlineData(true, ":0", "prefer", Answerer.Program)]
    [InlineData(true, "", "prefer", Answerer.Terminal)]
    [InlineData(false, "", "prefer", Answerer.Nobody)]
    [InlineData(true, "", "force", Answerer.Program)]
    [InlineData(false, "", "FORCE", Answerer.Program)]
    [InlineData(true, ":0", "nonsense", Answerer.Terminal)]
    public void Askpass_is_chosen_as_in_ssh(bool terminal, string display, string? require, Answerer answerer)
    {
        string? Variable(string name) => name switch { "DISPLAY" => display, "SSH_ASKPASS_REQUIRE" => require, _ => null };
        Assert.Equal(answerer, Askpass.Choose(Variable, terminal));
        Assert.Equal(answerer, Askpass.Choose(name => name == "DISPLAY" ? null : Variable(name == "WAYLAND_DISPLAY" ? "DISPLAY" : name), terminal));
    }

    [Fact]
    public async Task Askpass_is_given_the_question_and_nothing_else()
    {
        var program = Program("printf '%s|%s|%s\\nmore' \"$#\" \"$1\" \"${SSH_ASKPASS_PROMPT-none set}\"");
        var ask = Askpass.ByProgram(name => name switch { "SSH_ASKPASS" => Path.GetFileName(program), "PATH" => "/nowhere:" + _folder, _ => null }, TimeProvider.System)!;
        Assert.Equal("1|user's $(id) password: |none set", await ask(new Question(QuestionKind.Password, "user's $(id) password: ", Echo: false), Cancelled));
        Program("echo secret; exit 1");
        Assert.Null(await ask(new Question(QuestionKind.Password, "?", Echo: false), Cancelled));
        Assert.Null(Askpass.ByProgram(name => name == "SSH_ASKPASS" ? "/nowhere/askpass" : null, TimeProvider.System));
    }
}
