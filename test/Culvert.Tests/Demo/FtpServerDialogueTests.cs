using System.Text;
using Culvert.Demo.Dialogue;
using Culvert.Demo.Client;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Demo;

public sealed class FtpServerDialogueTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_done_before_the_login()
    {
        await using var ftp = await FtpServerFixture.StartAsync();
        await using var connection = await ftp.ConnectAsync();
        var lines = new LineReader(connection);
        Assert.StartsWith("220 ", (await lines.ReadAsync(Stop)).Text, StringComparison.Ordinal);
        foreach (string command in new[] { "PWD", "PASV", "PORT 127,0,0,1,200,1", "LIST", "STOR x", "SIZE x", "STAT", "PASS x" })
            Assert.StartsWith(command == "PASS x" ? "503 " : "530 ", await AskAsync(connection, lines, command), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_third_wrong_password_ends_the_session()
    {
        await using var ftp = await FtpServerFixture.StartAsync();
        await using var connection = await ftp.ConnectAsync();
        var lines = new LineReader(connection);
        await lines.ReadAsync(Stop);
        foreach (string reply in new[] { "530 ", "530 ", "421 " })
        {
            Assert.StartsWith("331 ", await AskAsync(connection, lines, "USER demo"), StringComparison.Ordinal);
            Assert.StartsWith(reply, await AskAsync(connection, lines, "PASS " + new string('0', 24)), StringComparison.Ordinal);
        }
        Assert.Equal(LineKind.End, (await lines.ReadAsync(Stop)).Kind);
    }

    [Fact]
    public async Task An_idle_session_hears_421()
    {
        await using var ftp = await FtpServerFixture.StartAsync();
        await using var connection = await ftp.ConnectAsync();
        var lines = new LineReader(connection);
        await lines.ReadAsync(Stop);
        var next = lines.ReadAsync(Stop).AsTask();
        while (!next.IsCompleted)
        {
            ftp.Time.Advance(TimeSpan.FromMinutes(5));
            await Task.Yield();
        }
        Assert.StartsWith("421 ", (await next).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_session_too_many_is_turned_away()
    {
        await using var ftp = await FtpServerFixture.StartAsync(maxSessions: 1);
        await using var first = await ftp.LogInAsync();
        await using var second = await ftp.ConnectAsync();
        Assert.StartsWith("421 ", (await new LineReader(second).ReadAsync(Stop)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folders_are_made_named_and_removed()
    {
        await using var ftp = await FtpServerFixture.StartAsync();
        await using var client = await ftp.LogInAsync();
        Assert.Equal("257 \"/a \"\"b\" created.", await client.CommandAsync("MKD a \"b", 257, Stop));
        await client.CommandAsync("MKD a \"b", 550, Stop);
        await client.CommandAsync("CWD a \"b", 250, Stop);
        Assert.Equal("257 \"/a \"\"b\" is the current directory.", await client.CommandAsync("PWD", 257, Stop));
        await client.CommandAsync("CDUP", 250, Stop);
        await client.CommandAsync("RNTO x", 503, Stop);
        await client.CommandAsync("RNFR a \"b", 350, Stop);
        await client.CommandAsync("RNTO c", 250, Stop);
        await client.StoreAsync("c/file", ClientMode.Pasv, "1"u8.ToArray(), Stop);
        await client.CommandAsync("RMD c", 550, Stop);
        await client.CommandAsync("DELE c", 550, Stop);
        await client.CommandAsync("DELE c/file", 250, Stop);
        await client.CommandAsync("RMD c", 250, Stop);
        await client.CommandAsync("RMD /", 550, Stop);
        await client.CommandAsync("RNFR /", 550, Stop);
        Assert.Empty(Directory.EnumerateFileSystemEntries(ftp.Root));
        Assert.True(Directory.Exists(ftp.Root));
    }

    [Theory]
    [InlineData("CWD ..", 250)] // the root's parent is the root
    [InlineData("CWD ../..", 250)]
    [InlineData("CWD /tmp", 550)]
    [InlineData("RETR ../secret", 550)]
    [InlineData("RETR /etc/passwd", 550)]
    [InlineData("SIZE ../secret", 550)]
    [InlineData("MDTM ../secret", 550)]
    [InlineData("MLST ../secret", 550)]
    [InlineData("DELE ../secret", 550)]
    [InlineData("RNFR ../secret", 550)]
    [InlineData("LIST ../secret", 550)]
    [InlineData("STAT ../secret", 450)]
    public async Task There_is_no_way_out_of_the_folder(string command, int code)
    {
        await using var ftp = await FtpServerFixture.StartAsync();
        string secret = ftp.PathOf("../secret");
        await File.WriteAllTextAsync(secret, "outside", Stop);
        await using var client = await ftp.LogInAsync();
        await client.CommandAsync(command, code, Stop);
        Assert.Equal("257 \"/\" is the current directory.", await client.CommandAsync("PWD", 257, Stop));
        Assert.Equal("outside", await File.ReadAllTextAsync(secret, Stop));
    }

    [Theory]
    [InlineData("PORT 127,0,0,2,200,1", 500)]       // somebody else's address
    [InlineData("PORT 10,0,0,1,200,1", 500)]
    [InlineData("PORT 127,0,0,1,0,22", 504)]        // a port of the system
    [InlineData("PORT 127,0,0,1,200", 501)]
    [InlineData("EPRT |1|127.0.0.2|50000|", 500)]
    [InlineData("EPRT |2|::1|50000|", 500)]
    [InlineData("EPRT |1|127.0.0.1|22|", 504)]
    [InlineData("EPRT |9|127.0.0.1|50000|", 522)]
    [InlineData("EPRT |1|localhost|50000|", 501)]
    [InlineData("EPSV 2", 522)]
    [InlineData("EPSV 3", 522)]
    [InlineData("EPSV X", 501)]
    [InlineData("PASV x", 501)]
    [InlineData("LPSV", 502)]
    [InlineData("AUTH TLS", 502)]
    [InlineData("XYZZY", 500)]
    [InlineData("TYPE E", 504)]
    [InlineData("MODE Z", 504)]
    [InlineData("STRU R", 504)]
    [InlineData("REST x", 501)]
    [InlineData("LIST", 425)]
    [InlineData("OPTS UTF8 ON", 200)]
    [InlineData("FEAT", 211)]
    [InlineData("HELP", 214)]
    [InlineData("STAT", 211)]
    [InlineData("SYST", 215)]
    [InlineData("NOOP", 200)]
    [InlineData("ABOR", 226)]
    public async Task Commands_have_their_codes(string command, int code)
    {
        await using var ftp = await FtpServerFixture.StartAsync();
        await using var client = await ftp.LogInAsync();
        await client.CommandAsync(command, code, Stop);
        await client.QuitAsync(Stop);
    }

    [Fact]
    public async Task After_EPSV_ALL_there_is_no_other_way()
    {
        await using var ftp = await FtpServerFixture.StartAsync();
        await using var client = await ftp.LogInAsync();
        await client.CommandAsync("EPSV ALL", 200, Stop);
        foreach (string command in new[] { "PASV", "PORT 127,0,0,1,200,1", "EPRT |1|127.0.0.1|50000|" }) await client.CommandAsync(command, 503, Stop);
        await client.CommandAsync("EPSV", 229, Stop);
    }

    [Fact]
    public async Task A_line_too_long_and_a_line_of_rubbish_are_answered_and_the_session_goes_on()
    {
        await using var ftp = await FtpServerFixture.StartAsync();
        await using var connection = await ftp.ConnectAsync();
        var lines = new LineReader(connection);
        await lines.ReadAsync(Stop);
        Assert.StartsWith("500 ", await AskAsync(connection, lines, "USER " + new string('x', 10_000)), StringComparison.Ordinal);
        Assert.StartsWith("501 ", await AskAsync(connection, lines, "USER a\0b"), StringComparison.Ordinal);
        Assert.StartsWith("200 ", await AskAsync(connection, lines, "noop"), StringComparison.Ordinal);
    }

    private static async Task<string> AskAsync(Duplex connection, LineReader lines, string command)
    {
        await connection.WriteAsync(Encoding.UTF8.GetBytes(command + "\r\n"), Stop);
        return (await lines.ReadAsync(Stop)).Text;
    }
}
