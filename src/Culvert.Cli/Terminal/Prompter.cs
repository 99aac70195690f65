using Culvert.Ssh;

namespace Culvert.Cli.Terminal;

/// <summary>Puts questions to the person at the terminal, one at a time, while nothing else is shown.</summary>
internal sealed class Prompter(ITerminal terminal, Screen screen) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Asks; null when the person closed the input.</summary>
    public async ValueTask<string?> AskAsync(Question question, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using var open = await screen.QuestionAsync().ConfigureAwait(false);
            return await terminal.ReadLineAsync(question.Text.EndsWith(' ') ? question.Text : question.Text + " ", question.Echo, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}
