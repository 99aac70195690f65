using System.Xml.Linq;
using Culvert.Broker.Config;

namespace Culvert.Tests.Broker.Xml;

/// <summary>Writes <c>docs/ssh-broker-config.xsd</c> from the one table of elements, so that editors know what the program knows.</summary>
internal static class XmlSchemaFile
{
    private static readonly XNamespace Xs = "http://www.w3.org/2001/XMLSchema";

    public static XDocument Render() => new(
        new XComment(" What culvert reads as ssh-broker-config.xml, written from src/Culvert.Broker/Config/Xml/XmlGrammar.cs by the tests (CULVERT_PROOF=1 ./test.sh XmlSchema).\n"
            + "     The order of elements is free. \"ignored\" says why an element has no effect. ssh-broker-config(5) says what the others mean. "),
        new XElement(Xs + "schema", new XAttribute("elementFormDefault", "qualified"), new XAttribute(XNamespace.Xmlns + "xs", Xs.NamespaceName), XmlGrammar.Table.Select(Element)));

    private static XElement Element(XmlRule rule) => new(
        Xs + "element", new XAttribute("name", rule.Name),
        rule.Ignored is { } why ? new XElement(Xs + "annotation", new XElement(Xs + "documentation", "ignored: " + why)) : null,
        new XElement(Xs + "complexType", rule.HasText || rule.IsOpaque ? new XAttribute("mixed", true) : null, Content(rule), rule.Attributes.Select(Attribute), Foreign(rule)));

    private static XElement? Content(XmlRule rule)
    {
        var choice = new XElement(Xs + "choice", new XAttribute("minOccurs", 0), new XAttribute("maxOccurs", "unbounded"));
        if (rule.IsOpaque)
            return Added(choice, new XElement(Xs + "any", new XAttribute("processContents", "skip")));
        return rule.Children.Count == 0 ? null : Added(choice, [.. rule.Children.Select(child => new XElement(Xs + "element", new XAttribute("ref", child)))]);
    }

    private static XElement Added(XElement element, params XElement[] children)
    {
        element.Add([.. children]);
        return element;
    }

    private static XElement Attribute(string name) => new(Xs + "attribute", new XAttribute("name", name), new XAttribute("type", "xs:string"));

    private static XElement? Foreign(XmlRule rule) => rule.IsOpaque ? AnyAttribute("##any") : rule.HasOwnSettings ? AnyAttribute(XmlGrammar.Ours) : null;

    private static XElement AnyAttribute(string space) => new(Xs + "anyAttribute", new XAttribute("namespace", space), new XAttribute("processContents", "skip"));
}
