using Culvert.Net;

namespace Culvert.Ssh.Connection;

/// <summary>Reasons of CHANNEL_OPEN_FAILURE (RFC 4254 §5.1) to failures and back. The words are OpenSSH's, as <c>ssh</c> prints them.</summary>
internal static class OpenFailures
{
    private static readonly (string Part, FailureKind Kind)[] KnownTexts =
    [
        ("refused", FailureKind.Refused),
        ("no route", FailureKind.Unreachable),
        ("unreachable", FailureKind.Unreachable),
        ("not known", FailureKind.UnknownName),
        ("name resolution", FailureKind.UnknownName),
        ("no address", FailureKind.UnknownName),
        ("unknown host", FailureKind.UnknownName),
        ("timed out", FailureKind.Timeout),
        ("timeout", FailureKind.Timeout),
    ];

    /// <summary>What the peer's refusal means here.</summary>
    /// <param name="reason">The code as it came; servers have codes of their own.</param>
    /// <param name="description">The peer's words, without control characters.</param>
    public static Failure Read(uint reason, string description)
    {
        var (kind, words) = (OpenReason)reason switch
        {
            OpenReason.AdministrativelyProhibited => (FailureKind.Prohibited, "administratively prohibited"),
            OpenReason.ConnectFailed => (ConnectFailed(description), "connect failed"),
            OpenReason.UnknownChannelType => (FailureKind.Prohibited, "unknown channel type"),
            OpenReason.ResourceShortage => (FailureKind.Shortage, "resource shortage"),
            _ => (FailureKind.Refused, "unknown reason"),
        };
        // A failure's text has no full stop at its end.
        var text = description.Trim().TrimEnd('.');
        return new Failure(kind, text.Length == 0 ? $"open failed: {words}" : $"open failed: {words}: {text}");
    }

    /// <summary>What the peer is told when a connection that it asked for can't be made.</summary>
    public static (OpenReason Reason, string Description) Write(Failure failure) => failure.Kind switch
    {
        FailureKind.Prohibited => (OpenReason.AdministrativelyProhibited, "open failed"),
        FailureKind.Shortage => (OpenReason.ResourceShortage, failure.Text),
        _ => (OpenReason.ConnectFailed, failure.Text),
    };

    private static FailureKind ConnectFailed(string description)
    {
        foreach (var (part, kind) in KnownTexts)
            if (description.Contains(part, StringComparison.OrdinalIgnoreCase))
                return kind;
        return FailureKind.Refused;
    }
}
