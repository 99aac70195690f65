using Culvert.Net;

namespace Culvert.Ssh;

/// <summary>How a session's program ended (RFC 4254 §6.10): by a status, by a signal, or nobody knows.</summary>
public sealed record SessionEnd
{
    /// <summary>The exit status; null: it has none.</summary>
    public int? Status { get; init; }

    /// <summary>The signal that ended it, without <c>SIG</c>, fit to show; null: none did.</summary>
    public string? Signal { get; init; }

    /// <summary>Whether it left a core image.</summary>
    public bool CoreDumped { get; init; }

    /// <summary>The server's words about <see cref="Signal"/>; may be empty.</summary>
    public string Text { get; init; } = "";

    /// <summary>Why the connection was lost before the server said how it ended; null: it was not.</summary>
    public Failure? Lost { get; init; }
}
