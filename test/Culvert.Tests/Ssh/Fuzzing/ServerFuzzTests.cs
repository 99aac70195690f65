using CsCheck;
using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Networks;
using Culvert.Tests.Ssh.Transport;
using Xunit;

namespace Culvert.Tests.Ssh.Fuzzing;

/// <summary>The server half before it knows who is there: whatever arrives and then ends, it ends the connection in its own words, in as many steps as there are bytes.</summary>
public sealed class ServerFuzzTests
{
    /// <summary>Each input is a connection with tasks of its own.</summary>
    private const int Connections = 300;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Before_keys()
    {
        using var hostKey = Signer.GenerateEd25519();
        await Mutation.Of([.. Openings()]).SampleAsync(async bytes =>
        {
            var (near, far) = MemoryDuplex.Pair();
            var accepting = RekeyingTransport.AcceptAsync(far, [hostKey], new(), Cancelled);
            var draining = DrainAsync(near);
            await near.WriteAsync(bytes, Cancelled);
            await near.EndAsync(Cancelled);
            try
            {
                // What was left sound agrees upon keys; a login it can't have.
                await using var transport = await accepting;
                await Assert.ThrowsAnyAsync<SshException>(() => transport.ReceiveAsync(Cancelled).AsTask());
            }
            catch (SshException)
            {
                // Refused, and the reason is one of ours.
            }
            await draining;
            await near.DisposeAsync();
        }, iter: Mutation.Times(Connections), threads: 1);
    }

    /// <summary>What a client says before it has keys, for methods of each kind.</summary>
    private static IEnumerable<byte[]> Openings()
    {
        foreach (var name in new[] { "mlkem768x25519-sha256", "curve25519-sha256", "ecdh-sha2-nistp256" })
        {
            using var method = KeyExchange.Create(name);
            yield return
            [
                .. "SSH-2.0-fuzz comment\r\n"u8,
                .. Packet(RawPeer.KexInit(new() { KeyExchange = [name] })),
                .. Packet(new SshWriter().Byte(MessageNumber.KexEcdhInit).String(method.Begin()).ToArray()),
                .. Packet([MessageNumber.NewKeys]),
            ];
        }
        yield return
        [
            .. "a banner line\r\nSSH-2.0-fuzz\n"u8,
            .. Packet(RawPeer.KexInit(new() { KeyExchange = ["diffie-hellman-group-exchange-sha256"] }, guessFollows: true)),
            .. Packet(new SshWriter().Byte(MessageNumber.KexGexRequest).UInt32(2048).UInt32(3072).UInt32(8192).ToArray()),
        ];
    }

    // uint32 packet_length, byte padding_length, payload, padding (RFC 4253 §6); blocks of 8
    private static byte[] Packet(byte[] payload)
    {
        var padding = 8 - (5 + payload.Length) % 8;
        padding += padding < 4 ? 8 : 0;
        return new SshWriter().UInt32((uint)(1 + payload.Length + padding)).Byte((byte)padding).Raw(payload).Raw(new byte[padding]).ToArray();
    }

    private static async Task DrainAsync(MemoryDuplex near)
    {
        var buffer = new byte[4096];
        while (await near.ReadAsync(buffer, Cancelled) is { End: Culvert.Net.ReadEnd.None })
        {
            // Whatever it says.
        }
    }
}
