using System.Buffers.Binary;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Networks;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Culvert.Tests.Ssh.Hostile;

/// <summary>A server that follows the rules as far as a test wants it to, and a client of ours that connects to it. It counts what it gets rid of: more than
/// that nobody can have buffered.</summary>
internal sealed class HostileServer : IAsyncDisposable
{
    /// <summary>Bytes on their way: little, so that what was sent was mostly read.</summary>
    public const int Pipe = 1024;

    private static readonly Endpoint Port = new("evil.example", 22);

    private readonly MemoryNetwork _internet;
    private readonly ReceiveBuffer _received;
    private readonly KeyedTransport _packets;
    private readonly Duplex _duplex;
    private byte[] _clientVersion = [];
    private byte[] _ownVersion = [];
    private byte[]? _sessionId;

    private HostileServer(MemoryNetwork internet, Duplex duplex, Task<SshConnection> victim)
    {
        (_internet, _duplex, Victim) = (internet, duplex, victim);
        _received = new ReceiveBuffer(duplex);
        _packets = new KeyedTransport(duplex, _received, "victim");
    }

    /// <summary>The client.</summary>
    public Task<SshConnection> Victim { get; }

    /// <summary>Bytes that the client, or the pipe to it, took.</summary>
    public long Sent { get; private set; }

    /// <summary>What it shows unless it lies.</summary>
    public Signer HostKey { get; } = Signer.GenerateEd25519();

    /// <summary>The packets beneath, for their counters.</summary>
    public KeyedTransport Packets => _packets;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Waits for the client; nothing has been said yet.</summary>
    public static async Task<HostileServer> StartAsync(Func<SshClientOptions, SshClientOptions>? change = null)
    {
        var internet = new MemoryNetwork(new MemoryNetworkOptions { Capacity = Pipe });
        await using var listener = await internet.ListenAsync(Port, ListenOptions.Default, Stop);
        var options = new SshClientOptions
        {
            Server = Port,
            HostKeyPolicy = (_, _) => ValueTask.CompletedTask,
            Authentication = new() { User = "user", Host = Port.Host },
            WindowBudget = new WindowBudget(WindowBudget.DefaultBytes),
            ServerAliveInterval = TimeSpan.Zero,
        };
        var victim = SshConnection.ConnectAsync(internet, change?.Invoke(options) ?? options, Stop);
        var (duplex, _) = await listener.AcceptAsync(Stop);
        return new(internet, duplex, victim);
    }

    /// <summary>A client that has keys, waits for an answer to its first request, and trusts us.</summary>
    public static async Task<HostileServer> KeyedAsync(string cipher = "aes128-gcm@openssh.com", string mac = "hmac-sha2-256", Func<SshClientOptions, SshClientOptions>? change = null)
    {
        var server = await StartAsync(change);
        await server.ExchangeVersionsAsync();
        await server.ExchangeKeysAsync(new() { Cipher = cipher, Mac = mac });
        Assert.Equal(MessageNumber.ServiceRequest, (await server.ReceiveAsync())[0]);
        return server;
    }

    /// <summary>A client that is logged in.</summary>
    public static async Task<(HostileServer Server, SshConnection Client)> LoggedInAsync(Func<SshClientOptions, SshClientOptions>? change = null)
    {
        var server = await KeyedAsync(change: change);
        await server.SendAsync(new SshWriter().Byte(MessageNumber.ServiceAccept).String("ssh-userauth").ToArray());
        Assert.Equal(MessageNumber.UserAuthRequest, (await server.ReceiveAsync())[0]);
        await server.SendAsync([MessageNumber.UserAuthSuccess]);
        return (server, await server.Victim);
    }

    public async Task ExchangeVersionsAsync()
    {
        var versions = await VersionExchange.RunAsync(_duplex, _received, "Evil", asServer: true, "victim", NullLogger.Instance, Stop);
        (_ownVersion, _clientVersion) = (versions.Own, versions.Remote);
    }

    /// <summary>Sends our KEXINIT and takes the client's.</summary>
    public async Task<(KexInit Own, KexInit Theirs)> ExchangeKexInitAsync(Lies lies)
    {
        var preferences = new AlgorithmPreferences { KeyExchange = ["curve25519-sha256"], HostKey = [lies.HostKeyAlgorithm], Ciphers = [lies.Cipher], Macs = [lies.Mac] };
        var own = KexInit.Create(preferences, preferences.HostKey, []);
        await SendAsync(own.Payload);
        return (own, KexInit.Parse(await ReceiveAsync(MessageNumber.KexInit)));
    }

