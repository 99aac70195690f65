using System.Xml;
using System.Xml.Linq;

namespace Culvert.Broker.Config;

/// <summary>Collects what is wrong with files, and what in them has no effect, each with its place.</summary>
internal sealed class XmlFindings
{
    private readonly List<(string File, int Line, int Column, string Message)> _mistakes = [], _notes = [];
    private readonly HashSet<string> _noted = new(StringComparer.Ordinal);

    /// <summary>What is wrong, as <c>file:line:column: message</c>, in the order of the files and lines.</summary>
    public IReadOnlyList<string> Mistakes => Lines(_mistakes);

    /// <summary>What has no effect, once for each name, likewise.</summary>
    public IReadOnlyList<string> Notes => Lines(_notes);

    public void Mistake(string file, XObject at, string message) => _mistakes.Add(At(file, at, message));

    public void Mistake(string file, int line, int column, string message) => _mistakes.Add((file, line, column, message));

    /// <summary>A file that can't be read at all.</summary>
    public void Mistake(string file, string message) => _mistakes.Add((file, 0, 0, message));

    public void Note(string file, XObject at, string name, string message)
    {
        if (_noted.Add(name))
            _notes.Add(At(file, at, message));
    }

    private static (string File, int Line, int Column, string Message) At(string file, XObject at, string message) =>
        (file, ((IXmlLineInfo)at).LineNumber, ((IXmlLineInfo)at).LinePosition, message);

    private static IReadOnlyList<string> Lines(IEnumerable<(string File, int Line, int Column, string Message)> findings) =>
    [
        .. findings.GroupBy(finding => finding.File, StringComparer.Ordinal)
            .SelectMany(file => file.OrderBy(finding => (finding.Line, finding.Column)))
            .Select(finding => finding.Line == 0 ? $"{finding.File}: {finding.Message}" : FormattableString.Invariant($"{finding.File}:{finding.Line}:{finding.Column}: {finding.Message}"))
            .Distinct(StringComparer.Ordinal),
    ];
}

/// <summary>One file, read and held against the table.</summary>
/// <param name="Name">As messages name it.</param>
/// <param name="Root">Its root, <c>secsh-broker</c> whatever it was.</param>
/// <param name="IsPrivate">Nobody but its owner and root can read it.</param>
internal sealed record XmlFile(string Name, XElement Root, bool IsPrivate)
{
    /// <summary>More is no configuration: a thousand profiles fit ten times.</summary>
    private const int MostCharacters = 8 << 20;

    /// <summary>Elements in one another: what is known needs seven. Building a tree takes time with the square of its depth.</summary>
    private const int Deepest = 64;

