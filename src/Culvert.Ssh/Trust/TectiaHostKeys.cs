using System.Globalization;
using Culvert.Net;
using Culvert.Ssh.Keys;
using Microsoft.Extensions.Logging;

namespace Culvert.Ssh.Trust;

/// <summary>SSH Tectia's folders of host keys: <c>key_PORT_HOST.pub</c> holds the key of one host on one port, by the name that was typed. The other form,
/// <c>keys_HASH</c>, keeps salted hashes in a way that nobody has written down, and isn't read.</summary>
internal static class TectiaHostKeys
{
    private const int MaximumFileLength = 64 * 1024;

    /// <summary>The host's lines in these folders, in their order; a folder or a file that isn't there says nothing.</summary>
    /// <exception cref="SshHostKeyException">A file is there and can't be read: it may hold the key that would have warned.</exception>
    public static async ValueTask<IReadOnlyList<KnownHostsLine>> LoadAsync(IEnumerable<string> folders, Endpoint server, string name, ILogger logger, CancellationToken cancellationToken)
    {
        // A name that could leave the folder is no name of a file.
        var host = server.Host.ToLowerInvariant();
        if (host is "" or "." or ".." || host.AsSpan().ContainsAny('/', '\\', '\0'))
            return [];
        var lines = new List<KnownHostsLine>();
        foreach (var folder in folders)
        {
            var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"key_{server.Port}_{host}.pub"));
            try
            {
                await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1, FileOptions.Asynchronous);
                var content = new byte[MaximumFileLength];
                var length = await file.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false, cancellationToken);
                if (Ssh2Text.TryReadPublic(content.AsSpan(0, length), out var key))
                    lines.Add(new(path, 1, KnownHostsMarker.None, name, key.Type, key.Blob) { Removal = $"rm \"{path}\"" });
                else
                    Log.KnownHostsLineIgnored(logger, path, "it holds no public key in SSH2's format (RFC 4716)");
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
        return lines;
    }
}
