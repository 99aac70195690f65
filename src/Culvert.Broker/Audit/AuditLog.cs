using System.Net.Sockets;
using System.Text;
using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
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

    /// <summary>Where syslog(3) sends to.</summary>
    private const string SyslogSocket = "/dev/log";

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly Stream _standardError;
    private readonly string? _forcedFile;
    private readonly AuditFormat _format;
    private LoggingConfig _config = new();
    private IReadOnlyList<FileStream> _files = [];
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
    public void Reopen(LoggingConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var opened = Open(config);
        IReadOnlyList<FileStream> old;
        lock (_gate)
        {
            old = _files;
            (_files, _config, _hasComplained) = (opened, config, false);
        }
        Close(old);
    }

    /// <summary>Whether <see cref="Reopen"/> would work: opens the file, and closes it again.</summary>
    /// <exception cref="IOException">The file can't be opened.</exception>
    public void Check(LoggingConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        Close(Open(config));
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
        {
            foreach (var stream in _files.Count > 0 ? _files : (IReadOnlyList<Stream>)[_standardError])
                Write(stream, Encoding.UTF8.GetBytes(line + "\n"));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close(_files);

    /// <summary>Events go to standard error: the configuration says nothing else.</summary>
    private bool UsesStandardError => _files.Count == 0 && _config is { ToSyslog: false, Discards: false };

    private List<FileStream> Open(LoggingConfig config)
    {
        var opened = new List<FileStream>();
        try
        {
            foreach (var path in _forcedFile is { } forced ? [forced] : config.Files)
                opened.Add(Open(path));
            return opened;
        }
        catch
        {
            Close(opened);
            throw;
        }
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 1);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path}: {FileCause.Of(e)}", e);
        }
    }

    private static void Close(IReadOnlyList<FileStream> files)
    {
        foreach (var file in files)
            file.Dispose();
    }

    private void Write(AuditEvent audit, AuditSeverity severity)
    {
        if (_forcedFile is null && _config.ToSyslog)
            TrySend(SyslogSocket, AuditText.Syslog(audit, severity, AuditRules.Facility(audit, _config.Rules)), "syslog");
        switch (_format)
        {
            case AuditFormat.Json:
                WriteAll(AuditText.Json(audit, severity, _time.GetUtcNow()));
                return;
            case AuditFormat.Journal when _files.Count == 0 && TrySend(JournalSocket, AuditText.Journal(audit, severity), "journald"):
                return;
        }
        var bare = UsesStandardError && IsJournalStream;
        var line = AuditText.Line(audit, severity, bare ? null : _time.GetUtcNow());
        WriteAll(Encoding.UTF8.GetBytes(bare ? FormattableString.Invariant($"<{AuditText.Priority(severity)}>{line}\n") : line + "\n"));
    }

    private void WriteAll(byte[] bytes)
    {
        foreach (var file in _files)
            Write(file, bytes);
        if (UsesStandardError)
            Write(_standardError, bytes);
    }

    private bool TrySend(string socket, byte[] datagram, string who)
    {
        try
        {
            UnixSockets.SendDatagram(socket, datagram);
            return true;
        }
        catch (SocketException)
        {
            Complain($"{who} takes no events: {socket} can't be written to");
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
            Complain($"the log can't be written: {FileCause.Of(e)}");
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
