using System.Net.Sockets;
using System.Text;
using Culvert.Broker.Config;
using Culvert.Net.Unix;

namespace Culvert.Broker.Audit;

/// <summary>How a log is written.</summary>
public enum AuditFormat
{
    /// <summary>A line each, for people.</summary>
    Text,
    /// <summary>A JSON object each line.</summary>
    Json,
    /// <summary>journald's native protocol, with a field for each of an event's.</summary>
    Journal,
}

/// <summary>Where a broker's events go. Thread-safe; what can't be written is told on standard error, once, and does no more harm.</summary>
public sealed class AuditLog : IDisposable
{
    private const string JournalSocket = "/run/systemd/journal/socket";

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly Stream _standardError;
    private readonly string? _forcedFile;
    private readonly AuditFormat _format;
    private LoggingConfig _config = new();
    private FileStream? _file;
    private bool _hasComplained;

    /// <param name="format">How it's written.</param>
    /// <param name="file">Where to, whatever the configuration says; null: where that says.</param>
    /// <param name="standardError">Where to when there's no file.</param>
    /// <param name="time">The clock.</param>
    public AuditLog(AuditFormat format, string? file, Stream standardError, TimeProvider time) =>
        (_format, _forcedFile, _standardError, _time) = (format, file, standardError, time);

    /// <summary>Whether this process's standard error is the journal: then lines need no time, and carry their weight in front.</summary>
    public bool IsJournalStream { get; init; } = Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 };

    /// <summary>Goes by another configuration from now on, and opens the file anew: whoever rotates logs has moved the old one away.</summary>
    /// <exception cref="IOException">The file can't be opened; the old one goes on.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Reopen(LoggingConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var opened = Open(config);
        FileStream? old;
        lock (_gate)
        {
            old = _file;
            (_file, _config, _hasComplained) = (opened, config, false);
        }
        old?.Dispose();
    }

    /// <summary>Whether <see cref="Reopen"/> would work: opens the file, and closes it again.</summary>
    /// <exception cref="IOException">The file can't be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Check(LoggingConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        Open(config)?.Dispose();
    }

    /// <summary>Writes an event, if the configuration lets it.</summary>
    public void Write(AuditEvent audit)
    {
        ArgumentNullException.ThrowIfNull(audit);
        lock (_gate)
        {
            if (AuditRules.SeverityOf(audit, _config.Rules) is { } severity)
                Write(audit, severity);
        }
    }

    /// <summary>Writes what a person is told: as it stands where people read, as an event where programs do.</summary>
    public void WriteLine(string line)
    {
        if (_format != AuditFormat.Text)
        {
            Write(new AuditEvent(AuditNames.Message, AuditSeverity.Error, [new("text", line.ReplaceLineEndings("; "))]));
            return;
        }
        lock (_gate)
            Write(_file ?? _standardError, Encoding.UTF8.GetBytes(line + "\n"));
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private FileStream? Open(LoggingConfig config) =>
        (_forcedFile ?? config.File) is { } path ? new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 1) : null;

    private void Write(AuditEvent audit, AuditSeverity severity)
    {
        switch (_format)
        {
            case AuditFormat.Json:
                Write(_file ?? _standardError, AuditText.Json(audit, severity, _time.GetUtcNow()));
                return;
            case AuditFormat.Journal when _file is null && TryJournal(AuditText.Journal(audit, severity)):
                return;
        }
        var bare = _file is null && IsJournalStream;
        var line = AuditText.Line(audit, severity, bare ? null : _time.GetUtcNow());
        Write(_file ?? _standardError, Encoding.UTF8.GetBytes(bare ? FormattableString.Invariant($"<{AuditText.Priority(severity)}>{line}\n") : line + "\n"));
    }

    private bool TryJournal(byte[] datagram)
    {
        try
        {
            UnixSockets.SendDatagram(JournalSocket, datagram);
            return true;
        }
        catch (SocketException e)
        {
            Complain($"journald takes no events: {e.Message}");
            return false;
        }
    }

    private void Write(Stream stream, byte[] bytes)
    {
        try
        {
            stream.Write(bytes);
            stream.Flush();
        }
        catch (IOException e) when (stream != _standardError)
        {
            Complain($"the log can't be written: {e.Message}");
        }
        catch (IOException)
        {
            // Nobody reads standard error any more, and there is nowhere left to say so.
            _hasComplained = true;
        }
    }

    private void Complain(string what)
    {
        if (_hasComplained)
            return;
        _hasComplained = true;
        Write(_standardError, Encoding.UTF8.GetBytes(what + "\n"));
    }
}
