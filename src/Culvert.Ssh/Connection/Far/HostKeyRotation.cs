using Culvert.Net;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Trust;
using Culvert.Ssh.Wire;
using Microsoft.Extensions.Logging;

namespace Culvert.Ssh.Connection;

/// <summary>OpenSSH's PROTOCOL §2.5: a server tells all its host keys after the login (<c>hostkeys-00@openssh.com</c>), and proves those that are new to us
/// (<c>hostkeys-prove-00@openssh.com</c>). One announcement a connection is heard.</summary>
/// <param name="learner">Knows what to do with them.</param>
/// <param name="name">The host as known_hosts writes it.</param>
/// <param name="hostKeyAlgorithms">Keys without any of these are not for us.</param>
/// <param name="sessionId">What proofs are bound to.</param>
/// <param name="logger">Where to log.</param>
internal sealed class HostKeyRotation(HostKeyLearner learner, string name, IReadOnlyList<string> hostKeyAlgorithms, ReadOnlyMemory<byte> sessionId, ILogger logger) : IAsyncDisposable
{
    public const string Announcement = "hostkeys-00@openssh.com", Proof = "hostkeys-prove-00@openssh.com";

    /// <summary>A server has a handful of keys.</summary>
    private const int MaximumKeys = 64;

    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private bool _heard;

    /// <summary>Takes an announcement. Called on the reader loop; what it starts goes on beside it.</summary>
    public void Announced(Multiplexer multiplexer, ReadOnlySpan<byte> specific)
    {
        if (_heard)
            return;
        _heard = true;
        var keys = Read(specific);
        _running = RunAsync(multiplexer, keys);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    /// <summary>The announcement: <c>string</c> host key, any number of times.</summary>
    private static List<ReadOnlyMemory<byte>> Read(ReadOnlySpan<byte> specific)
    {
        var reader = new SshReader(specific, Announcement);
        var keys = new List<ReadOnlyMemory<byte>>();
        while (!reader.Rest.IsEmpty)
        {
            if (keys.Count == MaximumKeys)
                throw new SshProtocolException($"{Announcement}: too many keys");
            keys.Add(reader.String("host key").ToArray());
        }
        return keys;
    }

    private async Task RunAsync(Multiplexer multiplexer, List<ReadOnlyMemory<byte>> announced)
    {
        try
        {
            bool Accepts(PublicKey key) => key.SignatureAlgorithms.Any(hostKeyAlgorithms.Contains);
            if (announced.Count == 0 || await learner.CompareAsync(name, announced, Accepts, _stop.Token) is not { } change)
                return;
            if (change.Added.Count > 0 && !await IsProvedAsync(multiplexer, change.Added))
                return;
            await learner.ApplyAsync(change, _stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The connection ends; the next one hears the list again.
        }
        catch (SshException e)
        {
            Log.HostKeysNotUpdated(logger, name, e.Message);
        }
    }

    /// <summary>Whether the server signed every one of the keys; one that it can't prove spoils all, as in OpenSSH.</summary>
    private async ValueTask<bool> IsProvedAsync(Multiplexer multiplexer, IReadOnlyList<PublicKey> keys)
    {
        // string    host key      of each
        var request = new SshWriter();
        foreach (var key in keys)
            request.String(key.Blob.Span);
        var reply = new ProofReply();
        multiplexer.Request(Proof, request.WrittenSpan, reply);
        if (await reply.Signatures.WaitAsync(_stop.Token) is not { } signatures)
        {
            Log.HostKeysNotUpdated(logger, name, "the server proved nothing");
            return false;
        }
        RequireProof(keys, sessionId, signatures);
        return true;
    }

    /// <exception cref="SshProtocolException">A signature is missing or wrong.</exception>
    internal static void RequireProof(IReadOnlyList<PublicKey> keys, ReadOnlyMemory<byte> sessionId, byte[] signatures)
    {
        // string    signature     of each key, in order, over
        //           string "hostkeys-prove-00@openssh.com", string session identifier, string host key
        var reader = new SshReader(signatures, Proof);
        foreach (var key in keys)
        {
            var signature = reader.String("signature").ToArray();
            var data = new SshWriter().String(Proof).String(sessionId.Span).String(key.Blob.Span).ToArray();
            if (!key.SignatureAlgorithms.Any(algorithm => key.Verify(algorithm, data, signature)))
                throw new SshProtocolException($"{Proof}: the server does not hold the {key.ShortName} key that it announced");
        }
        reader.End();
    }

    private sealed class ProofReply : PendingReply
    {
        private readonly TaskCompletionSource<byte[]?> _signatures = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<byte[]?> Signatures => _signatures.Task;

        public override void Succeeded(ReadOnlySpan<byte> specific) => _signatures.TrySetResult(specific.ToArray());

        public override void Refused() => _signatures.TrySetResult(null);

        public override void Lost(Failure failure) => _signatures.TrySetResult(null);
    }
}