    /// <summary>Exchanges keys as a server, but for the lies.</summary>
    public async Task ExchangeKeysAsync(Lies lies)
    {
        var (own, theirs) = await ExchangeKexInitAsync(lies);
        var init = await ReceiveAsync();
        var clientPublic = Read(init);
        using var method = KeyExchange.Create("curve25519-sha256");
        var (serverPublic, secret) = method.Answer(clientPublic);
        serverPublic = lies.Public ?? serverPublic;
        var signer = lies.Key ?? HostKey;
        var blob = lies.ShownKey ?? signer.PublicKey.Blob.ToArray();
        var hash = new ExchangeTranscript(_clientVersion, _ownVersion, theirs.Payload, own.Payload, blob, [], clientPublic, serverPublic).Hash(method.Hash, secret);
        var signature = lies.Signature(await signer.SignAsync(signer.PublicKey.SignatureAlgorithms[0], lies.SignedHash ?? hash, Stop));
        await SendAsync([.. new SshWriter().Byte(MessageNumber.KexEcdhReply).String(blob).String(serverPublic).String(signature).ToArray(), .. lies.Trailing]);
        if (lies.IsFatal)
            return;
        await SendAsync(TransportMessages.NewKeys);
        using var keys = new KeyDerivation(method.Hash, secret, hash, _sessionId ??= hash);
        var protection = new DirectionAlgorithms(lies.Cipher, Algorithms.BringsItsOwnMac(lies.Cipher) ? null : lies.Mac);
        _packets.Sending.Change(PacketCipherFactory.Create(protection, keys.For(clientToServer: false)), resetSequence: false);
        Assert.Equal(MessageNumber.NewKeys, (await ReceiveAsync())[0]);
        _packets.Receiving.Change(PacketCipherFactory.Create(protection, keys.For(clientToServer: true)), resetSequence: false);
    }

    /// <summary>Sends packets; false when the client takes no more.</summary>
    public async Task<bool> SendAsync(params byte[][] payloads)
    {
        try
        {
            foreach (var payload in payloads)
            {
                await _packets.WriteAsync(payload, Stop);
                await _packets.FlushAsync(Stop);
                Sent += payload.Length;
            }
            return true;
        }
        catch (SshConnectionException)
        {
            return false;
        }
    }

    /// <summary>Sends bytes as they are; false when the client takes no more.</summary>
    public async Task<bool> SendRawAsync(byte[] bytes)
    {
        var end = await _duplex.WriteAsync(bytes, Stop);
        Sent += bytes.Length;
        return end == WriteEnd.None;
    }

    /// <summary>Seals a packet whose fields are all the test's: the length that it claims, its padding's length, and what follows.</summary>
    public byte[] Seal(uint length, byte padding, byte[] rest)
    {
        var cipher = _packets.Sending.Cipher;
        var packet = new byte[5 + rest.Length + cipher.TagLength];
        BinaryPrimitives.WriteUInt32BigEndian(packet, length);
        packet[4] = padding;
        rest.CopyTo(packet, 5);
        cipher.Seal(_packets.Sending.Sequence, packet);
        _packets.Sending.Count(packet.Length);
        return packet;
    }

    /// <summary>Repeats a step until the client has had enough, at most so often.</summary>
    public static async Task<int> RepeatAsync(int limit, Func<Task<bool>> step)
    {
        for (var i = 0; i < limit; i++)
        {
            if (!await step())
                return i;
        }
        throw new InvalidOperationException($"it took {limit} times and asked for more");
    }

    public async Task<byte[]> ReceiveAsync() => (await _packets.ReceiveAsync(Stop)).ToArray();

    /// <summary>Reads until a message of this number comes.</summary>
    public async Task<byte[]> ReceiveAsync(byte number)
    {
        byte[] payload;
        do
            payload = await ReceiveAsync();
        while (payload[0] != number);
        return payload;
    }

    /// <summary>How the client ended, before or after its login; it read no more than this.</summary>
    public async Task<SshConnectionException> EndAsync(long maximumSent)
    {
        await DisposeAsync();
        var failure = await Assert.ThrowsAnyAsync<SshConnectionException>(() => Victim);
        Assert.InRange(Sent, 0, maximumSent);
        Assert.InRange(failure.Message.Length, 1, 1500);
        return failure;
    }

    /// <summary>Hangs up as somebody who has said all: what was sent is still read.</summary>
    public async ValueTask DisposeAsync()
    {
        await _duplex.EndAsync(Stop);
        await DrainAsync();
        await _packets.DisposeAsync();
        _internet.Lose();
        HostKey.Dispose();
    }

    private async Task DrainAsync()
    {
        var buffer = new byte[Pipe];
        while (await _duplex.ReadAsync(buffer, Stop) is { End: ReadEnd.None })
        {
        }
    }

    private static byte[] Read(byte[] init)
    {
        var reader = new SshReader(init, "KEX_ECDH_INIT");
        reader.Byte("number");
        return reader.String("Q_C").ToArray();
    }

    /// <summary>What is not as it should be in a key exchange.</summary>
    internal sealed record Lies
    {
        public string Cipher { get; init; } = "aes128-gcm@openssh.com";
        public string Mac { get; init; } = "hmac-sha2-256";
        public string HostKeyAlgorithm { get; init; } = "ssh-ed25519";
        public Signer? Key { get; init; }
        public byte[]? ShownKey { get; init; }
        public byte[]? Public { get; init; }
        public byte[]? SignedHash { get; init; }
        public Func<byte[], byte[]> Signature { get; init; } = signature => signature;
        public byte[] Trailing { get; init; } = [];
        public bool IsFatal { get; init; }
    }
}
