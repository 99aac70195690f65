using System.Security.Cryptography;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Crypto;

/// <summary><c>diffie-hellman-group-exchange-sha256</c> (RFC 4419): the client says how large a group it wants, the server chooses one.
/// <code>
/// byte   SSH_MSG_KEX_DH_GEX_REQUEST (34)      byte  SSH_MSG_KEX_DH_GEX_GROUP (31)
/// uint32 min, n, max                          mpint p, g
///
/// byte   SSH_MSG_KEX_DH_GEX_INIT (32)         byte   SSH_MSG_KEX_DH_GEX_REPLY (33)
/// mpint  e                                    string K_S, mpint f, string signature
/// </code>
/// The exchange hash takes min, n, max, p and g between K_S and e.</summary>
internal sealed class GroupExchange() : DiffieHellmanExchange(null, HashAlgorithmName.SHA256)
{
    /// <summary>What we ask for: the size that matches 128 bits of strength (RFC 8270 §1 wants at least 2048).</summary>
    private const int PreferredBits = 3072;

    private uint _minimum, _preferred, _maximum;

    public override byte InitNumber => MessageNumber.KexGexInit;

    public override byte ReplyNumber => MessageNumber.KexGexReply;

    public override bool AwaitsParameters => Group is null;

    public override byte[] Parameters => new SshWriter().UInt32(_minimum).UInt32(_preferred).UInt32(_maximum)
        .String(Group!.Prime.ToByteArray()).String(Group.Generator.ToByteArray()).ToArray();

    public override byte[] Request()
    {
        (_minimum, _preferred, _maximum) = (DiffieHellmanGroup.MinimumBits, PreferredBits, DiffieHellmanGroup.MaximumBits);
        return new SshWriter().Byte(MessageNumber.KexGexRequest).UInt32(_minimum).UInt32(_preferred).UInt32(_maximum).ToArray();
    }

    public override void TakeParameters(ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(payload, "KEX_DH_GEX_GROUP");
        if (reader.Byte("number") != MessageNumber.KexGexGroup)
            throw new SshProtocolException($"message {payload[0]} where the group of the key exchange belongs");
        var group = new DiffieHellmanGroup(ReadNumber(reader.String("p")), ReadNumber(reader.String("g")));
        reader.End();
        if (!group.IsPlausible)
            throw Unacceptable($"the server chose a group of {group.Prime.BitLength} bits that can't be used; {DiffieHellmanGroup.MinimumBits} to {DiffieHellmanGroup.MaximumBits} bits are");
        Group = group;
    }

    public override byte[] AnswerRequest(ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(payload, "KEX_DH_GEX_REQUEST");
        if (reader.Byte("number") != MessageNumber.KexGexRequest)
            throw new SshProtocolException($"message {payload[0]} where the request for a group belongs");
        (_minimum, _preferred, _maximum) = (reader.UInt32("min"), reader.UInt32("n"), reader.UInt32("max"));
        reader.End();
        if (_minimum > _preferred || _preferred > _maximum)
            throw Unacceptable($"a group of {_minimum} to {_maximum} bits, {_preferred} preferred, can't be meant");
        // The groups of RFC 3526 are as good as any that a server would have to make for itself: the smallest that is large enough.
        DiffieHellmanGroup[] groups = [DiffieHellmanGroup.Group14, DiffieHellmanGroup.Group16, DiffieHellmanGroup.Group18];
        var fitting = Array.FindAll(groups, group => group.Prime.BitLength >= _minimum && group.Prime.BitLength <= _maximum);
        Group = Array.Find(fitting, group => group.Prime.BitLength >= _preferred) ?? fitting.LastOrDefault()
            ?? throw Unacceptable($"no group of {_minimum} to {_maximum} bits is at hand");
        return new SshWriter(2048).Byte(MessageNumber.KexGexGroup).String(Group.Prime.ToByteArray()).String(Group.Generator.ToByteArray()).ToArray();
    }
}
