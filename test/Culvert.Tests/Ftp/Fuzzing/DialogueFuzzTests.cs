using System.Net;
using CsCheck;
using Culvert.Ftp.Dialogue;
using Culvert.Ftp.Wire;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>Random dialogues and random lines, of sane peers and of hostile ones. Under <c>--long</c> a million dialogues and ten million lines, and the
/// page <c>docs/proof/fuzzing.md</c> that says so.</summary>
[Collection(nameof(Alone))]
public sealed class DialogueFuzzTests
{
    private static readonly Gen<uint[]> Dialogues = Gen.UInt.Array[20, 120];
    private static readonly Gen<uint[]> Lines = Gen.UInt.Array[2, 2];

    private static long Count(long ordinarily, long whenLong) => FuzzRun.IsLong ? whenLong : ordinarily;

    [Fact]
    public async Task NeitherDialoguesNorLinesBreakARule()
    {
        var dialogues = FuzzRun.Run(Dialogues, Dialogue.Hold, Count(10_000, 1_000_000));
        var lines = FuzzRun.Run(Lines, LineTrial.Hold, Count(100_000, 10_000_000) / LineTrial.Lines);
        var addresses = FuzzRun.Run(Lines, AddressTrial.Hold, Count(100_000, 10_000_000) / AddressTrial.Lines);
        if (FuzzRun.IsLong)
            await FuzzPage.WriteAsync(dialogues, lines, addresses, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void ADialogueThatGoesOnForLongKeepsNothingOfItsPast()
    {
        var peer = new Peer(new("127.0.0.1", 49000), AddressKnowledge.Observed, new UserId("1000"), new("127.0.0.1", 1234));
        var conversation = new FtpConversation(new(), peer, IPAddress.Loopback, new("ftp.example", 21));
        conversation.OnReply(FtpLine.Of("220 hi"));
        var transfers = 0;
        void Transfer(int times)
        {
            for (; times > 0; times--)
            {
                transfers++;
                conversation.OnCommand(FtpLine.Of("EPSV"));
                conversation.OnReply(FtpLine.Of("229 ok (|||5001|)"));
                conversation.OnPath(new PathEvent.NearListening(transfers, new("127.0.0.1", 6001)));
                conversation.OnPath(new PathEvent.FarOpen(transfers));
                conversation.OnPath(new PathEvent.NearOpen(transfers));
                conversation.OnCommand(FtpLine.Of("RETR x"));
                conversation.OnReply(FtpLine.Of("150 go"));
                conversation.OnCommand(FtpLine.Of("ABOR"));
                conversation.OnReply(FtpLine.Of("226 done"));
                conversation.OnCommand(FtpLine.Of("AUTH TLS"));
                conversation.OnReply(FtpLine.Of("200 the relay's own"));
                while (conversation.TryDecide(out _)) { }
            }
        }
        Transfer(1_000);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        Transfer(20_000);
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.False(conversation.IsClosed || conversation.HoldsReplies);
        Assert.True(grown < 20_000 * 16, $"{grown} bytes after 20,000 transfers"); // less than one object for each
    }
}

/// <summary>Memory is measured, which is all of this process's: nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
