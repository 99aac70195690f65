namespace Culvert.Broker.Config;

/// <summary>What isn't well-formed XML, in a sentence. The native program carries no texts of the runtime's, only their names (they are a third of a megabyte):
/// then the name is put into words here. Pure.</summary>
internal static class XmlSyntaxMessages
{
    private const string Wrapper = "Xml_MessageWithErrorPosition, ";

    /// <summary>A sentence without its place, which stands in front already.</summary>
    /// <param name="message">The parser's message.</param>
    /// <param name="here">The word at its place; empty: there is none.</param>
    /// <param name="open">The element that is open there, and the line where it begins; null: none is.</param>
    public static string Of(string message, string here, (string Name, int Line)? open)
    {
        var text = message.StartsWith(Wrapper, StringComparison.Ordinal) ? message[Wrapper.Length..] : message;
        if (text.StartsWith("Xml_", StringComparison.Ordinal))
            return Named(text.Split(", ")[0], here, open);
        // In words the place is the last sentence.
        var end = text.IndexOf(" Line ", StringComparison.Ordinal);
        return (end > 0 ? text[..end] : text).TrimEnd('.');
    }

    private static string Named(string name, string here, (string Name, int Line)? open) => name switch
    {
        "Xml_TagMismatchEx" or "Xml_TagMismatch" when open is { } begun => FormattableString.Invariant($"</{here}> can't end <{begun.Name}>, which begins in line {begun.Line}"),
        "Xml_UnexpectedEndTag" => "an end tag that ends nothing",
        "Xml_UnexpectedEOF" or "Xml_UnexpectedEOFInElementContent" or "Xml_UnexpectedEOF1" => "the file ends before its elements do",
        "Xml_UnexpectedTokenEx" or "Xml_UnexpectedToken" or "Xml_UnexpectedTokens2" when here.Length > 0 => $"'{here}' can't stand here: is a quote, or an equals sign, missing?",
        "Xml_BadStartNameChar" or "Xml_BadNameChar" => "no name of an element or attribute can stand here: is the tag before it closed by '>'?",
        "Xml_BadAttributeChar" => "'<' can't stand in an attribute: is a quote missing?",
        "Xml_DupAttributeName" => $"the attribute {here} stands twice",
        "Xml_ExpectingWhiteSpace" => "a blank is missing between attributes",
        "Xml_UndeclaredEntity" => "entities aren't supported, except &lt; &gt; &amp; &quot; &apos;",
        "Xml_MissingRoot" => "there is no element in it",
        "Xml_MultipleRoots" => "there are several root elements",
        "Xml_InvalidRootData" => "what stands before the first element is no XML",
        "Xml_InvalidCharacter" => "a character that XML doesn't allow",
        "Xml_UnknownNs" => $"the namespace prefix in {here} is declared nowhere",
        "Xml_InvalidCommentChars" => "'--' can't stand in a comment",
        "Xml_LimitExceeded" => "the file is too large",
        var other => $"not well-formed XML ({other["Xml_".Length..]})",
    };
}
