using System.Buffers.Binary;
using System.Security.Cryptography;
using CsCheck;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Xunit;

namespace Culvert.Tests.Ssh.Crypto;

public sealed class PacketCipherTests
{
    /// <summary>Every cipher with every MAC that it needs.</summary>
    public static TheoryData<string, string?> Protections
    {
        get
        {
            var all = new TheoryData<string, string?>();
            foreach (var cipher in Algorithms.Of(AlgorithmKind.Cipher))
            {
                foreach (var mac in Algorithms.BringsItsOwnMac(cipher) ? (string?[])[null] : [.. Algorithms.Of(AlgorithmKind.Mac)])
                    all.Add(cipher, mac);
            }
            return all;
        }
    }

    [Theory, MemberData(nameof(Protections))]
    public void What_is_sealed_opens_again_packet_after_packet(string cipher, string? mac) =>
        Gen.Select(Gen.Byte.Array[1, 5000].Array[1, 8], Gen.UInt).Sample((payloads, start) =>
        {
            using var sender = Create(cipher, mac);
            using var receiver = Create(cipher, mac);
            var sequence = start;
            foreach (var payload in payloads)
            {
                var packet = Seal(sender, sequence, payload);
                Assert.Equal((uint)(packet.Length - 4 - sender.TagLength), receiver.ReadLength(sequence, packet.AsSpan(0, receiver.HeadLength)));
                Assert.True(receiver.Open(sequence, packet));
                Assert.Equal(payload, packet.AsSpan(5, payload.Length).ToArray());
                sequence++;
            }
        }, iter: 30);

    [Theory, MemberData(nameof(Protections))]
    public void No_byte_of_a_packet_may_change(string cipher, string? mac)
    {
        var payload = RandomNumberGenerator.GetBytes(300);
        for (var at = 0; ; at++)
        {
            using var sender = Create(cipher, mac);
            using var receiver = Create(cipher, mac);
            var packet = Seal(sender, 5, payload);
            if (at == packet.Length)
                break;
            packet[at] ^= (byte)(1 << (at % 8));
            var length = receiver.ReadLength(5, packet.AsSpan(0, receiver.HeadLength));
            if (at >= 4)
                Assert.Equal((uint)(packet.Length - 4 - receiver.TagLength), length);
            Assert.False(receiver.Open(5, packet), $"byte {at}");
        }
    }

    [Theory, MemberData(nameof(Protections))]
    public void A_packet_opens_only_in_its_place(string cipher, string? mac)
    {
        using var sender = Create(cipher, mac);
        using var receiver = Create(cipher, mac);
        Seal(sender, 0, [1]);
        var second = Seal(sender, 1, new byte[40]);
        receiver.ReadLength(0, second.AsSpan(0, receiver.HeadLength));
        Assert.False(receiver.Open(0, second));
    }

    [Theory, MemberData(nameof(Protections))]
    public void Padding_fills_blocks_and_has_at_least_four_bytes(string cipher, string? mac)
    {
        using var sender = Create(cipher, mac);
        for (var payload = 1; payload < 600; payload++)
        {
            var length = KeyedTransport.PaddedLength(payload, sender);
            Assert.Equal(0, (length + (sender.LengthIsApart ? 0 : 4)) % sender.BlockLength);
            Assert.InRange(length - 1 - payload, 4, 255);
        }
    }

    [Fact]
    public void Both_ways_to_the_ChaCha20_key_stream_agree() =>
        Gen.Select(Gen.Byte.Array[32], Gen.Byte.Array[12], Gen.Byte.Array[0, 2000]).Sample((key, nonce, bytes) =>
        {
            using var platform = new ChaCha20KeyStream(key);
            using var managed = new ChaCha20KeyStream(key, usePlatform: false);
            var other = (byte[])bytes.Clone();
            platform.ApplyFromBlockOne(nonce, bytes);
            managed.ApplyFromBlockOne(nonce, other);
            return bytes.AsSpan().SequenceEqual(other);
        }, iter: 200);

    internal static PacketCipher Create(string cipher, string? mac) =>
        PacketCipherFactory.Create(new(cipher, mac), (purpose, length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7 + (int)purpose))]);

    private static byte[] Seal(PacketCipher cipher, uint sequence, byte[] payload)
    {
        var length = KeyedTransport.PaddedLength(payload.Length, cipher);
        var packet = new byte[4 + length + cipher.TagLength];
        BinaryPrimitives.WriteInt32BigEndian(packet, length);
        packet[4] = (byte)(length - 1 - payload.Length);
        payload.CopyTo(packet, 5);
        cipher.Seal(sequence, packet);
        return packet;
    }
}