    /// <summary>Reads a file's text, which was read.</summary>
    /// <returns>Null: it isn't XML, or not this kind; the findings say why.</returns>
    public static XmlFile? Read(string name, ConfigText text, XmlFindings findings)
    {
        // A document type is passed over and never fetched; entities beyond XML's own five don't exist.
        var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null, MaxCharactersInDocument = MostCharacters };
        var whole = string.Join('\n', text.Lines!);
        var open = new Stack<(string Name, int Line)>();
        try
        {
            if (TooDeep(whole, settings, open) is { } place)
            {
                findings.Mistake(name, place.Line, place.Column, $"more than {Deepest} elements stand in one another");
                return null;
            }
            using var reader = XmlReader.Create(new StringReader(whole), settings);
            var root = XDocument.Load(reader, LoadOptions.SetLineInfo).Root!;
            if (root.Name.LocalName is not (XmlGrammar.Root or XmlGrammar.Profiles) || root.Name.NamespaceName.Length > 0)
            {
                findings.Mistake(name, root, $"the root is <{root.Name.LocalName}>; it must be <{XmlGrammar.Root}>, or <{XmlGrammar.Profiles}> in a file that holds nothing else");
                return null;
            }
            Check(name, root, XmlGrammar.Find(root.Name.LocalName)!, findings);
            root.Remove(); // what has a parent is copied when it gets another one, and the copy doesn't know its lines
            return new(name, root.Name.LocalName == XmlGrammar.Root ? root : new XElement(XmlGrammar.Root, root), text.IsPrivate);
        }
        catch (XmlException e)
        {
            findings.Mistake(name, Math.Max(1, e.LineNumber), Math.Max(1, e.LinePosition), XmlSyntaxMessages.Of(e.Message, WordAt(text.Lines!, e.LineNumber, e.LinePosition), open.TryPeek(out var last) ? last : null));
            return null;
        }
    }

    // What is open where reading stops is left for whoever says why it did.
    private static (int Line, int Column)? TooDeep(string text, XmlReaderSettings settings, Stack<(string Name, int Line)> open)
    {
        using var reader = XmlReader.Create(new StringReader(text), settings);
        while (reader.Read())
        {
            var (line, column) = (((IXmlLineInfo)reader).LineNumber, ((IXmlLineInfo)reader).LinePosition);
            if (reader.Depth > Deepest)
                return (line, column);
            if (reader is { NodeType: XmlNodeType.Element, IsEmptyElement: false })
                open.Push((reader.Name, line));
            else if (reader.NodeType == XmlNodeType.EndElement)
                open.Pop();
        }
        return null;
    }

    // A name, or one character of anything else; empty: the place is none.
    private static string WordAt(IReadOnlyList<string> lines, int line, int column)
    {
        if (line < 1 || line > lines.Count || column < 1 || column > lines[line - 1].Length)
            return "";
        var rest = lines[line - 1][(column - 1)..];
        var name = string.Concat(rest.TakeWhile(c => char.IsLetterOrDigit(c) || c is '_' or '-' or '.' or ':'));
        return name.Length > 0 ? name : rest[..1];
    }

    private static void Check(string file, XElement element, XmlRule rule, XmlFindings findings)
    {
        if (rule.Ignored is { } why)
            findings.Note(file, element, rule.Name, $"<{rule.Name}> is ignored: {why}");
        if (rule.IsOpaque)
            return;
        foreach (var attribute in element.Attributes().Where(attribute => !attribute.IsNamespaceDeclaration))
            Check(file, element, attribute, rule, findings);
        if (!rule.HasText && element.Nodes().OfType<XText>().FirstOrDefault(text => !string.IsNullOrWhiteSpace(text.Value)) is { } stray)
            findings.Mistake(file, stray, $"<{rule.Name}> holds no text");
        foreach (var child in element.Elements())
        {
            if (child.Name.NamespaceName.Length == 0 && rule.Children.Contains(child.Name.LocalName))
                Check(file, child, XmlGrammar.Find(child.Name.LocalName)!, findings);
            else if (XmlGrammar.Find(child.Name.LocalName) is null || child.Name.NamespaceName.Length > 0)
                findings.Mistake(file, child, $"unknown element <{child.Name.LocalName}>");
            else
                findings.Mistake(file, child, $"<{child.Name.LocalName}> can't stand in <{rule.Name}>");
        }
    }

    private static void Check(string file, XElement element, XAttribute attribute, XmlRule rule, XmlFindings findings)
    {
        var name = attribute.Name.LocalName;
        if (attribute.Name.NamespaceName == XmlGrammar.Ours)
        {
            if (!rule.HasOwnSettings)
                findings.Mistake(file, attribute, $"<{rule.Name}> takes no setting of Culvert's; default-settings, profile and the tunnels do");
            else if (XmlSettings.OwnKeyword(name) is null)
                findings.Mistake(file, attribute, $"Culvert has no setting {name}; culvert(1) lists them");
        }
        else if (attribute.Name.NamespaceName.Length > 0 || !rule.Attributes.Contains(name))
        {
            findings.Mistake(file, attribute, $"<{element.Name.LocalName}> has no attribute {attribute.Name.LocalName}");
        }
    }
}
