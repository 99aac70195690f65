using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace Culvert.Net.Socks;

/// <summary>What a SOCKS client asks for: version 4, 4a (no RFC; the protocol's own notes) and 5 without a login (RFC 1928). CONNECT only. Pure.</summary>
internal static class SocksRequest
{
    /// <summary>No request is longer: version 5 with all methods and the longest name has 257 + 262 bytes, version 4a with both texts at their
    /// limit 8 + 256 + 256.</summary>
    public const int LongestRequest = 520;

    /// <summary>A user id of version 4 proves nothing and is thrown away; a name can't be longer either (RFC 1928 §5: one length byte).</summary>
    private const int LongestText = 255;

    private const int Version4 = 4, Version5 = 5;
    private const byte Connect = 1, Bind = 2, Associate = 3;
    private const byte NoLogin = 0;
    private const byte AddressIs4 = 1, AddressIsName = 3, AddressIs6 = 4;

    /// <summary>The next step.</summary>
    /// <param name="received">Everything that came since the client connected, as much as each step before asked for.</param>
    public static SocksStep Next(ReadOnlySpan<byte> received) => received switch
    {
        [] or [Version4] or [Version5] => new SocksStep.More(1),
        [Version4, ..] => Old(received),
        [Version5, ..] => New(received),
        _ => new SocksStep.Refuse(default, "it speaks no SOCKS"),
    };

    //  version 4 and 4a
    //  byte      4
    //  byte      command: 1 CONNECT, 2 BIND
    //  uint16    port
    //  byte[4]   address; 0.0.0.x with x > 0 means that a name follows (4a)
    //  text      user id, ended by a zero
    //  text      name, ended by a zero (4a only)
    private static SocksStep Old(ReadOnlySpan<byte> received)
    {
        const int head = 8;
        if (received.Length <= head)
            return new SocksStep.More(head + 1 - received.Length);
        var userLength = received[head..].IndexOf((byte)0);
        if (userLength < 0)
            return received.Length - head > LongestText ? Refused(Version4, SocksReply.Failed, "its user id is too long") : new SocksStep.More(1);
        if (received[1] != Connect)
            return Refused(Version4, SocksReply.Failed, CommandName(received[1]) + " isn't offered, only CONNECT");
        var port = BinaryPrimitives.ReadUInt16BigEndian(received[2..]);
        var address = received[4..head];
        if (address is not [0, 0, 0, not 0])
            return Wanted(new IPAddress(address), port, Version4);
        var name = received[(head + userLength + 1)..];
        var nameLength = name.IndexOf((byte)0);
        if (nameLength < 0)
            return name.Length > LongestText ? Refused(Version4, SocksReply.Failed, "its host name is too long") : new SocksStep.More(1);
        return Wanted(name[..nameLength], port, Version4);
    }

    //  version 5, RFC 1928 §3        §4
    //  byte      5                   byte    5
    //  byte      count               byte    command: 1 CONNECT, 2 BIND, 3 UDP ASSOCIATE
    //  byte[]    login methods       byte    0
    //                                byte    kind of address: 1 IPv4, 3 name, 4 IPv6
    //                                byte[]  4 bytes, a length byte and so many, or 16 bytes
    //                                uint16  port
    private static SocksStep New(ReadOnlySpan<byte> received)
    {
        const int shortest = 5; // up to the first byte of the address, which may be a length
        var greeting = 2 + received[1];
        if (received.Length < greeting)
            return new SocksStep.More(greeting - received.Length);
        if (!received[2..greeting].Contains(NoLogin))
            return new SocksStep.Refuse(new byte[] { Version5, 0xff }, "it insists on a login, and none is offered");
        if (received.Length == greeting)
            return new SocksStep.More(shortest, new byte[] { Version5, NoLogin });
        var request = received[greeting..];
        if (request.Length < shortest)
            return new SocksStep.More(shortest - request.Length);
        if (request[0] != Version5)
            return new SocksStep.Refuse(default, "it changed the version of SOCKS within its request");
        int? addressLength = request[3] switch { AddressIs4 => 4, AddressIsName => 1 + request[4], AddressIs6 => 16, _ => null };
        if (addressLength is not { } length)
            return Refused(Version5, SocksReply.AddressTypeNotSupported, string.Create(CultureInfo.InvariantCulture, $"it names an address of an unknown kind ({request[3]})"));
        var whole = 4 + length + 2;
        if (request.Length < whole)
            return new SocksStep.More(whole - request.Length);
        if (request[1] != Connect)
            return Refused(Version5, SocksReply.CommandNotSupported, CommandName(request[1]) + " isn't offered, only CONNECT");
        var port = BinaryPrimitives.ReadUInt16BigEndian(request[(whole - 2)..]);
        return request[3] == AddressIsName
            ? Wanted(request.Slice(5, length - 1), port, Version5)
            : Wanted(new IPAddress(request.Slice(4, length)), port, Version5);
    }

    private static SocksStep Wanted(IPAddress address, int port, int version) => Wanted(Endpoint.From(new IPEndPoint(address, port)), version);

    // A name goes to the far side's resolver and to people's eyes: what no host name holds goes nowhere.
    private static SocksStep Wanted(ReadOnlySpan<byte> name, int port, int version)
    {
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)c) && c is not ((byte)'.' or (byte)'-' or (byte)'_' or (byte)':'))
                return Refused(version, SocksReply.Failed, "the name that it asks for can't be a host");
        }
        return name.IsEmpty || name[0] == '-'
            ? Refused(version, SocksReply.Failed, "the name that it asks for can't be a host")
            : Wanted(new Endpoint(Encoding.ASCII.GetString(name), port), version);
    }

    private static SocksStep Wanted(Endpoint to, int version) =>
        to.Port == 0 ? Refused(version, SocksReply.Failed, "it asks for port 0") : new SocksStep.Connect(to, version);

    private static SocksStep.Refuse Refused(int version, byte code, string reason) => new(SocksReply.Of(version, code), reason);

    private static string CommandName(byte command) => command switch
    {
        Bind => "BIND",
        Associate => "UDP ASSOCIATE",
        _ => string.Create(CultureInfo.InvariantCulture, $"command {command}"),
    };
}
