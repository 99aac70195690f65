using System.Text;
using Culvert.Net;
using Culvert.Ssh.Crypto;
using Microsoft.Extensions.Logging;

namespace Culvert.Ssh.Trust;

/// <summary>What the files say of a host's key.</summary>
internal enum KnownHostsVerdict
{
    /// <summary>The host has no key there.</summary>
    Unknown,
    /// <summary>It has this one.</summary>
    Matches,
    /// <summary>It has another one of this type.</summary>
    Changed,
    /// <summary>It has keys, but none of this type.</summary>
    OtherTypesOnly,
    /// <summary>This key must never be accepted.</summary>
    Revoked,
}

/// <summary>A verdict and the lines that it rests on: the match, the offending ones, or those of other types.</summary>
internal sealed record KnownHostsAnswer(KnownHostsVerdict Verdict, IReadOnlyList<KnownHostsLine> Lines);

/// <summary>The content of some known_hosts files. Immutable.</summary>
internal sealed class KnownHosts
{
    /// <summary>A hundred thousand hosts; a longer file is something else.</summary>
    private const long MaximumFileLength = 32 * 1024 * 1024;

    private readonly IReadOnlyList<KnownHostsLine> _lines;

    private KnownHosts(IReadOnlyList<KnownHostsLine> lines) => _lines = lines;

    /// <summary>Reads the files in order; one that isn't there is empty. Lines that can't be read are logged with their place.</summary>
    /// <exception cref="SshHostKeyException">A file is there and can't be read: it may hold the line that would have warned.</exception>
    public static async ValueTask<KnownHosts> LoadAsync(IEnumerable<string> paths, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        var lines = new List<KnownHostsLine>();
        foreach (var path in paths)
        {
            try
            {
                await using var file = await KnownHostsFile.OpenForReadingAsync(path, time, cancellationToken);
                if (file.CanSeek && file.Length > MaximumFileLength)
                    throw new IOException("the file is too large");
                using var reader = new StreamReader(file, Encoding.UTF8);
                Read(path, await reader.ReadToEndAsync(cancellationToken), lines, logger);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                continue;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new SshHostKeyException($"{path}: {e.Message.ReplaceLineEndings(" ")}");
            }
        }
        return new(lines);
    }

    public static KnownHosts Parse(string path, string text, ILogger logger)
    {
        var lines = new List<KnownHostsLine>();
        Read(path, text, lines, logger);
        return new(lines);
    }

    /// <summary>Looks a host's key up.</summary>
    /// <param name="name">As <see cref="HostNames.Of"/> writes it.</param>
    /// <param name="type">Type of the key that the host shows.</param>
    /// <param name="blob">The key.</param>
    public KnownHostsAnswer Find(string name, string type, ReadOnlyMemory<byte> blob)
    {
        if (FindMarked(KnownHostsMarker.Revoked, name, blob) is { } revoked)
            return new(KnownHostsVerdict.Revoked, [revoked]);
        var keys = _lines.Where(l => l.Marker == KnownHostsMarker.None && HostNames.Match(l.Hosts, name)).ToList();
        if (keys.Find(l => l.Blob.Span.SequenceEqual(blob.Span)) is { } match)
            return new(KnownHostsVerdict.Matches, [match]);
        if (keys.FindAll(l => l.KeyType == type) is { Count: > 0 } offending)
            return new(KnownHostsVerdict.Changed, offending);
        return new(keys.Count > 0 ? KnownHostsVerdict.OtherTypesOnly : KnownHostsVerdict.Unknown, keys);
    }

    /// <summary>The line that says of a key, for this host, what the marker means: that it is revoked, or that it signs the host's certificates. Null: there is none.</summary>
    public KnownHostsLine? FindMarked(KnownHostsMarker marker, string name, ReadOnlyMemory<byte> blob) =>
        _lines.FirstOrDefault(l => l.Marker == marker && l.Blob.Span.SequenceEqual(blob.Span) && HostNames.Match(l.Hosts, name));

    /// <summary>All lines that mean the host, markers included.</summary>
    public IReadOnlyList<KnownHostsLine> LinesOf(string name) => [.. _lines.Where(l => HostNames.Match(l.Hosts, name))];

    /// <summary>These lines before what is known already.</summary>
    public KnownHosts After(IReadOnlyList<KnownHostsLine> first) => first.Count == 0 ? this : new([.. first, .. _lines]);

    /// <summary>These lines instead of what is known already; but what was revoked stays so.</summary>
    public KnownHosts Instead(IReadOnlyList<KnownHostsLine> lines) => new([.. lines, .. _lines.Where(l => l.Marker == KnownHostsMarker.Revoked)]);

    /// <summary>Lines in which the same key belongs to somebody else.</summary>
    public IReadOnlyList<KnownHostsLine> OtherNames(ReadOnlyMemory<byte> blob) =>
        [.. _lines.Where(l => l.Marker == KnownHostsMarker.None && l.Blob.Span.SequenceEqual(blob.Span))];

    /// <summary>The signature algorithms by which the host can show a key that it is known by, in the files' order: those of its keys, and those of all certificates
    /// when an authority may sign for it.</summary>
    public IReadOnlyList<string> KnownAlgorithms(string name)
    {
        var ofHost = _lines.Where(l => l.Marker != KnownHostsMarker.Revoked && HostNames.Match(l.Hosts, name)).ToList();
        return [.. ofHost.SelectMany(l => l.Marker == KnownHostsMarker.CertificateAuthority
            ? Algorithms.Of(AlgorithmKind.HostKey).Where(CertificateNames.IsCertificate)
            : KeyTypeNames.SignatureAlgorithms(l.KeyType)).Distinct()];
    }

    /// <inheritdoc cref="KnownAlgorithms(string)"/>
    public IReadOnlyList<string> KnownAlgorithms(Endpoint server) => KnownAlgorithms(HostNames.Of(server));

    private static void Read(string path, string text, List<KnownHostsLine> lines, ILogger logger)
    {
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            try
            {
                if (KnownHostsLine.Parse(path, number, line.ToString()) is { } parsed)
                    lines.Add(parsed);
            }
            catch (FormatException e)
            {
                Log.KnownHostsLineIgnored(logger, FormattableString.Invariant($"{path}:{number}"), e.Message);
            }
        }
    }
}
