using Culvert.Broker.Config;

namespace Culvert.Broker.Audit;

/// <summary>Which events are written, and how much they weigh: of several rules that match an event the last one counts. Pure.</summary>
internal static class AuditRules
{
    /// <summary>The rule for an event; null: none fits.</summary>
    public static LogEventsRule? Of(AuditEvent audit, IReadOnlyList<LogEventsRule> rules) => rules.LastOrDefault(rule => Patterns.Matches(audit.Name, rule.Pattern));

    /// <summary>How much an event weighs; null: it goes nowhere.</summary>
    public static AuditSeverity? SeverityOf(AuditEvent audit, IReadOnlyList<LogEventsRule> rules)
    {
        var rule = Of(audit, rules);
        if (rule is null)
            return audit.Severity;
        if (rule.Facility.Equals("discard", StringComparison.OrdinalIgnoreCase))
            return null;
        return rule.Severity?.ToUpperInvariant() switch
        {
            null => audit.Severity,
            "ERROR" or "CRITICAL" or "SECURITY-FAILURE" => AuditSeverity.Error,
            "WARNING" => AuditSeverity.Warning,
            "NOTICE" or "SECURITY-SUCCESS" => AuditSeverity.Notice,
            _ => AuditSeverity.Informational,
        };
    }

    /// <summary>Syslog's number of an event's facility (RFC 5424 §6.2.1); daemon, where nothing else is said.</summary>
    public static int Facility(AuditEvent audit, IReadOnlyList<LogEventsRule> rules) => Of(audit, rules)?.Facility.ToUpperInvariant() switch
    {
        "USER" => 1,
        "AUTH" => 4,
        ['L', 'O', 'C', 'A', 'L', >= '0' and <= '7' and var number] => 16 + (number - '0'),
        _ => 3,
    };
}
