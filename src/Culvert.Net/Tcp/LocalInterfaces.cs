using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Culvert.Net.Tcp;

/// <summary>The addresses of this machine's network interfaces.</summary>
internal static class LocalInterfaces
{
    /// <summary>An address of an interface that is up, to connect from; null: it has none of the family, or there is no such interface.</summary>
    public static IPAddress? AddressOf(string name, AddressFamily family) => Best(
        NetworkInterface.GetAllNetworkInterfaces().Where(one => one.Name == name && one.OperationalStatus != OperationalStatus.Down)
            .SelectMany(one => one.GetIPProperties().UnicastAddresses).Select(one => one.Address),
        family);

    /// <summary>As OpenSSH has it: the first address of the family, those of loopback and of the link alone only when there is no other. Pure.</summary>
    internal static IPAddress? Best(IEnumerable<IPAddress> addresses, AddressFamily family) =>
        addresses.Where(address => address.AddressFamily == family).OrderBy(address => IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal).FirstOrDefault();
}
