using CsCheck;
using Culvert.Ftp;
using Culvert.Ftp.Dialogue;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Ftp;

/// <summary>Dialogues that no sane peers would hold. Whatever is said and happens, in whatever order: no foreign address gets through, nothing
/// is called complete that didn't end, each transfer and each path ends once, and nothing is said after the end.</summary>
public sealed class ConversationFuzzTests
{
    private const long Dialogues = 5_000;
    private const int Steps = 60;

    private static readonly string[] Commands =
    [
        "USER u", "PASS x", "PASV", "EPSV", "EPSV ALL", "EPSV 1", "PORT 127,0,0,1,8,1", "EPRT |1|127.0.0.1|2049|", "PORT 10,0,0,9,8,1", "RETR x", "STOR x", "APPE x", "STOU",
        "LIST", "REST 5", "ABOR", "STAT", "STAT /", "NOOP", "TYPE I", "TYPE A", "SIZE x", "FEAT", "AUTH TLS", "LPSV", "REIN", "QUIT", "XFOO", "\x01", "HOST localhost", "PWD",
    ];

    private static readonly string[] Replies =
    [
        "220 hi", "230 in", "331 pass", "200 ok", "226 done", "225 none", "426 cut", "425 no", "150 go (100 bytes).", "125 go", "120 soon", "350 rest", "250 ok", "257 /",
        "211 stat", "213 5", "221 bye", "421 idle", "450 busy", "500 what", "502 no", "530 login", "550 none", "227 ok (10,0,0,9,8,1)", "227 ok (10,0,0,9,8,1) (10,0,0,8,8,1)",
        "227 none", "229 ok (|||5001|)", "229 ok (|||80|)", "229 none", "227-a", "226-a", "200-a", "211-a", "421-a", " text", "227 x (10,0,0,9,8,1)", "2279 (10,0,0,9,8,1)",
        "200 (10,0,0,9,8,1)", "hello", "631 safe",
    ];

    [Fact]
    public void NothingLeaksAndNothingCutIsCalledWhole() =>
        Gen.Select(Gen.Select(Gen.Int[0, 9], Gen.Int[0, 999]).Array[Steps], Gen.Int[0, 2]).Sample((steps, active) => Run(steps, (ActiveMode)active), iter: Dialogues);

    private static void Run((int Kind, int Pick)[] steps, ActiveMode active)
    {
        var talk = new Talk(new FtpRelayOptions { Active = active }, greet: steps[0].Pick % 8 != 0);
        var facts = new Facts();
        foreach (var (kind, pick) in steps)
        {
            var path = (pick % 3) + Math.Max(1, facts.LastPath - 1);
            if (kind < 4)
                facts.Check(talk, talk.Client(Commands[pick % Commands.Length]));
            else if (kind < 7)
            {
                if (!talk.Holds && !talk.IsClosed)
                    facts.Check(talk, talk.Server(Replies[pick % Replies.Length]));
            }
            else if (kind < 9 || pick % 10 > 2)
                facts.Check(talk, talk.News(facts.Note(News(path, pick))));
            else
                facts.Check(talk, (pick % 10) switch { 0 => talk.ClientGone(), 1 => talk.Shutdown(), _ => talk.News(News(0, pick)) });
        }
        facts.Check(talk, talk.ServerGone());
        Assert.True(talk.IsClosed);
        Facts.CheckEnd(talk);
    }

    private static PathEvent News(int path, int pick) => (pick / 3 % 12) switch
    {
        0 => new PathEvent.NearListening(path, new("127.0.0.1", 6001)),
        1 or 2 => new PathEvent.NearOpen(path),
        3 => new PathEvent.FarListening(path, new("127.0.0.1", 40000)),
        4 => new PathEvent.FarOpen(path),
        5 => new PathEvent.NearFailed(path, new(FailureKind.Timeout, "late")),
        6 => new PathEvent.FarFailed(path, new(FailureKind.Refused, "refused")),
        7 => new PathEvent.NearEnded(path),
        8 => new PathEvent.FarEnded(path),
        9 => new PathEvent.NearBroken(path),
        10 => new PathEvent.FarBroken(path),
        _ => new PathEvent.TimerElapsed(path, (TimerKind)(pick % 8), pick % 2, pick % 5 == 0),
    };

    /// <summary>What was seen so far, and what must hold of it.</summary>
    private sealed class Facts
    {
        private readonly HashSet<(int Path, Type Kind)> _seen = [];
        private readonly HashSet<string> _settled = [];
        private int _told;
        private bool _closed;

        public int LastPath { get; private set; }

        public PathEvent Note(PathEvent news)
        {
            _seen.Add((news.Path, news.GetType()));
            return news;
        }

        public void Check(Talk talk, string[] decided)
        {
            Assert.False(_closed && decided.Length > 0, $"after the end: {string.Join(", ", decided)}");
            foreach (var one in decided)
            {
                if (one.StartsWith("C< 227", StringComparison.Ordinal))
                    Assert.Equal("C< 227 Entering Passive Mode (127,0,0,1,23,113).", one);
                else if (one.StartsWith("C< 229", StringComparison.Ordinal))
                    Assert.Equal("C< 229 Entering Extended Passive Mode (|||6001|)", one);
                else if (one.StartsWith("S< ", StringComparison.Ordinal))
                    Assert.True(!one.Contains("10,0,0,9", StringComparison.Ordinal) && (!one.Contains("PORT", StringComparison.Ordinal) || one == "S< PORT 127,0,0,1,156,64") && !one.Contains("EPRT", StringComparison.Ordinal), one);
                else if (one.StartsWith("dial far ", StringComparison.Ordinal))
                    Assert.True(one.EndsWith(" :2049", StringComparison.Ordinal) || one.EndsWith(" :5001", StringComparison.Ordinal), one);
                else if (one.StartsWith("settle ", StringComparison.Ordinal))
                    Assert.True(_settled.Add(one.Split(' ')[1]), $"twice: {one}");
                _closed |= one == "close";
                if (one.Split(' ') is [_, _, var path, ..] && int.TryParse(path, out var number))
                    LastPath = Math.Max(LastPath, number);
            }
            foreach (var told in talk.Told.Skip(_told))
                CheckTold(talk, told);
            _told = talk.Told.Count;
        }

        public static void CheckEnd(Talk talk)
        {
            var begun = talk.Told.Where(told => told.StartsWith("began ", StringComparison.Ordinal)).Select(told => told.Split(' ')[1]);
            var finished = talk.Told.Where(told => told.StartsWith("finished ", StringComparison.Ordinal)).Select(told => told.Split(' ')[1]);
            Assert.Equal(begun.Order(), finished.Order());
        }

        private void CheckTold(Talk talk, string told)
        {
            if (told.Split(' ') is not ["finished", var path, "Complete", ..])
                return;
            var id = int.Parse(path, System.Globalization.CultureInfo.InvariantCulture);
            var upload = talk.Told.Last(t => t.StartsWith($"began {path} ", StringComparison.Ordinal)).Split(' ')[2] is "STOR" or "APPE" or "STOU";
            Assert.Contains((id, upload ? typeof(PathEvent.NearEnded) : typeof(PathEvent.FarEnded)), _seen);
            Assert.DoesNotContain((id, typeof(PathEvent.NearBroken)), _seen);
            Assert.DoesNotContain((id, typeof(PathEvent.FarBroken)), _seen);
        }
    }
}
