using System.Text;
using Culvert.Net;
using Culvert.Ssh.Wire;
using Microsoft.Extensions.Logging;

namespace Culvert.Ssh.Transport;

/// <summary>Both version lines, without CR LF, as they enter the exchange hash.</summary>
internal sealed record Versions(byte[] Own, byte[] Remote)
{
    /// <summary>The peer's line, fit to show.</summary>
    public string RemoteText => VersionExchange.Printable(Remote);
}

/// <summary>The exchange of versions (RFC 4253 §4.2): <c>SSH-2.0-software comment CR LF</c> both ways. Only a server may send other lines before it.</summary>
internal static class VersionExchange
{
    public static async Task<Versions> RunAsync(
        Duplex duplex, ReceiveBuffer received, string softwareVersion, bool asServer, string peer, ILogger logger, CancellationToken cancellationToken)
    {
        var own = Encoding.ASCII.GetBytes("SSH-2.0-" + softwareVersion);
        Log.LocalVersion(logger, softwareVersion);
        // Both sides speak first, and neither waits with reading until its own line is gone.
        var writing = duplex.WriteAsync((byte[])[.. own, .. "\r\n"u8], cancellationToken).AsTask();
        byte[] remote;
        try
        {
            remote = await ReadVersionAsync(received, asServer, peer, logger, cancellationToken);
        }
        catch
        {
            duplex.Abort();
            await ((Task)writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        if (await writing != WriteEnd.None)
            throw Lost($"kex_exchange_identification: write: Connection closed by {peer}");
        var versions = new Versions(own, remote);
        Log.RemoteVersion(logger, versions.RemoteText);
        return versions;
    }

    private static async Task<byte[]> ReadVersionAsync(ReceiveBuffer received, bool asServer, string peer, ILogger logger, CancellationToken cancellationToken)
    {
        string? firstLine = null;
        for (var lines = 0; ; lines++)
        {
            var line = await ReadLineAsync(received, peer, firstLine, cancellationToken);
            if (line.AsSpan().StartsWith("SSH-"u8))
            {
                Check(line);
                return line;
            }
            var text = Printable(line);
            if (asServer)
                throw new SshProtocolException($"kex_exchange_identification: client sent invalid protocol identifier \"{text}\"", DisconnectReason.ProtocolVersionNotSupported);
            if (lines == Limits.MaximumPreVersionLines)
                throw new SshProtocolException($"kex_exchange_identification: No SSH identification string received in first {lines} lines from server");
            Log.PreVersionLine(logger, text);
            firstLine ??= text;
        }
    }

    /// <summary>Refuses what isn't version 2 (<c>2.0</c>, or <c>1.99</c> for one that could also speak the old one), and what isn't a line of text.</summary>
    internal static void Check(ReadOnlySpan<byte> line)
    {
        if (line.Length > Limits.MaximumVersionLine - 2 || line.ContainsAnyExceptInRange((byte)' ', (byte)'\x7e'))
            throw new SshProtocolException($"kex_exchange_identification: banner line contains invalid characters: {Printable(line)}", DisconnectReason.ProtocolVersionNotSupported);
        if (!line.StartsWith("SSH-2.0-"u8) && !line.StartsWith("SSH-1.99-"u8))
            throw new SshProtocolException($"Protocol major versions differ: 2 vs. {Printable(line)}", DisconnectReason.ProtocolVersionNotSupported);
    }

    /// <summary>Text from the peer with everything but printable ASCII escaped (<c>\x1b</c>), so that it can do nothing to a terminal.</summary>
    internal static string Printable(ReadOnlySpan<byte> text)
    {
        var shown = new StringBuilder(text.Length);
        foreach (var b in text)
        {
            if (b is >= (byte)' ' and <= (byte)'~' and not (byte)'\\')
                shown.Append((char)b);
            else
                shown.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\x{b:x2}");
        }
        return shown.ToString();
    }

    private static async ValueTask<byte[]> ReadLineAsync(ReceiveBuffer received, string peer, string? firstLine, CancellationToken cancellationToken)
    {
        while (true)
        {
            var bytes = received.Bytes.Span;
            var length = bytes.IndexOf((byte)'\n');
            if (length > Limits.MaximumPreVersionLine || (length < 0 && bytes.Length > Limits.MaximumPreVersionLine))
                throw new SshProtocolException("kex_exchange_identification: banner line too long");
            if (length >= 0)
            {
                // Old implementations end the line with LF alone (RFC 4253 §5.1).
                var line = bytes[..length];
                var copy = (line is [.. var rest, (byte)'\r'] ? rest : line).ToArray();
                received.Consume(length + 1);
                return copy;
            }
            switch (await received.FillAsync(Limits.MaximumVersionLine, cancellationToken))
            {
                case ReadEnd.Reset:
                    throw Lost($"kex_exchange_identification: read: Connection reset by {peer}");
                case ReadEnd.Ended or ReadEnd.Lost:
                    // Whoever answers in another protocol, or turns us away, says so in the first line.
                    throw Lost(firstLine is null
                        ? $"kex_exchange_identification: Connection closed by {peer}"
                        : $"kex_exchange_identification: Connection closed by {peer}, which said: {firstLine}");
            }
        }
    }

    private static SshConnectionException Lost(string text) => new(new Failure(FailureKind.NetworkLost, text), DisconnectReason.ConnectionLost);
}
