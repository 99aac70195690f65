using System.Security.Cryptography;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Transport;

/// <summary>SSH_MSG_KEXINIT (RFC 4253 §7.1):
/// <code>
/// byte       20
/// byte[16]   cookie
/// name-list  kex_algorithms
/// name-list  server_host_key_algorithms
/// name-list  encryption_algorithms_client_to_server, …_server_to_client
/// name-list  mac_algorithms_client_to_server, …_server_to_client
/// name-list  compression_algorithms_client_to_server, …_server_to_client
/// name-list  languages_client_to_server, …_server_to_client
/// boolean    first_kex_packet_follows
/// uint32     0
/// </code></summary>
/// <param name="Offer">The lists.</param>
/// <param name="GuessFollows">Whether a key exchange packet follows that was sent on a guess.</param>
/// <param name="Payload">As it travelled: it enters the exchange hash.</param>
internal sealed record KexInit(AlgorithmOffer Offer, bool GuessFollows, byte[] Payload)
{
    public static KexInit Create(AlgorithmPreferences preferences, IReadOnlyList<string> hostKeys, IEnumerable<string> signals)
    {
        var offer = new AlgorithmOffer([.. preferences.KeyExchange, .. signals], hostKeys,
            preferences.Ciphers, preferences.Ciphers, preferences.Macs, preferences.Macs, preferences.Compression, preferences.Compression);
        var writer = new SshWriter(2048);
        writer.Byte(MessageNumber.KexInit).Raw(RandomNumberGenerator.GetBytes(16));
        foreach (var list in new[] { offer.KeyExchange, offer.HostKey, offer.CiphersClientToServer, offer.CiphersServerToClient, offer.MacsClientToServer,
            offer.MacsServerToClient, offer.CompressionClientToServer, offer.CompressionServerToClient, [], [] })
            writer.NameList(list);
        writer.Bool(false).UInt32(0);
        return new(offer, false, writer.ToArray());
    }

    public static KexInit Parse(ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(payload, "KEXINIT");
        reader.Byte("number");
        reader.Raw(16, "cookie");
        var offer = new AlgorithmOffer(
            Names(ref reader, "kex_algorithms"), Names(ref reader, "server_host_key_algorithms"),
            Names(ref reader, "encryption_algorithms_client_to_server"), Names(ref reader, "encryption_algorithms_server_to_client"),
            Names(ref reader, "mac_algorithms_client_to_server"), Names(ref reader, "mac_algorithms_server_to_client"),
            Names(ref reader, "compression_algorithms_client_to_server"), Names(ref reader, "compression_algorithms_server_to_client"));
        reader.String("languages_client_to_server");
        reader.String("languages_server_to_client");
        var guess = reader.Bool("first_kex_packet_follows");
        reader.UInt32("reserved");
        return new(offer, guess, payload.ToArray());
    }

    /// <summary>Names are printable ASCII (RFC 4251 §6); they are shown to people when nothing matches.</summary>
    private static string[] Names(ref SshReader reader, string field)
    {
        var names = reader.NameList(field);
        if (names.Length > Limits.MaximumNames)
            throw new SshProtocolException($"KEXINIT: {field} has {names.Length} names");
        if (names.Any(name => name.AsSpan().ContainsAnyExceptInRange('!', '~')))
            throw new SshProtocolException($"KEXINIT: {field} has a name that is not printable ASCII");
        return names;
    }
}
