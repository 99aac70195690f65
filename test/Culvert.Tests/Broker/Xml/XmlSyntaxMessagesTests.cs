using Culvert.Broker.Config;
using Xunit;

namespace Culvert.Tests.Broker.Xml;

/// <summary>What a parser says with its texts, and without them as in the native program.</summary>
public sealed class XmlSyntaxMessagesTests
{
    [Theory]
    [InlineData("Name cannot begin with the '<' character, hexadecimal value 0x3C. Line 4, position 1.", "Name cannot begin with the '<' character, hexadecimal value 0x3C")]
    [InlineData("Root element is missing.", "Root element is missing")]
    [InlineData("Xml_MissingRoot", "there is no element in it")]
    [InlineData("Xml_MessageWithErrorPosition, Xml_BadStartNameChar, 4, 1", "no name of an element or attribute can stand here: is the tag before it closed by '>'?")]
    // The native program's parser leaves out what its texts would name: it's taken from the file.
    [InlineData("Xml_MessageWithErrorPosition, Xml_TagMismatchEx, 4, 1", "</word> can't end <profiles>, which begins in line 2")]
    [InlineData("Xml_MessageWithErrorPosition, Xml_DupAttributeName, 4, 1", "the attribute word stands twice")]
    [InlineData("Xml_MessageWithErrorPosition, Xml_UnexpectedTokenEx, 4, 1", "'word' can't stand here: is a quote, or an equals sign, missing?")]
    [InlineData("Xml_MessageWithErrorPosition, Xml_UnknownNs, 4, 1", "the namespace prefix in word is declared nowhere")]
    [InlineData("Xml_MessageWithErrorPosition, Xml_SomethingNew, 4, 1", "not well-formed XML (SomethingNew)")]
    public void Sentences(string message, string sentence) => Assert.Equal(sentence, XmlSyntaxMessages.Of(message, "word", ("profiles", 2)));
}
