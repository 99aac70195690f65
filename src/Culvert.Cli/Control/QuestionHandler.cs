using Culvert.Broker.Control;
using Culvert.Broker.Runtime;
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
            ?? throw new BrokerException(Message.Error("There is no terminal to ask at.", "run it in one: the broker's questions are answered there"));
        using var prompter = new Prompter(terminal, screen);
        foreach (var question in questions)
        {
            var text = string.Join('\n', question.Text.Split('\n').Select(Printable.Line));
            using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            // The broker's clock is this machine's.
            time.CancelAfter(question.Until - TimeProvider.System.GetUtcNow() is { Ticks: > 0 } left ? left : TimeSpan.Zero);
            try
            {
                var answer = await prompter.AskAsync(new Question(QuestionKind.Interactive, $"[{Printable.Line(question.Profile)}] {text}", question.Echo), time.Token).ConfigureAwait(false);
                await client.PostAsync(FormattableString.Invariant($"v1/questions/{question.Id}"), new AnswerView(answer), ControlJson.Default.AnswerView, ControlJson.Default.DoneView, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                screen.WriteLine("that question's time is over");
            }
            catch (BrokerException e)
            {
                // Somebody else was faster, or the time was over just now: the next question is another.
                screen.WriteLine(Printable.Line(e.Reason.Text));
            }
        }
    }
}
