using BenchmarkDotNet.Attributes;
using Culvert.Ssh.Crypto;

namespace Culvert.Bench;

/// <summary>One packet, sealed and opened.</summary>
[MemoryDiagnoser]
public class CipherBenchmarks
{
    private PacketCipher _sealing = null!;
    private PacketCipher _opening = null!;
    private byte[] _packet = null!;
    private uint _sequence;

    /// <summary>Ciphers of the table.</summary>
    public static IEnumerable<string> Ciphers => Algorithms.Of(AlgorithmKind.Cipher);

    /// <summary>The cipher.</summary>
    [ParamsSource(nameof(Ciphers))]
    public string Cipher { get; set; } = "";

    /// <summary>Bytes of data: a line of FTP, and a whole packet.</summary>
    [Params(64, 32 * 1024)]
    public int Length { get; set; }

    /// <summary>Makes both directions.</summary>
    [GlobalSetup]
    public void Begin()
    {
        (_sealing, _opening) = (Make(Cipher), Make(Cipher));
        _packet = new byte[4 + (Length + 31) / 16 * 16 + (_sealing.LengthIsApart ? 0 : 12) + _sealing.TagLength];
    }

    /// <summary>There and back.</summary>
    [Benchmark]
    public bool SealAndOpen()
    {
        var body = _packet.Length - 4 - _sealing.TagLength;
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(_packet, body);
        _sealing.Seal(_sequence, _packet);
        _opening.ReadLength(_sequence, _packet.AsSpan(0, _opening.HeadLength));
        return _opening.Open(_sequence++, _packet) ? true : throw new InvalidOperationException("the packet didn't open");
    }

    internal static PacketCipher Make(string cipher) => PacketCipherFactory.Create(
        new(cipher, Algorithms.BringsItsOwnMac(cipher) ? null : "hmac-sha2-256-etm@openssh.com"), (_, length) => new byte[length]);
}
