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
    [InlineData("Xml_MessageWithErrorPosition, Xml_TagMismatchEx, profiles, 2, 2, secsh-broker, 4, 1", "</secsh-broker> can't end <profiles>, which begins in line 2")]
    [InlineData("Xml_MessageWithErrorPosition, Xml_SomethingNew, x, 4, 1", "not well-formed XML (SomethingNew)")]
    public void Sentences(string message, string sentence) => Assert.Equal(sentence, XmlSyntaxMessages.Of(message));
}
