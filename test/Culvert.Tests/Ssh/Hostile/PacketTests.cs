using Culvert.Ssh;
using Culvert.Ssh.Wire;
using Xunit;

namespace Culvert.Tests.Ssh.Hostile;

/// <summary>A server that holds the keys, so that its packets are genuine, and lies about their sizes; and somebody in between who repeats, drops and swaps them.</summary>
public sealed class PacketTests
{
    public static TheoryData<string, string> Protections => new()
    {
        { "aes128-gcm@openssh.com", "" },
        { "chacha20-poly1305@openssh.com", "" },
        { "aes128-ctr", "hmac-sha2-256-etm@openssh.com" },
        { "aes256-ctr", "hmac-sha2-512" },
    };

    [Theory, MemberData(nameof(Protections))]
    public async Task A_length_that_nothing_can_have(string cipher, string mac)
    {
        foreach (var length in (uint[])[0, 1, 4, 5, 17, Limits.MaximumPacketLength + 16, int.MaxValue, uint.MaxValue])
        {
            await using var server = await HostileServer.KeyedAsync(cipher, mac);
            // Whatever was claimed, no more than this comes.
            await server.SendRawAsync(server.Seal(length, 4, new byte[27]));
            Assert.Equal($"Bad packet length {length}.", Protocol(await server.EndAsync(2000)).Message);
        }
    }

    [Theory, MemberData(nameof(Protections))]
    public async Task Padding_that_is_too_short_or_leaves_no_payload(string cipher, string mac)
    {
        // 27 bytes behind the padding's length: 28 of a packet of 32, or of 28 with its length apart.
        var rest = cipher == "aes256-ctr" ? 27 : cipher.StartsWith("chacha", StringComparison.Ordinal) ? 23 : 31;
        foreach (var padding in (byte[])[0, 3, (byte)rest, 255])
        {
            await using var server = await HostileServer.KeyedAsync(cipher, mac);
            await server.SendRawAsync(server.Seal((uint)rest + 1, padding, new byte[rest]));
            Assert.Equal($"Corrupted padlen {padding} on input.", Protocol(await server.EndAsync(2000)).Message);
        }
    }

    [Theory, MemberData(nameof(Protections))]
    public async Task A_forged_packet(string cipher, string mac)
    {
        await using var server = await HostileServer.KeyedAsync(cipher, mac);
        var packet = Accept(server, cipher);
        packet[^1] ^= 1;
        await server.SendRawAsync(packet);
        AssertForged(await server.EndAsync(2000));
    }

    /// <summary>Packets have numbers that never travel: the same bytes are not the same packet a second time.</summary>
    [Theory, MemberData(nameof(Protections))]
    public async Task A_packet_that_comes_again(string cipher, string mac)
    {
        await using var server = await HostileServer.KeyedAsync(cipher, mac);
        var packet = Ignore(server, cipher);
        await server.SendRawAsync(packet);
        await server.SendRawAsync(packet);
        AssertForged(await server.EndAsync(2000));
    }

    [Theory, MemberData(nameof(Protections))]
    public async Task A_packet_that_is_missing(string cipher, string mac)
    {
        await using var server = await HostileServer.KeyedAsync(cipher, mac);
        Ignore(server, cipher);
        await server.SendRawAsync(Accept(server, cipher));
        AssertForged(await server.EndAsync(2000));
    }

    [Theory, MemberData(nameof(Protections))]
    public async Task Packets_in_another_order(string cipher, string mac)
    {
        await using var server = await HostileServer.KeyedAsync(cipher, mac);
        var first = Ignore(server, cipher);
        await server.SendRawAsync(Accept(server, cipher));
        await server.SendRawAsync(first);
        AssertForged(await server.EndAsync(2000));
    }

    /// <summary>The control: packets made in this way are genuine.</summary>
    [Theory, MemberData(nameof(Protections))]
    public async Task As_they_were_made_they_are_taken(string cipher, string mac)
    {
        await using var server = await HostileServer.KeyedAsync(cipher, mac);
        await server.SendRawAsync(Ignore(server, cipher));
        await server.SendRawAsync(Accept(server, cipher));
        Assert.Equal(MessageNumber.UserAuthRequest, (await server.ReceiveAsync())[0]);
    }

    private static byte[] Ignore(HostileServer server, string cipher) => Packet(server, cipher, MessageNumber.Ignore, "ignored-text");

    private static byte[] Accept(HostileServer server, string cipher) => Packet(server, cipher, MessageNumber.ServiceAccept, "ssh-userauth");

    /// <summary>17 bytes of payload and as much padding as the cipher wants.</summary>
    private static byte[] Packet(HostileServer server, string cipher, byte number, string text)
    {
        var payload = new SshWriter().Byte(number).String(text).ToArray();
        var total = cipher == "aes256-ctr" ? 28 : 32;
        return server.Seal((uint)total, (byte)(total - 1 - payload.Length), [.. payload, .. new byte[total - 1 - payload.Length]]);
    }

    /// <summary>A wrong number shows in the tag, or before that in a length that makes no sense.</summary>
    private static void AssertForged(SshConnectionException failure) =>
        Assert.Matches("^(Corrupted MAC on input|Bad packet length [0-9]+)\\.$", Protocol(failure).Message);

    private static SshProtocolException Protocol(SshConnectionException failure) => Assert.IsType<SshProtocolException>(failure);
}
