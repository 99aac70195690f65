namespace Culvert.Ssh;

/// <summary>What a question is about, for whoever has to find the answer.</summary>
public enum QuestionKind
{
    /// <summary>Whether to trust a host key: <c>yes</c>, <c>no</c>, or the key's fingerprint.</summary>
    HostKey,
    /// <summary>The passphrase of a private key file.</summary>
    Passphrase,
    /// <summary>The user's password on the server.</summary>
    Password,
    /// <summary>A new password, because the server says that the old one has expired.</summary>
    NewPassword,
    /// <summary>A prompt of the server's choice (keyboard-interactive).</summary>
    Interactive,
}

/// <summary>Something that only a person, or somebody's stand-in, can answer.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Text">To be shown as it is: it may have several lines, holds no control characters but line feeds, and ends without one.</param>
/// <param name="Echo">Whether the answer may be seen while it is typed.</param>
public sealed record Question(QuestionKind Kind, string Text, bool Echo);

/// <summary>Puts a question and brings the answer, without its line end; null when nobody answers. Never called twice at once by one connection.
/// Where there is nobody to ask at all, leave the delegate out: then the refusal can say which option would have answered.</summary>
public delegate ValueTask<string?> Ask(Question question, CancellationToken cancellationToken);
