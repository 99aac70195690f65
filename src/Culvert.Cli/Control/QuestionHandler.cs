using Culvert.Broker.Control;
using Culvert.Cli.Terminal;
using Culvert.Ssh;

namespace Culvert.Cli.Control;

/// <summary>Answers a broker's questions at this terminal.</summary>
internal static class QuestionHandler
{
    /// <summary>Answers all that come, until stopped.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> ServeAsync(ControlClient client, Screen screen, string? profile, CancellationToken stop)
    {
        while (true)
            await AnswerAsync(client, screen, profile, TimeSpan.FromSeconds(30), stop).ConfigureAwait(false);
    }

    /// <summary>Answers those that wait now, or come within a while.</summary>
    public static async Task AnswerAsync(ControlClient client, Screen screen, string? profile, TimeSpan wait, CancellationToken cancellationToken)
    {
        var filter = profile is null ? "" : "&profile=" + Uri.EscapeDataString(profile);
        var questions = await client.GetAsync(FormattableString.Invariant($"v1/questions?wait={wait.TotalSeconds:0}{filter}"), ControlJson.Default.IReadOnlyListQuestionView, cancellationToken).ConfigureAwait(false);
        if (questions.Count == 0)
            return;
        using var terminal = ControllingTerminal.TryOpen(mayStop: true)
            ?? throw new Culvert.Broker.Runtime.BrokerException(Culvert.Broker.Runtime.Message.Error("There is no terminal to ask at.", "run it in one: the broker's questions are answered there"));
        using var prompter = new Prompter(terminal, screen);
        foreach (var question in questions)
        {
            var text = string.Join('\n', question.Text.Split('\n').Select(Printable.Line));
            var answer = await prompter.AskAsync(new Question(QuestionKind.Interactive, $"[{Printable.Line(question.Profile)}] {text}", question.Echo), cancellationToken).ConfigureAwait(false);
            await client.PostAsync(FormattableString.Invariant($"v1/questions/{question.Id}"), new AnswerView(answer), ControlJson.Default.AnswerView, ControlJson.Default.DoneView, cancellationToken).ConfigureAwait(false);
        }
    }
}
