using System.Text.RegularExpressions;
using Culvert.Interop.Clients;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Interop.Conformance;

/// <summary>Each odd spelling of PASV, EPSV, PORT and EPRT: does a real server take it? And whatever it takes, through Culvert it is translated or
/// refused: no such command and no foreign address goes out as it came, and no port of the server's own comes back.</summary>
public sealed partial class SpellingTests
{
    /// <summary>The table on the page.</summary>
    public const string Table = "Spellings";

    public static TheoryData<string> Servers => [.. FtpServer.All];

    [Theory]
    [MemberData(nameof(Servers))]
    [Proves(ProofTables.Attacks, Attack.Bounce)]
    [Proves(ProofTables.Attacks, Attack.Injection)]
    [Proves(ProofTables.Attacks, Attack.OddSpellings)]
    public async Task A_spelling_is_translated_or_refused(string server)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var ftp = await FtpServer.StartAsync(server, cancellation, new FtpServerOptions { AcceptsForeignAddresses = true });
        await using var tap = new ControlTap(ftp.Port);
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        await using var culvert = await CulvertProcess.StartAsync(ssh, cancellation, "-L", $"ftp/0:127.0.0.1:{tap.Port}");
        var content = await File.ReadAllBytesAsync(ftp.Offer("file", 3000), cancellation);
        var direct = FtpTarget.Through(ftp, tap.Port);
        var relayed = FtpTarget.Through(ftp, culvert.Port);
        foreach (var spelling in Spelling.All)
        {
            // The control: the tap sees it, as it must when it gets through.
            var taken = await TryAllAsync(direct, spelling, (bytes, _) => Assert.Contains(bytes, tap.TakeSent(), StringComparison.Ordinal), cancellation);
            tap.TakeAnswered();
            var translated = await TryAllAsync(relayed, spelling, (bytes, said) => AssertNothingEscaped(tap.TakeSent(), tap.TakeAnswered(), said, bytes, server), cancellation);
            ProofLog.Add(Table, spelling.Name, server, taken);
            ProofLog.Add(Table, spelling.Name, "through Culvert", translated == "-" ? IsUnknown(spelling) ? "passes; no server knows it" : "refused" : "translated: " + translated);
        }

        // Nothing is out of step or worn out: a file arrives.
        await using var session = await RawSession.LoginAsync(relayed, cancellation);
        RawSession.Expect("250", await session.AskAsync("CWD " + FtpServer.PublicName));
        Assert.Equal(content, await session.FetchAsync("file"));
    }

    /// <summary>Says each command in a spelling, and tells which were accepted: what a 227, a 229 or a 200 about it shows.</summary>
    private static async Task<string> TryAllAsync(FtpTarget target, Spelling spelling, Action<string, string> check, CancellationToken cancellation)
    {
        var accepted = new List<string>();
        var session = await RawSession.LoginAsync(target, cancellation);
        try
        {
            foreach (var (verb, argument) in Spelling.Commands)
            {
                var bytes = spelling.Say(verb, argument);
                var heard = await SayAsync(session, spelling, bytes);
                check(bytes, heard);
                if (Accepted().IsMatch(heard))
                {
                    accepted.Add(verb);
                }

                if (!(await session.AskAsync("HELP")).StartsWith("214", StringComparison.Ordinal))
                {
                    await session.DisposeAsync();
                    session = await RawSession.LoginAsync(target, cancellation);
                }
            }
        }
        finally
        {
            await session.DisposeAsync();
        }

        return accepted.Count == 0 ? "-" : string.Join(' ', accepted);
    }

    private static async Task<string> SayAsync(RawSession session, Spelling spelling, string bytes)
    {
        if (spelling.Name == "one byte a segment")
        {
            await session.SaySlowlyAsync(bytes);
        }
        else
        {
            await session.SayAsync(bytes);
        }

        // However many replies that brings, the one to HELP is the last. A server that waits for the end of a line finds it here.
        await session.SayAsync("\r\n");
        var heard = "";
        // Twice: pyftpdlib says how its connection went in a turn of its own.
        for (var turn = 0; turn < 2; turn++)
        {
            await session.SayAsync("HELP\r\n");
            while (await session.HearAsync() is { Length: > 0 } reply && !reply.StartsWith("214", StringComparison.Ordinal))
            {
                heard += reply + "\n";
            }
        }

        return heard;
    }

    private static bool IsUnknown(Spelling spelling) => spelling.Text.StartsWith("SITE ", StringComparison.Ordinal) || spelling.Text.StartsWith('X');

    private static void AssertNothingEscaped(string sent, string answered, string said, string bytes, string server)
    {
        var why = $"{server}, {bytes}: the client heard\n{said}\nthe server\n{sent}";
        // What went out are the relay's own words, or nothing of the kind.
        // Behind X and SITE stands no command that anybody knows: that passes, and the servers' own replies are watched.
        if (bytes.StartsWith("SITE ", StringComparison.Ordinal) || bytes.StartsWith('X'))
        {
            Assert.DoesNotMatch(Accepted(), answered);
            return;
        }

        Assert.False(sent.Contains("77,77", StringComparison.Ordinal) || sent.Contains("127.0.0.77", StringComparison.Ordinal), why);
        var asItCame = bytes.TrimEnd('\r', '\n') is "PASV" or "EPSV";
        Assert.True(asItCame || !sent.Contains(bytes, StringComparison.Ordinal), why);
        foreach (var line in sent.Split("\r\n"))
        {
            Assert.True(line is "PASV" or "EPSV" || !Setup().IsMatch(line), $"{line}\n{why}");
        }

        var servers = Passive().Matches(answered).Select(reply => RawSession.PortIn(reply.Value));
        Assert.Empty(Passive().Matches(said).Select(reply => RawSession.PortIn(reply.Value)).Intersect(servers));
    }

    [GeneratedRegex("^(227|229) .*$", RegexOptions.Multiline)]
    private static partial Regex Passive();

    // pyftpdlib connects at once, and says how that went.
    [GeneratedRegex(@"^(227 |229 |200 (PORT|EPRT|Active)|4\d\d .*[Cc]onnect)", RegexOptions.Multiline)]
    private static partial Regex Accepted();

    [GeneratedRegex("P[^A-Z]{0,6}A[^A-Z]{0,6}S[^A-Z]{0,6}V|E[^A-Z]{0,6}P[^A-Z]{0,6}S[^A-Z]{0,6}V|P[^A-Z]{0,6}O[^A-Z]{0,6}R[^A-Z]{0,6}T|E[^A-Z]{0,6}P[^A-Z]{0,6}R[^A-Z]{0,6}T", RegexOptions.IgnoreCase)]
    private static partial Regex Setup();
}
