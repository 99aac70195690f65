using System.Xml.Linq;

namespace Culvert.Broker.Config;

/// <summary>Reads logging: where events go, and what becomes of which.</summary>
/// <param name="machine">Where it is read.</param>
/// <param name="files">The weightiest first.</param>
/// <param name="findings">Takes what is wrong.</param>
internal sealed class XmlLogging(Machine machine, IReadOnlyList<XmlFile> files, XmlFindings findings)
{
    private static readonly string[] Facilities = ["normal", "daemon", "user", "auth", .. Enumerable.Range(0, 8).Select(number => $"local{number}"), "discard"];
    private static readonly string[] Severities = ["informational", "notice", "warning", "error", "critical", "security-success", "security-failure"];

    /// <summary>What all files say together.</summary>
    public LoggingConfig Read()
    {
        // The weightiest file that names targets names all of them. Of several rules the last one counts, so that file's come last as well.
        var targets = files.Select(file => Under(file, "log-target").Select(target => Target(file, target)).ToList()).FirstOrDefault(targets => targets.Count > 0) ?? [];
        var rules = files.Reverse().SelectMany(file => Under(file, "log-events").SelectMany(events => Rules(file, events))).ToList();
        return new LoggingConfig
        {
            Files = [.. targets.Select(target => target.Path).OfType<string>().Distinct(StringComparer.Ordinal)],
            ToSyslog = targets.Exists(target => target.Type == "SYSLOG"),
            Discards = targets.Exists(target => target.Type == "DISCARD"),
            Rules = [.. rules.Where(rule => rule.IsForTheRest).Select(rule => rule.Rule), .. rules.Where(rule => !rule.IsForTheRest).Select(rule => rule.Rule)],
        };
    }

    private static IEnumerable<XElement> Under(XmlFile file, string name) => file.Root.Elements("logging").Elements(name);

    private (string? Path, string? Type) Target(XmlFile file, XElement target)
    {
        var path = target.Attribute("file") is { Value.Length: > 0 } said ? XmlVariables.Expand(said.Value, machine) : null;
        switch (((string?)target.Attribute("type"))?.ToUpperInvariant())
        {
            case "SYSLOG": return (null, "SYSLOG");
            case "DISCARD": return (null, "DISCARD");
            case null or "FILE" when path is not null: return (path, null);
            case null or "FILE":
                findings.Mistake(file.Name, target, "<log-target> needs a file, or the type syslog or discard");
                return (null, null);
            default:
                findings.Mistake(file.Name, target.Attribute("type")!, $"type is file, syslog or discard, not \"{target.Attribute("type")!.Value}\"");
                return (null, null);
        }
    }

    // Without names it's for all events that no other names.
    private IEnumerable<(LogEventsRule Rule, bool IsForTheRest)> Rules(XmlFile file, XElement events)
    {
        var (facility, severity) = (Word(file, events, "facility", Facilities) ?? "normal", Word(file, events, "severity", Severities));
        foreach (var target in events.Elements("log-target"))
        {
            if (Target(file, target).Type == "DISCARD")
                facility = "discard";
            else
                findings.Note(file.Name, target, "log-target in log-events", "<log-target> in <log-events> is ignored, unless its type is discard: events go where <logging> says");
        }
        var names = events.Value.Split([' ', ',', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return names.Length == 0 ? [(new("*", facility, severity), true)] : names.Select(name => (new LogEventsRule(name, facility, severity), false));
    }

    private string? Word(XmlFile file, XElement element, string attribute, string[] words)
    {
        if (element.Attribute(attribute) is not { } said)
            return null;
        if (!words.Contains(said.Value, StringComparer.OrdinalIgnoreCase))
            findings.Mistake(file.Name, said, $"{attribute} is {string.Join(", ", words)}, not \"{said.Value}\"");
        return said.Value.ToLowerInvariant();
    }
}
