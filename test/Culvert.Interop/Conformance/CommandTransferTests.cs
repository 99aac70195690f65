using System.Globalization;
using System.Security.Cryptography;
using Culvert.Interop.Matrix;
using Culvert.Interop.Servers;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Interop.Conformance;

/// <summary>Each row of the command table, said to a real server through Culvert: what is refused is refused here and nothing else is, and
/// after it a file arrives whole.</summary>
public sealed class CommandTransferTests(Settings settings) : IClassFixture<Settings>
{
    private const string Name = "file";
    private const int Length = 30_000;

    public static TheoryData<string> Servers => [.. FtpServer.All];

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_file_arrives_after_every_verb(string server)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var tunnelled = await settings.GetAsync(new Setting(server, SshServer.OpenSsh, "-L", "convert", IPv6: false));
        var content = await File.ReadAllBytesAsync(tunnelled.Ftp.Offer(Name, Length), cancellation);
        foreach (var row in CommandRow.All)
        {
            // A session for each: after SMNT, USER or an unknown verb nobody knows how the server feels.
            await using var session = await RawSession.LoginAsync(tunnelled.Target, cancellation);
            RawSession.Expect("250", await session.AskAsync($"CWD {FtpServer.PublicName}"));
            try
            {
                await SayAsync(session, row, tunnelled, content);
            }
            catch (InvalidOperationException e)
            {
                Assert.Fail($"{row.Verb}: {e.Message}");
            }

            ProofLog.Add(ProofTables.Commands, row.Verb, CommandRow.RealTransfer, server);
        }
    }

    private static async Task SayAsync(RawSession session, CommandRow row, TunnelledServer tunnelled, byte[] content)
    {
        switch (row.Verb)
        {
            case "RETR":
                break;
            case "LIST" or "NLST":
                Assert.Contains(Name, System.Text.Encoding.Latin1.GetString(await session.FetchByAsync(row.Verb)), StringComparison.Ordinal);
                break;
            case "MLSD" when tunnelled.Ftp is not VsftpdServer:
                Assert.Contains(Name, System.Text.Encoding.Latin1.GetString(await session.FetchByAsync(row.Verb)), StringComparison.Ordinal);
                break;
            case "STOR":
                await session.StoreByAsync("STOR stored", content);
                Assert.Equal(content, await session.FetchAsync("stored"));
                break;
            case "APPE":
                File.Delete(tunnelled.Ftp.PathOf("appended"));
                await session.StoreByAsync("STOR appended", content[..1000]);
                await session.StoreByAsync("APPE appended", content[1000..]);
                Assert.Equal(content, await session.FetchAsync("appended"));
                break;
            case "STOU":
                if (tunnelled.Ftp is not ProFtpdServer) // which has it only where overwriting is forbidden
                {
                    await session.StoreByAsync("STOU", content);
                }

                break;
            case "REST":
                RawSession.Expect("350", await session.AskAsync("REST 10000"));
                Assert.Equal(content[10000..], await session.FetchAsync(Name));
                break;
            case "PASV":
                await FetchPassivelyAsync(session, "PASV", content);
                break;
            case "EPSV":
                await FetchPassivelyAsync(session, "EPSV", content);
                break;
            case "PORT" or "EPRT":
                await FetchActivelyAsync(session, row.Verb, content);
                break;
            case "EPSV ALL":
                RawSession.Expect("200", await session.AskAsync(row.Verb));
                RawSession.Expect("503", await session.AskAsync("PASV"));
                RawSession.Expect("503", await session.AskAsync("PORT 127,0,0,1,8,1"));
                break;
            case "REIN":
                if ((await session.AskAsync("REIN"))[0] == '2')
                {
                    await session.LoginAsync();
                    await session.AskAsync("CWD " + FtpServer.PublicName);
                }

                break;
            case "USER":
                await session.AskAsync($"USER {tunnelled.Ftp.User}");
                if ((await session.AskAsync($"PASS {tunnelled.Ftp.Password}"))[0] == '2')
                {
                    await session.AskAsync("TYPE I");
                    await session.AskAsync("CWD " + FtpServer.PublicName);
                }

                break;
            case "PASS":
                await session.AskAsync($"PASS {tunnelled.Ftp.Password}");
                break;
            case "QUIT":
                Assert.Equal(content, await session.FetchAsync(Name));
                RawSession.Expect("221", await session.AskAsync("QUIT"));
                return;
            case "(no verb)":
                RawSession.Expect("500", await session.AskAsync("\x01"));
                break;
            default:
                var reply = await session.AskAsync(Sample(row.Verb));
                Assert.NotEmpty(reply);
                if (row.Policy == "refuse")
                {
                    Assert.Equal(row.Does[..3], reply[..3]);
                }
                else
                {
                    Assert.False(IsOurRefusal(reply), $"{row.Verb}: {reply}");
                }

                await UndoAsync(session, row.Verb);
                break;
        }

        Assert.Equal(content, await session.FetchAsync(Name));
    }

    private static async Task FetchPassivelyAsync(RawSession session, string verb, byte[] content)
    {
        var reply = await session.AskAsync(verb);
        using var data = await session.ConnectDataAsync(reply);
        RawSession.Expect("1", await session.AskAsync("RETR " + Name));
        Assert.Equal(SHA256.HashData(content), SHA256.HashData(await session.ReadAllAsync(data)));
        RawSession.Expect("226", await session.HearAsync());
    }

    private static async Task FetchActivelyAsync(RawSession session, string verb, byte[] content)
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        RawSession.Expect("200", await session.AskAsync(verb == "PORT"
            ? string.Create(CultureInfo.InvariantCulture, $"PORT 127,0,0,1,{port >> 8},{port & 255}")
            : string.Create(CultureInfo.InvariantCulture, $"EPRT |1|127.0.0.1|{port}|")));
        var accepting = listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        RawSession.Expect("1", await session.AskAsync("RETR " + Name));
        using var data = await accepting;
        Assert.Equal(SHA256.HashData(content), SHA256.HashData(await session.ReadAllAsync(data)));
        RawSession.Expect("226", await session.HearAsync());
    }

    // What the command may have changed, so that the file can be fetched by the same name.
    private static async Task UndoAsync(RawSession session, string verb)
    {
        switch (verb)
        {
            case "RNFR":
                await session.AskAsync("RNTO " + Name);
                break;
            case "CDUP" or "XCUP":
                await session.AskAsync("CWD " + FtpServer.PublicName);
                break;
        }
    }

    /// <summary>The refusals that the relay has for what it doesn't translate: nothing that passes may be answered so.</summary>
    private static bool IsOurRefusal(string reply) => reply.Contains("through this tunnel", StringComparison.Ordinal)
        || reply.Contains("SSH encrypts", StringComparison.Ordinal) || reply.Contains("AUTH was refused", StringComparison.Ordinal);

    private static string Sample(string verb) => verb switch
    {
        "(unknown)" => "XYZZY a",
        "STAT path" => "STAT .",
        "CWD" or "XCWD" => verb + " .",
        "MODE" => "MODE S",
        "STRU" => "STRU F",
        "TYPE" => "TYPE I",
        "ALLO" => "ALLO 1000",
        "LANG" => "LANG en-US",
        "OPTS" => "OPTS UTF8 ON",
        "SITE" => "SITE HELP",
        "HOST" => "HOST localhost",
        "PRET" => "PRET RETR file",
        "MFMT" or "MFCT" => $"{verb} 20260101000000 {Name}",
        "MFF" => $"MFF Modify=20260101000000; {Name}",
        "SIZE" or "MDTM" or "MLST" or "RNFR" or "HASH" or "XCRC" or "XMD5" or "XSHA" or "XSHA1" or "XSHA256" or "XSHA512" or "MD5" => $"{verb} {Name}",
        "RANG" => "RANG 1 0", // an invalid range is the whole file
        "FEAT" or "ABOR" or "STAT" or "NOOP" or "CDUP" or "XCUP" or "PWD" or "XPWD" or "SYST" => verb,
        "MKD" or "XMKD" => verb + " made",
        "RMD" or "XRMD" => verb + " made",
        "DELE" => "DELE stored",
        "AUTH" => "AUTH TLS",
        "PROT" => "PROT P",
        _ => verb + " x",
    };
}
