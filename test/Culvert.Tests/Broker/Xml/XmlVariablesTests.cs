using Culvert.Broker.Config;
using Xunit;

namespace Culvert.Tests.Broker.Xml;

/// <summary>Tectia's variables.</summary>
public sealed class XmlVariablesTests
{
    [Theory]
    [InlineData("%HOST%/x", "web/x")]
    [InlineData("%NOBODY%/x", "%NOBODY%/x")]
    [InlineData("$HOST/x", "web/x")]
    [InlineData("$NOBODY/x", "/x")]
    [InlineData("${HOST}text", "webtext")]
    [InlineData("${NOBODY}text", "text")]
    [InlineData("${NOBODY:-default}", "default")]
    [InlineData("${HOST:-default}", "web")]
    [InlineData("%U %username% %D %homedir% %IU", "me me /home/me /home/me 1000")]
    [InlineData("%G-%IG %Go", "users-100 userso")]
    [InlineData("%USERNAME%", "me")]
    [InlineData("%D/.ssh2", "/home/me/.ssh2")]
    [InlineData("100% of $ and %% ${", "100% of $ and %% ${")]
    [InlineData("", "")]
    public void Variables(string text, string expanded)
    {
        var machine = new FakeMachine();
        machine.Variables["HOST"] = "web";
        Assert.Equal(expanded, XmlVariables.Expand(text, machine.Machine));
    }

    [Fact]
    public void The_environments_own_counts_more_than_a_special_one()
    {
        var machine = new FakeMachine();
        machine.Variables["username"] = "somebody";
        Assert.Equal("somebody", XmlVariables.Expand("%username%", machine.Machine));
    }
}
