using Culvert.Ssh.Crypto;
using Culvert.Ssh.Keys;

namespace Culvert.Ssh.Auth;

/// <summary>Gathers the keys to offer, in OpenSSH's order: certificates that the user named, the agent's keys that a file names, the agent's others, then files, each before
/// the certificate beside it. Owns the agent's connection and what the files held.</summary>
internal sealed class PublicKeyCandidates : IAsyncDisposable
{
    private readonly List<FileIdentity> _files = [];
    private readonly List<(string Path, Certificate Certificate)> _certificates = [];
    private AgentClient? _agent;

    public List<PublicKeyCandidate> Keys { get; } = [];

    public static async ValueTask<PublicKeyCandidates> GatherAsync(ClientAuthenticationOptions options, CancellationToken cancellationToken)
    {
        var candidates = new PublicKeyCandidates();
        try
        {
            await candidates.LoadFilesAsync(options, cancellationToken);
            await candidates.LoadCertificatesAsync(options, cancellationToken);
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

    /// <summary>As in OpenSSH, the certificates beside keys count only when none was named.</summary>
    private async ValueTask LoadCertificatesAsync(ClientAuthenticationOptions options, CancellationToken cancellationToken)
    {
        foreach (var path in options.CertificateFiles)
        {
            try
            {
                _certificates.Add((path, await CertificateFile.LoadAsync(path, cancellationToken)));
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
        var beside = options.CertificateFiles.Count > 0 ? [] : _files.Where(f => f.Certificate is not null).ToList();
        bool IsNamed(Signer key) => _files.Any(f => Same(f.PublicKey, key.PublicKey)) || beside.Any(f => Same(f.Certificate, key.PublicKey));
        bool IsWithAgent(PublicKey? key) => agentKeys.Any(k => Same(key, k.PublicKey));
        var named = agentKeys.Where(IsNamed);
        var others = options.IdentitiesOnly ? [] : agentKeys.Where(k => !IsNamed(k));

        Keys.AddRange(options.Signers.Select(s => new PublicKeyCandidate("memory", s, null)));
        Keys.AddRange(_certificates.Select(c => Certified(options, c.Path, c.Certificate, agentKeys)).OfType<PublicKeyCandidate>());
        Keys.AddRange(named.Concat(others).Select(s => new PublicKeyCandidate("agent", s, null)));
        foreach (var file in _files)
        {
            if (file.HasPrivateKey && !IsWithAgent(file.PublicKey))
                Keys.Add(new(file.Path, null, file));
            if (beside.Contains(file) && !IsWithAgent(file.Certificate) && Certified(options, file.Path, file.Certificate!, agentKeys) is { } certified)
                Keys.Add(certified);
        }
    }

    /// <summary>A certificate with whatever signs for it: the agent's own copy, the agent's plain key, or a file. Null: nobody holds its key.</summary>
    private PublicKeyCandidate? Certified(ClientAuthenticationOptions options, string path, Certificate certificate, IReadOnlyList<AgentSigner> agentKeys)
    {
        if ((agentKeys.FirstOrDefault(k => Same(certificate, k.PublicKey)) ?? agentKeys.FirstOrDefault(k => Same(certificate.Key, k.PublicKey))) is { } held)
            return new(path, held, null, certificate);
        if (_files.Find(f => f.HasPrivateKey && Same(f.PublicKey, certificate.Key)) is { } file)
            return new(path, null, file, certificate);
        Log.NoKeyForCertificate(options.Logger, path);
        return null;
    }

    private static bool Same(PublicKey? one, PublicKey other) => one is not null && one.IsSameKey(other);
}
