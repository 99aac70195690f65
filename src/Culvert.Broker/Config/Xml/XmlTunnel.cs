using System.Xml.Linq;

namespace Culvert.Broker.Config;

/// <summary>Reads local-tunnel, remote-tunnel and tunnel.</summary>
internal static class XmlTunnel
{
    /// <summary>Where it listens and leads; null: it can't be meant, and the findings say why.</summary>
    public static TunnelSpec? Read(XElement element, XmlFile file, XmlSettings settings, XmlFindings findings)
    {
        var kind = element.Name.LocalName == "remote-tunnel" ? TunnelKind.Remote : TunnelKind.Local;
        if (Type(element, file, kind, findings) is not { } type || Port(element, "listen-port", kind == TunnelKind.Remote ? 0 : 1) is not { } listenPort)
            return null;
        var listenHost = Text("listen-address") is { Length: > 0 } address ? address : null;
        if (listenHost is not null && !Names.IsHost(listenHost))
            return Wrong("listen-address", $"\"{listenHost}\" can't be an address");
        if (listenHost is not null && !Names.IsLoopback(listenHost) && settings.IsYes(element, "allow-relay") == false)
            return Wrong("listen-address", $"{listenHost} lets other machines in, and allow-relay says no");
        // On the server's side "every address" has to be said; here the setting says it.
        if (kind == TunnelKind.Remote && listenHost is null && settings.IsYes(element, "allow-relay") == true)
            listenHost = TunnelSpec.EveryAddress;
        if (type == TunnelType.Socks)
            return TunnelSpec.Socks(kind, listenHost, listenPort);
        var destination = Text("dst-host") is { Length: > 0 } host ? host : "localhost";
        if (!Names.IsHost(destination))
            return Wrong("dst-host", $"\"{destination}\" can't be a host");
        return Port(element, "dst-port", 1) is { } port ? new TunnelSpec(kind, type, listenHost, listenPort, destination, port) : null;

        string? Text(string name) => element.Attribute(name) is { } attribute ? settings.Value(attribute) : null;

        TunnelSpec? Wrong(string attribute, string message)
        {
            findings.Mistake(file.Name, (XObject?)element.Attribute(attribute) ?? element, message);
            return null;
        }

        int? Port(XElement tunnel, string name, int from)
        {
            if (tunnel.Attribute(name) is null)
                findings.Mistake(file.Name, tunnel, $"<{tunnel.Name.LocalName}> needs {name}");
            return settings.Number(tunnel, name, from, 65535);
        }
    }

    private static TunnelType? Type(XElement element, XmlFile file, TunnelKind kind, XmlFindings findings)
    {
        if (element.Attribute("type") is not { } said)
            return TunnelType.Tcp;
        switch (said.Value.ToUpperInvariant())
        {
            case "TCP": return TunnelType.Tcp;
            case "FTP": return TunnelType.Ftp;
            case "SOCKS" when kind == TunnelKind.Local: return TunnelType.Socks;
            default:
                findings.Mistake(file.Name, said, $"type is tcp or ftp{(kind == TunnelKind.Local ? ", or socks" : "")}, not \"{said.Value}\"");
                return null;
        }
    }
}
