using System.Text;
using CsCheck;
using Culvert.Broker.Config;
using Culvert.Cli.Arguments;
using Culvert.Cli.Running;
using Culvert.Tests.Broker;
using Xunit;

namespace Culvert.Tests.Cli;

/// <summary><c>culvert service</c>: what is asked for, and what Windows' own program is told.</summary>
public sealed class ServiceTests
{
    private const string Program = @"C:\Program Files\culvert\culvert.exe";

    private static Invocation Read(params string[] words) => CommandLineReader.Read(["service", .. words], new FakeMachine().Machine);

    [Theory]
    [InlineData("install", "Install")]
    [InlineData("uninstall", "Uninstall")]
    [InlineData("start", "Start")]
    [InlineData("stop", "Stop")]
    [InlineData("status", "Status")]
    public void A_service_has_verbs(string word, string verb) => Assert.Equal(verb, Assert.IsType<Invocation.Service>(Read(word)).Verb.ToString());

    [Fact]
    public void Behind_two_dashes_stands_what_the_broker_is_started_with()
    {
        var service = Assert.IsType<Invocation.Service>(Read("install", "--system", "--print", "--", "--config", "a b.xml", "--print"));
        Assert.Equal((true, true, "--config|a b.xml|--print"), (service.System, service.PrintOnly, string.Join('|', service.Words)));
        Assert.IsType<Invocation.Help>(Read("--help"));
    }

    [Theory]
    [InlineData]
    [InlineData("remove")]
    [InlineData("Install")]
    [InlineData("0")]
    [InlineData("install", "--config", "x")]
    [InlineData("uninstall", "--print")]
    [InlineData("stop", "--", "-v")]
    public void What_it_does_not_know_is_a_mistake(params string[] words) => Assert.Throws<ConfigException>(() => Read(words));

    [Fact]
    public void What_the_manager_starts_is_the_broker_with_its_options()
    {
        var broker = Assert.IsType<Invocation.Broker>(Read("run", "--socket", "mine", "--exit-on-loss"));
        Assert.Equal((true, "mine", true), (broker.IsWindowsService, broker.Socket, broker.ExitOnLoss));
        Assert.False(Assert.IsType<Invocation.Broker>(CommandLineReader.Read(["broker"], new FakeMachine().Machine)).IsWindowsService);
    }

    [Fact]
    public void It_becomes_a_service_of_an_account_of_its_own_that_is_started_again_after_a_failure()
    {
        var steps = WindowsServiceSetup.Steps(ServiceVerb.Install, Program, ["--config", @"C:\my files\x.xml"]);
        Assert.Equal(
            ["create", "culvert", "binPath=", """
            "C:\Program Files\culvert\culvert.exe" service run --config "C:\my files\x.xml"
            """, "DisplayName=", "Culvert", "start=", "auto", "obj=", @"NT SERVICE\culvert"],
            steps[0]);
        Assert.Equal(["description", "failure", "failureflag"], steps.Skip(1).Select(step => step[0]));
        Assert.All(steps, step => Assert.Equal("culvert", step[1]));
        Assert.Contains("restart/5000/restart/30000/restart/30000", steps[2]);
    }

    [Theory]
    [InlineData("Uninstall", "delete culvert")]
    [InlineData("Start", "start culvert")]
    [InlineData("Stop", "stop culvert")]
    [InlineData("Status", "query culvert")]
    public void Each_other_verb_is_one_of_sc_exe(string verb, string expected) =>
        Assert.Equal([expected], WindowsServiceSetup.Steps(Enum.Parse<ServiceVerb>(verb), Program, []).Select(step => string.Join(' ', step)));

    [Theory]
    [InlineData("""a""", """a""")]
    [InlineData("", "\"\"")]
    [InlineData("""a b""", "\"a b\"")]
    [InlineData("""C:\a b\""", "\"C:\\a b\\\\\"")]
    [InlineData("""C:\a\""", """C:\a\""")]
    [InlineData("say \"x\"", """
        "say \"x\""
        """)]
    [InlineData("\\\"", """
        "\\\""
        """)]
    public void A_word_is_quoted_as_Windows_reads_it(string word, string line) => Assert.Equal(line, WindowsServiceSetup.CommandLine([word]));

    [Fact]
    public void Windows_takes_a_command_line_apart_into_the_same_words() =>
        Gen.Char["a \\\"\t"].Array[0, 8].Select(chars => new string(chars)).Array[1, 4]
            .Sample(words => Assert.Equal(words, TakenApart(WindowsServiceSetup.CommandLine(words))));

    // CommandLineToArgvW for all words but the first: 2n backslashes and a quotation mark are n backslashes and a delimiter, 2n+1 are n and the mark itself.
    private static List<string> TakenApart(string line)
    {
        var words = new List<string>();
        var at = 0;
        while (true)
        {
            while (at < line.Length && line[at] is ' ' or '\t')
                at++;
            if (at >= line.Length)
                return words;
            var (word, isQuoted) = (new StringBuilder(), false);
            while (at < line.Length && (isQuoted || line[at] is not (' ' or '\t')))
            {
                var backslashes = 0;
                while (at < line.Length && line[at] == '\\')
                    (at, backslashes) = (at + 1, backslashes + 1);
                if (at >= line.Length || line[at] != '"')
                {
                    word.Append('\\', backslashes);
                    if (at < line.Length && (isQuoted || line[at] is not (' ' or '\t')))
                        word.Append(line[at++]);
                    continue;
                }
                word.Append('\\', backslashes / 2);
                if (backslashes % 2 == 1)
                    word.Append('"');
                else
                    isQuoted = !isQuoted;
                at++;
            }
            words.Add(word.ToString());
        }
    }
}
