using System.Net.Sockets;

namespace Culvert.Net.Tcp;

/// <summary>The system's socket errors in neutral kinds, with the texts that Unix users know on every system.</summary>
internal static class SocketFailure
{
    public static Failure Of(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => new(FailureKind.Refused, "Connection refused"),
        SocketError.HostUnreachable => new(FailureKind.Unreachable, "No route to host"),
        SocketError.NetworkUnreachable => new(FailureKind.Unreachable, "Network is unreachable"),
        SocketError.AddressNotAvailable => new(FailureKind.Unreachable, "Cannot assign requested address"),
        SocketError.AddressFamilyNotSupported => new(FailureKind.Unreachable, "Address family not supported by protocol"),
        SocketError.HostNotFound or SocketError.NoData => new(FailureKind.UnknownName, "Name or service not known"),
        SocketError.TryAgain => new(FailureKind.UnknownName, "Temporary failure in name resolution"),
        SocketError.TimedOut => new(FailureKind.Timeout, "Connection timed out"),
        SocketError.AddressAlreadyInUse => new(FailureKind.InUse, "Address already in use"),
        SocketError.AccessDenied => new(FailureKind.Prohibited, "Permission denied"),
        SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable => new(FailureKind.Shortage, "Too many open files"),
        SocketError.ConnectionReset => new(FailureKind.Refused, "Connection reset by peer"),
        _ => new(FailureKind.Unreachable, e.Message),
    };

    public static ReadEnd OfRead(SocketException e) => IsPeer(e) ? ReadEnd.Reset : ReadEnd.Lost;

    public static WriteEnd OfWrite(SocketException e) => IsPeer(e) ? WriteEnd.Closed : WriteEnd.Lost;

    /// <summary>Whether the peer (or our own abort) broke it, rather than the way there.</summary>
    private static bool IsPeer(SocketException e) => e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted
        or SocketError.Shutdown or SocketError.OperationAborted or SocketError.NotConnected or SocketError.Interrupted;
}
