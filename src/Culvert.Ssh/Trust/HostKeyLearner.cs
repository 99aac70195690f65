using Culvert.Ssh.Crypto;

namespace Culvert.Ssh.Trust;

/// <summary>What a server's list of its keys changes in the user's files.</summary>
/// <param name="Name">The host as known_hosts writes it.</param>
/// <param name="Added">Keys that aren't there; the server has yet to prove that it holds them.</param>
/// <param name="Obsolete">Lines with keys that the server no longer has.</param>
internal sealed record HostKeyChange(string Name, IReadOnlyList<PublicKey> Added, IReadOnlyList<KnownHostsLine> Obsolete);

/// <summary>Learns the other keys of a server whose key is known, and forgets those that it gave up (<c>UpdateHostKeys</c>), as OpenSSH does and in the same cases: only
/// when the key that was shown stands in a user's file under the host's own name, and all lines of the host are plain ones.</summary>
public sealed class HostKeyLearner
{
    private readonly KnownHostsOptions _options;
    private readonly Func<bool> _mayLearn;

    internal HostKeyLearner(KnownHostsOptions options, Func<bool> mayLearn) => (_options, _mayLearn) = (options, mayLearn);

    /// <summary>What would change; null: nothing, or nothing may.</summary>
    /// <exception cref="SshHostKeyException">A file can't be read.</exception>
    internal async ValueTask<HostKeyChange?> CompareAsync(string name, IReadOnlyList<ReadOnlyMemory<byte>> announced, Func<PublicKey, bool> accepts, CancellationToken cancellationToken)
    {
        if (!_mayLearn())
            return null;
        var known = await KnownHosts.LoadAsync(_options.UserFiles, _options.Logger, _options.Time, cancellationToken);
        return Compare(known, name, announced, accepts, reason => Log.HostKeysNotUpdated(_options.Logger, name, reason));
    }

    /// <summary>The rules. Pure.</summary>
    internal static HostKeyChange? Compare(KnownHosts known, string name, IReadOnlyList<ReadOnlyMemory<byte>> announced, Func<PublicKey, bool> accepts, Action<string> tell)
    {
        var lines = known.LinesOf(name);
        bool IsAnnounced(KnownHostsLine line) => announced.Any(blob => blob.Span.SequenceEqual(line.Blob.Span));
        var added = new List<PublicKey>();
        foreach (var blob in announced)
        {
            if (PublicKeys.TryParse(blob.Span, out var key) && key is not Certificate && accepts(key)
                && !lines.Any(line => line.Blob.Span.SequenceEqual(key.Blob.Span)) && !added.Exists(key.IsSameKey))
                added.Add(key);
        }
        var obsolete = lines.Where(line => line.Marker == KnownHostsMarker.None && !IsAnnounced(line)).ToList();
        if (added.Count == 0 && obsolete.Count == 0)
            return null;
        if (lines.Any(line => line.Marker != KnownHostsMarker.None || IsComplex(line.Hosts)))
        {
            tell("CA/revocation marker, manual host list or wildcard host pattern found");
            return null;
        }
        if (obsolete.Any(line => known.OtherNames(line.Blob).Any(other => !lines.Contains(other))))
        {
            tell("an obsolete key exists under other names");
            return null;
        }
        return new(name, added, obsolete);
    }

    /// <summary>Writes the change: obsolete lines go, new keys come into the first file. Whatever else stands there stays byte for byte.</summary>
    internal async ValueTask ApplyAsync(HostKeyChange change, CancellationToken cancellationToken)
    {
        foreach (var path in _options.UserFiles)
        {
            var obsolete = change.Obsolete.Where(line => line.Path == path).ToList();
            IReadOnlyList<PublicKey> added = path == _options.UserFiles[0] && HostNames.IsWritable(change.Name) ? change.Added : [];
            if (obsolete.Count == 0 && added.Count == 0)
                continue;
            try
            {
                await KnownHostsFile.ReplaceAsync(path, obsolete,
                    [.. added.Select(key => $"{(_options.HashNames ? HostNames.Hash(change.Name) : change.Name)} {key.Type} {Convert.ToBase64String(key.Blob.Span)}")], _options.Time, cancellationToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.HostKeysNotUpdated(_options.Logger, change.Name, $"{path}: {e.Message.ReplaceLineEndings(" ")}");
                return;
            }
            foreach (var key in added)
                Log.HostKeyLearned(_options.Logger, key.ShortName, key.Fingerprint);
            foreach (var line in obsolete)
                Log.HostKeyForgotten(_options.Logger, line.ShortType, PublicKey.FingerprintOf(line.Blob.Span), line.Place);
        }
    }

    /// <summary>OpenSSH's idea of a line that somebody wrote by hand: patterns, or more names than a host and its address.</summary>
    private static bool IsComplex(string hosts) => !HostNames.IsHashed(hosts) && (hosts.AsSpan().ContainsAny('*', '?', '!') || hosts.Count(c => c == ',') > 1);
}
