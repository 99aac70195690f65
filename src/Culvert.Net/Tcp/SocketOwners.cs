using System.Net;

namespace Culvert.Net.Tcp;

/// <summary>Whose a socket of this machine is. Each system has its own way to tell; null always means that it could not be told.</summary>
internal abstract class SocketOwners
{
    /// <summary>The way of the system we run on.</summary>
    public static SocketOwners System { get; } =
        OperatingSystem.IsLinux() ? new LinuxSocketOwners()
        : OperatingSystem.IsWindows() ? new WindowsSocketOwners()
        : OperatingSystem.IsMacOS() ? new MacSocketOwners()
        : new Untold();

    /// <summary>The user of the connected socket whose own end is <paramref name="local"/> and whose peer is <paramref name="remote"/>.</summary>
    public abstract UserId? OfConnection(IPEndPoint local, IPEndPoint remote);

    /// <summary>The user of the socket that listens at an address, or at every address of its port.</summary>
    public abstract UserId? OfListener(IPEndPoint at);

    /// <summary>For systems where nobody has written it yet: nothing can be told, so policy refuses.</summary>
    private sealed class Untold : SocketOwners
    {
        public override UserId? OfConnection(IPEndPoint local, IPEndPoint remote) => null;

        public override UserId? OfListener(IPEndPoint at) => null;
    }
}
