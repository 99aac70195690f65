using Culvert.Ssh.Crypto;
using Culvert.Ssh.Keys;

namespace Culvert.Ssh.Auth;

/// <summary>Gathers the keys to offer, in OpenSSH's order: the agent's that a file names, the agent's others, then files. Owns the agent's connection and what the files held.</summary>
internal sealed class PublicKeyCandidates : IAsyncDisposable
{
    private readonly List<FileIdentity> _files = [];
    private AgentClient? _agent;

    public List<PublicKeyCandidate> Keys { get; } = [];

    public static async ValueTask<PublicKeyCandidates> GatherAsync(ClientAuthenticationOptions options, CancellationToken cancellationToken)
    {
        var candidates = new PublicKeyCandidates();
        try
        {
            await candidates.LoadFilesAsync(options, cancellationToken);
            var agentKeys = await candidates.ListAgentAsync(options, cancellationToken);
            candidates.Arrange(options, agentKeys);
            return candidates;
        }
        catch
        {
            await candidates.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var file in _files)
            file.Dispose();
        if (_agent is not null)
            await _agent.DisposeAsync();
    }

    private async ValueTask LoadFilesAsync(ClientAuthenticationOptions options, CancellationToken cancellationToken)
    {
        foreach (var file in options.IdentityFiles)
        {
            try
            {
                if (await file.LoadAsync(options.Show, cancellationToken) is { } identity)
                    _files.Add(identity);
            }
            catch (KeyFileException e)
            {
                options.Show?.Invoke(e.Message);
            }
        }
    }

    private async ValueTask<IReadOnlyList<AgentSigner>> ListAgentAsync(ClientAuthenticationOptions options, CancellationToken cancellationToken)
    {
        if (options.Agent is null)
            return [];
        try
        {
            _agent = await options.Agent.ConnectAsync(cancellationToken);
            // It may ask its user to unlock it.
            return await options.PauseAsync(() => _agent.ListAsync(cancellationToken));
        }
        catch (AgentException e)
        {
            Log.AgentUnusable(options.Logger, e.Message);
            return [];
        }
    }

    private void Arrange(ClientAuthenticationOptions options, IReadOnlyList<AgentSigner> agentKeys)
    {
        bool IsNamed(Signer key) => _files.Any(f => Same(f.PublicKey, key.PublicKey));
        var named = agentKeys.Where(IsNamed);
        var others = options.IdentitiesOnly ? [] : agentKeys.Where(k => !IsNamed(k));

        Keys.AddRange(options.Signers.Select(s => new PublicKeyCandidate("memory", s, null)));
        Keys.AddRange(named.Concat(others).Select(s => new PublicKeyCandidate("agent", s, null)));
        Keys.AddRange(_files
            .Where(f => f.HasPrivateKey && !agentKeys.Any(k => Same(f.PublicKey, k.PublicKey)))
            .Select(f => new PublicKeyCandidate(f.Path, null, f)));
    }

    private static bool Same(PublicKey? one, PublicKey other) => one is not null && one.IsSameKey(other);
}
