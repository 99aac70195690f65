using Culvert.Interop.Processes;
using Culvert.Interop.Servers;

namespace Culvert.Interop.Clients;

/// <summary>Where a client connects: the server itself, or a tunnel's near end, with the login of the server behind it.</summary>
internal sealed record FtpTarget(string Address, int Port, string User, string Password)
{
    /// <summary>The host on which the client runs.</summary>
    public NetworkHost From { get; init; } = NetworkHost.Here;

    /// <summary>For clients that can say it: the address to name in PORT and EPRT; their own of the control connection when null.</summary>
    public string? ActiveAddress { get; init; }

    /// <summary>Whether the client obeys the address in a 227, as RFC 959 has it; the careful ones of today don't.</summary>
    public bool ObeysPassiveAddress { get; init; }

    /// <summary>Whether the client insists on TLS, for control and data; it believes any certificate.</summary>
    public bool InsistsOnTls { get; init; }

    /// <summary>Whether TLS begins with the connection (<c>ftps://</c>), for clients that have this.</summary>
    public bool BeginsWithTls { get; init; }

    /// <summary>What a URL begins with.</summary>
    public string Scheme => BeginsWithTls ? "ftps" : "ftp";

    public bool IsIPv6 => Address.Contains(':', StringComparison.Ordinal);

    /// <summary>The address as it stands in a URL.</summary>
    public string UrlHost => IsIPv6 ? $"[{Address}]" : Address;

    public static FtpTarget Direct(FtpServer server) =>
        new(server.Options.ListenAddress, server.Port, server.User, server.Password) { From = server.Options.Host };

    public static FtpTarget Through(FtpServer server, int port, string address = "127.0.0.1") =>
        new(address, port, server.User, server.Password);
}
