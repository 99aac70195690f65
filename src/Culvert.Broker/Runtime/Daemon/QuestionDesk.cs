using System.Diagnostics.CodeAnalysis;
using Culvert.Ssh;

namespace Culvert.Broker.Runtime;

/// <summary>A question that waits for its answer.</summary>
/// <param name="Id">Unique in the broker.</param>
/// <param name="Profile">For whose connection.</param>
/// <param name="Question">What is asked.</param>
/// <param name="Asked">Since when.</param>
/// <param name="Until">Then it counts as unanswered.</param>
public sealed record PendingQuestion(long Id, string Profile, Question Question, DateTimeOffset Asked, DateTimeOffset Until);

/// <summary>Where the questions of a broker lie until somebody answers them, or their time is over. Nobody else is asked: there is no hidden prompt. Thread-safe.</summary>
/// <param name="time">The clock.</param>
/// <param name="limit">How long a question waits.</param>
/// <param name="asked">Told of each question, without a word of an answer; null: nobody wants to know.</param>
internal sealed class QuestionDesk(TimeProvider time, TimeSpan limit, Action<PendingQuestion>? asked = null)
{
    /// <summary>So many may wait at once; each further one is unanswered at once. More than that nobody answers in time.</summary>
    public const int Most = 200;

    /// <summary>What stands for a profile where somebody adds a key.</summary>
    public const string Keys = "(keys)";

    /// <summary>As long as sshd lets a login take (LoginGraceTime, 120 s): an answer that comes later is of no use.</summary>
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(110);

    private readonly Lock _gate = new();
    private readonly Dictionary<long, (PendingQuestion Question, TaskCompletionSource<string?> Answer)> _pending = [];
    private long _lastId;

    /// <summary>Happens when a question comes or goes.</summary>
    public Broadcast Changed { get; } = new();

    /// <summary>Those that wait, the oldest first.</summary>
    public IReadOnlyList<PendingQuestion> Pending
    {
        get
        {
            lock (_gate)
                return [.. _pending.Values.Select(entry => entry.Question).OrderBy(question => question.Id)];
        }
    }

    /// <summary>Puts a question.</summary>
    /// <returns>The answer; null when nobody gave one.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled: the question is withdrawn.</exception>
    public async ValueTask<string?> AskAsync(string profile, Question question, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        PendingQuestion pending;
        lock (_gate)
        {
            if (_pending.Count >= Most)
                return null;
            var now = time.GetUtcNow();
            pending = new PendingQuestion(++_lastId, profile, question, now, now + limit);
            _pending.Add(pending.Id, (pending, answer));
        }
        Changed.Send();
        asked?.Invoke(pending);
        try
        {
            return await answer.Task.WaitAsync(limit, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            lock (_gate)
                _pending.Remove(pending.Id);
            Changed.Send();
        }
    }

    /// <summary>Answers.</summary>
    /// <param name="id">Which question.</param>
    /// <param name="answer">What; null: nobody will.</param>
    /// <param name="question">The question that it was.</param>
    /// <returns>Whether it still waited.</returns>
    public bool TryAnswer(long id, string? answer, [NotNullWhen(true)] out PendingQuestion? question)
    {
        lock (_gate)
        {
            question = null;
            if (!_pending.Remove(id, out var entry))
                return false;
            question = entry.Question;
            return entry.Answer.TrySetResult(answer);
        }
    }
}
