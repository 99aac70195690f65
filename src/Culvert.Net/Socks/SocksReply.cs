namespace Culvert.Net.Socks;

/// <summary>What a SOCKS client is told. Codes are those of version 5 (RFC 1928 §6); version 4 knows granted and rejected only. Pure.</summary>
internal static class SocksReply
{
    public const byte Succeeded = 0, Failed = 1, NotAllowed = 2, NetworkUnreachable = 3, HostUnreachable = 4, Refused = 5,
        CommandNotSupported = 7, AddressTypeNotSupported = 8;

    private const byte Granted4 = 90, Rejected4 = 91;

    /// <summary>How the connection went, as the far side told it.</summary>
    public static byte[] Of(int version, DialOutcome outcome) => Of(version, outcome.Failure is { } failure ? CodeOf(failure) : Succeeded);

    /// <summary>A reply. The address in it would be that of the far side's socket, which nobody tells us: zeros.</summary>
    public static byte[] Of(int version, byte code) => version == 5
        ? [5, code, 0, 1, 0, 0, 0, 0, 0, 0]
        : [0, code == Succeeded ? Granted4 : Rejected4, 0, 0, 0, 0, 0, 0];

    private static byte CodeOf(Failure failure) => failure.Kind switch
    {
        FailureKind.Prohibited => NotAllowed,
        FailureKind.Refused => Refused,
        FailureKind.Unreachable when failure.Text.Contains("etwork", StringComparison.Ordinal) => NetworkUnreachable,
        FailureKind.Unreachable or FailureKind.UnknownName or FailureKind.Timeout => HostUnreachable,
        FailureKind.NetworkLost => NetworkUnreachable,
        _ => Failed,
    };
}
