using System.Text;
using System.Text.Json;
using Culvert.Broker.Audit;
using Culvert.Broker.Config;
using Xunit;

namespace Culvert.Tests.Broker.Control;

public sealed class AuditTextTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, 5, TimeSpan.Zero);

    private static AuditEvent Event(params (string, object)[] fields) =>
        new("transfer.ended", AuditSeverity.Warning, [.. fields.Select(field => KeyValuePair.Create(field.Item1, field.Item2))]);

    [Fact]
    public void A_line_cannot_be_forged_by_a_value() => Assert.Equal(
        """2026-01-02T12:00:00.005Z warning transfer.ended path="/a b\n\"x\" result=complete" bytes=7""",
        AuditText.Line(Event(("path", "/a b\n\"x\" result=complete"), ("bytes", 7L)), AuditSeverity.Warning, Noon));

    [Fact]
    public void JSON_keeps_numbers_and_is_one_line()
    {
        var json = Encoding.UTF8.GetString(AuditText.Json(Event(("path", "a\nb"), ("bytes", 7L)), AuditSeverity.Error, Noon));
        Assert.Equal(1, json.Count(c => c == '\n'));
        var root = JsonDocument.Parse(json).RootElement;
        Assert.Equal(("transfer.ended", "error", "a\nb", 7), (root.GetProperty("event").GetString(), root.GetProperty("severity").GetString(), root.GetProperty("path").GetString(), root.GetProperty("bytes").GetInt32()));
    }

    [Fact]
    public void The_journal_gets_a_value_of_several_lines_with_its_length_in_front()
    {
        var datagram = AuditText.Journal(Event(("path", "a\nPRIORITY=0")), AuditSeverity.Warning);
        var text = Encoding.Latin1.GetString(datagram);
        Assert.Contains("PRIORITY=4\n", text, StringComparison.Ordinal);
        Assert.EndsWith("CULVERT_PATH\n\x0c\0\0\0\0\0\0\0a\nPRIORITY=0\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Syslog_gets_facility_and_severity_as_one_number() => Assert.Equal(
        $"<164>culvert[{Environment.ProcessId}]: warning transfer.ended bytes=7",
        Encoding.UTF8.GetString(AuditText.Syslog(Event(("bytes", 7L)), AuditSeverity.Warning, AuditRules.Facility(Event(), [new LogEventsRule("transfer.*", "local4", null)]))));

    [Theory]
    [InlineData("*", "normal", "error", AuditSeverity.Error)]
    [InlineData("transfer.*", "discard", null, null)]
    [InlineData("link.*", "discard", null, AuditSeverity.Warning)]
    [InlineData("transfer.ended", "auth", null, AuditSeverity.Warning)]
    public void The_last_rule_that_fits_counts(string pattern, string facility, string? severity, AuditSeverity? expected) =>
        Assert.Equal(expected, AuditRules.SeverityOf(Event(), [new LogEventsRule("*", "normal", "notice"), new LogEventsRule("*", "normal", null), new LogEventsRule(pattern, facility, severity)]));
}
