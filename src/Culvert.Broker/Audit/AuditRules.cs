using Culvert.Broker.Config;

namespace Culvert.Broker.Audit;

/// <summary>Which events are written, and how much they weigh: of several rules that match an event the last one counts. Pure.</summary>
internal static class AuditRules
{
    /// <summary>How much an event weighs; null: it goes nowhere.</summary>
    public static AuditSeverity? SeverityOf(AuditEvent audit, IReadOnlyList<LogEventsRule> rules)
    {
        var rule = rules.LastOrDefault(rule => Patterns.Matches(audit.Name, rule.Pattern));
        if (rule is null)
            return audit.Severity;
        if (rule.Facility.Equals("discard", StringComparison.OrdinalIgnoreCase))
            return null;
        return rule.Severity?.ToUpperInvariant() switch
        {
            null => audit.Severity,
            "ERROR" or "CRITICAL" or "ALERT" or "EMERGENCY" or "SECURITY-FAILURE" => AuditSeverity.Error,
            "WARNING" => AuditSeverity.Warning,
            "NOTICE" or "SECURITY-SUCCESS" => AuditSeverity.Notice,
            _ => AuditSeverity.Informational,
        };
    }
}
