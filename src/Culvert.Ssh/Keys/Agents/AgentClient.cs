using System.Buffers.Binary;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Keys;

/// <summary>Speaks to an SSH agent (draft-ietf-sshm-ssh-agent): lists its keys and lets it sign. One request at a time.</summary>
internal sealed class AgentClient(Stream stream) : IAsyncDisposable
{
    private const byte Failure = 5, RequestIdentities = 11, IdentitiesAnswer = 12, SignRequest = 13, SignResponse = 14;
    private const uint FlagRsaSha256 = 2, FlagRsaSha512 = 4;

    /// <summary>OpenSSH's AGENT_MAX_LEN; an agent is trusted with keys, not with our memory.</summary>
    private const int MaximumReplyLength = 256 * 1024;

    /// <summary>OpenSSH's MAX_AGENT_IDENTITIES.</summary>
    private const int MaximumIdentities = 2048;

    /// <summary>The agent's keys in its order; those of a type that we can't offer are left out. The signers live as long as this client.</summary>
    /// <exception cref="AgentException">It did not answer as an agent does.</exception>
    public async ValueTask<IReadOnlyList<AgentSigner>> ListAsync(CancellationToken cancellationToken)
    {
        var reply = await ExchangeAsync(new SshWriter(8).Byte(RequestIdentities), cancellationToken);
        return Read(reply, IdentitiesAnswer, ParseIdentities);
    }

    /// <summary>A signature blob over <paramref name="data"/>. May take as long as the agent needs to ask its user.</summary>
    /// <exception cref="AgentException">It refused.</exception>
    public async ValueTask<byte[]> SignAsync(PublicKey key, string algorithm, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        // byte      SSH_AGENTC_SIGN_REQUEST
        // string    key blob
        // string    data
        // uint32    flags      which hash an RSA key takes
        var flags = CertificateNames.Plain(algorithm) switch { RsaPublicKey.Sha256Name => FlagRsaSha256, RsaPublicKey.Sha512Name => FlagRsaSha512, _ => 0u };
        var reply = await ExchangeAsync(
            new SshWriter(data.Length + key.Blob.Length + 16).Byte(SignRequest).String(key.Blob.Span).String(data.Span).UInt32(flags), cancellationToken);
        return Read(reply, SignResponse, static (ref SshReader reader) => reader.String("signature").ToArray());
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private delegate T Parse<T>(ref SshReader reader);

    private IReadOnlyList<AgentSigner> ParseIdentities(ref SshReader reader)
    {
        // uint32    number of keys
        // string    key blob, string comment      of each
        var count = reader.UInt32("number of keys");
        if (count > MaximumIdentities)
            throw new AgentException($"agent: claims {count} keys");
        var signers = new List<AgentSigner>();
        for (var i = 0; i < count; i++)
        {
            var blob = reader.String("key blob");
            reader.String("comment");
            if (PublicKeys.TryParse(blob, out var key))
                signers.Add(new AgentSigner(this, key));
        }
        return signers;
    }

    private static T Read<T>(byte[] reply, byte expected, Parse<T> parse)
    {
        try
        {
            var reader = new SshReader(reply, "agent");
            var type = reader.Byte("type");
            if (type == Failure)
                throw new AgentException("agent refused operation");
            if (type != expected)
                throw new AgentException($"agent: answered {type} instead of {expected}");
            var result = parse(ref reader);
            reader.End();
            return result;
        }
        catch (SshProtocolException e)
        {
            throw new AgentException(e.Message, e);
        }
    }

    private async ValueTask<byte[]> ExchangeAsync(SshWriter request, CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(new SshWriter(request.Length + 4).String(request.WrittenSpan).WrittenMemory, cancellationToken);
            var length = new byte[4];
            await stream.ReadExactlyAsync(length, cancellationToken);
            var count = BinaryPrimitives.ReadUInt32BigEndian(length);
            if (count is 0 or > MaximumReplyLength)
                throw new AgentException($"agent: claims a reply of {count} bytes");
            var reply = new byte[count];
            await stream.ReadExactlyAsync(reply, cancellationToken);
            return reply;
        }
        catch (IOException e)
        {
            throw new AgentException($"agent: {e.Message}", e);
        }
    }
}
