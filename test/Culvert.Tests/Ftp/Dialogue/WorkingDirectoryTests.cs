using Culvert.Ftp.Dialogue;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Tests.Ftp.Dialogue;

/// <summary>The path of a transfer is the one that the dialogue proves, or none.</summary>
public sealed class WorkingDirectoryTests
{
    // Commands and their replies, separated by " > "; then a transfer, and its whole path.
    [Theory]
    [InlineData("RETR x", null)]
    [InlineData("RETR /a/x", "/a/x")]
    [InlineData("RETR ~/x", null)]
    [InlineData("RETR x", "/x", "PWD > 257 \"/\" is the current directory")]
    [InlineData("RETR x", "/home/bob/x", "PWD > 257 \"/home/bob\"")]
    [InlineData("RETR x", "/a \"b\"/x", "XPWD > 257 \"/a \"\"b\"\"\" is it")]
    [InlineData("RETR x", null, "PWD > 257 \"C:\\\" is the current directory")]
    [InlineData("RETR x", null, "PWD > 257 \"/unended")]
    [InlineData("RETR x", null, "PWD > 257 somewhere")]
    [InlineData("RETR x", null, "PWD > 257 \"/a\"", "PWD > 257 somewhere")]
    [InlineData("RETR x", "/pub/x", "CWD /pub > 250 ok")]
    [InlineData("RETR x", "/pub/sub/x", "CWD /pub > 250 ok", "cwd sub > 250 ok")]
    [InlineData("RETR x", "/pub/x", "CWD /pub > 250 ok", "CWD sub > 550 no")]
    [InlineData("RETR x", null, "CWD sub > 250 ok")]
    [InlineData("RETR x", "/real/x", "CWD sub > 250 \"/real\" is the current directory.")] // pyftpdlib
    [InlineData("RETR x", "/pub/sub/../x", "CWD /pub/sub > 250 ok", "CDUP > 200 ok")]
    [InlineData("RETR x", "/pub/x", "CWD /pub/sub > 250 ok", "CDUP > 250 \"/pub\" is it")]
    [InlineData("RETR ../x", "/pub/../x", "CWD /pub > 250 ok")]
    [InlineData("RETR x", null, "CWD /pub > 250 ok", "CWD ~bob > 250 ok")]
    [InlineData("RETR x", null, "CWD /pub > 250 ok", "SMNT /other > 250 ok")]
    [InlineData("RETR x", null, "CWD /pub > 250 ok", "XCHROOT /pub > 250 ok")] // nobody knows what it did
    [InlineData("RETR x", null, "CWD /pub > 250 ok", "SITE CHDIR / > 250 ok")]
    [InlineData("RETR x", "/pub/x", "CWD /pub > 250 ok", "SITE CHMOD 600 y > 200 ok")]
    [InlineData("RETR x", null, "CWD /pub > 250 ok", "REIN > 220 ok")]
    [InlineData("RETR x", null, "CWD /pub > 250 ok", "USER bob > 331 ok")]
    [InlineData("LIST", "/pub", "CWD /pub > 250 ok")]
    [InlineData("LIST -la", "/pub", "CWD /pub > 250 ok")]
    [InlineData("NLST -a sub", "/pub/sub", "CWD /pub > 250 ok")]
    [InlineData("MLSD .", "/pub", "CWD /pub > 250 ok")]
    [InlineData("STOU", null, "CWD /pub > 250 ok")] // the server chooses the name
    [Proves(ProofTables.Dialogue, "the path of a transfer is resolved against the working directory, or unknown")]
    public void APathIsResolvedOrUnknown(string transfer, string? path, params string[] before)
    {
        var talk = new Talk();
        foreach (var exchange in before)
        {
            var parts = exchange.Split(" > ");
            talk.Client(parts[0]);
            talk.Server(parts[1]);
        }
        talk.Standing().Client(transfer);
        Assert.Equal(path, Assert.Single(talk.Facts).FullPath);
    }

    [Fact]
    [Proves(ProofTables.Dialogue, "what pipelined commands make of a transfer is known with its first reply")]
    public void WhatAPipelinedCommandMadeOfATransferIsKnownWithItsFirstReply()
    {
        var talk = new Talk();
        talk.Client("CWD /pub");
        talk.Server("250 ok");
        talk.Standing().Client("CWD sub", "TYPE I", "REST 100", "RETR x");
        Assert.Equal(new TransferFacts(null, null, "A", 100), Assert.Single(talk.Facts));
        talk.Server("250 ok", "200 ok", "350 ok", "150 go (900 bytes).");
        Assert.Equal([new(null, null, "A", 100), new(null, "/pub/sub/x", "I", 100)], talk.Facts);
        talk.News(new PathEvent.FarEnded(1));
        talk.Server("226 done");
        Assert.Equal(2, talk.Facts.Count);
    }

    [Fact]
    public void WhatTheServerRefusedCountsForNothing()
    {
        var talk = new Talk();
        talk.Client("USER bob", "CWD /pub", "TYPE I", "REST 100");
        talk.Server("331 ok", "550 no", "504 no", "501 no");
        talk.Standing().Client("RETR x");
        Assert.Equal(new TransferFacts("bob", null, "A", 0), Assert.Single(talk.Facts));
    }

    [Fact]
    public void APathThatGrowsWithoutEndIsGivenUp()
    {
        var talk = new Talk();
        talk.Client("CWD /a");
        talk.Server("250 ok");
        for (var i = 0; i < 200; i++)
        {
            talk.Client("CWD " + new string('d', 100));
            talk.Server("250 ok");
        }
        talk.Standing().Client("RETR x");
        Assert.Null(Assert.Single(talk.Facts).FullPath);
    }
}
