using System.Xml;
using System.Xml.Linq;
using System.Xml.Schema;
using Culvert.Broker.Config;
using Culvert.TestKit;
using Xunit;

namespace Culvert.Tests.Broker.Xml;

/// <summary>The table of elements, and the schema that's written from it.</summary>
public sealed class XmlSchemaTests
{
    private static string Path => System.IO.Path.Combine(Repository.Root, "docs", "ssh-broker-config.xsd");

    [Fact]
    public void Every_element_that_may_stand_somewhere_has_its_rule_and_the_other_way_round()
    {
        var named = XmlGrammar.Table.SelectMany(rule => rule.Children).Append(XmlGrammar.Root).ToHashSet();
        Assert.Equal(named.Order(), XmlGrammar.Table.Select(rule => rule.Name).Order());
    }

    [Fact]
    public async Task Schema_is_written_from_the_table()
    {
        var text = $"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{XmlSchemaFile.Render()}\n";
        if (Environment.GetEnvironmentVariable("CULVERT_PROOF") == "1")
            await File.WriteAllTextAsync(Path, text, TestContext.Current.CancellationToken);
        Assert.Equal(text, await File.ReadAllTextAsync(Path, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("<profiles><profile id='id1' host='h'><tunnels><local-tunnel type='FTP' listen-port='1' dst-host='h' dst-port='21' allow-relay='NO' /></tunnels></profile></profiles>", true)]
    [InlineData("<secsh-broker version='1.0' xmlns:c='urn:culvert:config'><default-settings c:ftps='both'/><filter-engine x='1'><rule/></filter-engine></secsh-broker>", true)]
    [InlineData("<secsh-broker><logging><log-events facility='discard'>Key_store_*</log-events></logging><general/></secsh-broker>", true)]
    [InlineData("<secsh-broker><frobnicate/></secsh-broker>", false)]
    [InlineData("<profiles><profile usr='x'/></profiles>", false)]
    [InlineData("<secsh-broker><general xmlns:c='urn:culvert:config' c:ftps='both'/></secsh-broker>", false)]
    public void Schema_takes_what_the_reader_takes(string text, bool isValid)
    {
        var schemas = new XmlSchemaSet();
        using var reader = XmlReader.Create(Path);
        schemas.Add(null, reader);
        var mistakes = new List<string>();
        XDocument.Parse(text).Validate(schemas, (_, mistake) => mistakes.Add(mistake.Message));
        Assert.Equal(isValid, mistakes.Count == 0);
        var machine = new FakeMachine().With("/c.xml", text).Machine;
        Assert.Equal(isValid, Record.Exception(() => XmlConfiguration.Read(machine, ["/c.xml"])) is not ConfigException);
    }
}
