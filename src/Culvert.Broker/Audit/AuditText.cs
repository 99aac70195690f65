using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Culvert.Broker.Audit;

/// <summary>How events are written. Pure.</summary>
internal static class AuditText
{
    /// <summary>One line for people: <c>2026-01-01T00:00:00.000Z notice link.up profile=id1 host=gate</c>.</summary>
    /// <param name="audit">The event.</param>
    /// <param name="severity">How much it weighs here.</param>
    /// <param name="at">When it happened; null: whoever reads notes that itself.</param>
    public static string Line(AuditEvent audit, AuditSeverity severity, DateTimeOffset? at)
    {
        var line = new StringBuilder();
        if (at is { } time)
            line.Append(time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)).Append(' ');
        line.Append(Word(severity)).Append(' ').Append(audit.Name);
        foreach (var (field, value) in audit.Fields)
            line.Append(' ').Append(field).Append('=').Append(Quoted(Text(value)));
        return line.ToString();
    }

    /// <summary>One line of JSON: <c>time</c>, <c>severity</c>, <c>event</c>, and the event's fields.</summary>
    public static byte[] Json(AuditEvent audit, AuditSeverity severity, DateTimeOffset at)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("time", at.UtcDateTime);
            writer.WriteString("severity", Word(severity));
            writer.WriteString("event", audit.Name);
            foreach (var (field, value) in audit.Fields)
            {
                switch (value)
                {
                    case long number: writer.WriteNumber(field, number); break;
                    case int number: writer.WriteNumber(field, number); break;
                    case bool flag: writer.WriteBoolean(field, flag); break;
                    default: writer.WriteString(field, Text(value)); break;
                }
            }
            writer.WriteEndObject();
        }
        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    /// <summary>A datagram of journald's native protocol: a field a line, or with its length in front where a value has several lines.</summary>
    public static byte[] Journal(AuditEvent audit, AuditSeverity severity)
    {
        var datagram = new ArrayBufferWriter<byte>();
        Field("MESSAGE", Line(audit, severity, null));
        Field("PRIORITY", Priority(severity).ToString(CultureInfo.InvariantCulture));
        Field("SYSLOG_IDENTIFIER", "culvert");
        Field("CULVERT_EVENT", audit.Name);
        foreach (var (field, value) in audit.Fields)
            Field("CULVERT_" + field.ToUpperInvariant(), Text(value));
        return datagram.WrittenSpan.ToArray();

        void Field(string name, string value)
        {
            var bytes = Encoding.UTF8.GetBytes(value);
            datagram.Write(Encoding.ASCII.GetBytes(name));
            if (bytes.AsSpan().Contains((byte)'\n'))
            {
                datagram.Write("\n"u8);
                datagram.Write(BitConverter.IsLittleEndian ? BitConverter.GetBytes((long)bytes.Length) : [.. BitConverter.GetBytes((long)bytes.Length).Reverse()]);
            }
            else
            {
                datagram.Write("="u8);
            }
            datagram.Write(bytes);
            datagram.Write("\n"u8);
        }
    }

    /// <summary>A datagram as syslog(3) writes them on this machine (RFC 3164 §4.1 without a host; the daemon notes the time).</summary>
    public static byte[] Syslog(AuditEvent audit, AuditSeverity severity, int facility) =>
        Encoding.UTF8.GetBytes(FormattableString.Invariant($"<{(facility * 8) + Priority(severity)}>culvert[{Environment.ProcessId}]: {Line(audit, severity, null)}"));

    /// <summary>Syslog's number for a severity (RFC 5424 §6.2.1).</summary>
    public static int Priority(AuditSeverity severity) => severity switch
    {
        AuditSeverity.Error => 3,
        AuditSeverity.Warning => 4,
        AuditSeverity.Notice => 5,
        _ => 6,
    };

    /// <summary>The word for a severity.</summary>
    public static string Word(AuditSeverity severity) => severity switch
    {
        AuditSeverity.Error => "error",
        AuditSeverity.Warning => "warning",
        AuditSeverity.Notice => "notice",
        _ => "informational",
    };

    private static string Text(object value) => value switch
    {
        DateTimeOffset time => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    // A value that could be taken for two, or for a line of its own, stands in quotation marks with its odd characters escaped.
    private static string Quoted(string text)
    {
        if (text.Length > 0 && !text.AsSpan().ContainsAny(" \"=\\") && !text.Any(char.IsControl))
            return text;
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            quoted.Append(c switch
            {
                '"' or '\\' => $"\\{c}",
                '\n' => "\\n",
                _ when char.IsControl(c) => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => $"{c}",
            });
        }
        return quoted.Append('"').ToString();
    }
}
