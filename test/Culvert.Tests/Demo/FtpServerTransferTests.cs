using System.Security.Cryptography;
using System.Text;
using Culvert.Demo.Dialogue;
using Culvert.Demo.Client;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Demo;

public sealed class FtpServerTransferTests
{
    /// <summary>More than all buffers of a loopback connection hold, so that a transfer nobody reads can't end.</summary>
    private const int MoreThanBuffers = 64 * 1024 * 1024;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Pasv", Endpoint.Loopback4)]
    [InlineData("Epsv", Endpoint.Loopback4)]
    [InlineData("Port", Endpoint.Loopback4)]
    [InlineData("Eprt", Endpoint.Loopback4)]
    [InlineData("Epsv", Endpoint.Loopback6)]
    [InlineData("Eprt", Endpoint.Loopback6)]
    public async Task Files_go_up_and_come_down(string modeName, string host)
    {
        var mode = Enum.Parse<ClientMode>(modeName);
        if (host == Endpoint.Loopback6 && !System.Net.Sockets.Socket.OSSupportsIPv6) Assert.Skip("no IPv6 here");
        await using var ftp = await FtpServerFixture.StartAsync(host);
        await using var client = await ftp.LogInAsync();
        foreach (int size in new[] { 0, 1, 300_000 })
        {
            byte[] content = RandomNumberGenerator.GetBytes(size);
            await client.StoreAsync("a b é", mode, content, Stop);
            Assert.Equal(content, await File.ReadAllBytesAsync(ftp.PathOf("a b é"), Stop));
            Assert.Equal(content, await RetrieveAsync(client, "a b é", mode));
        }
        await client.QuitAsync(Stop);
        Assert.False(ftp.Ports.Contains(new(host, 0)));
    }

    [Fact]
    public async Task A_transfer_restarts_where_it_is_told()
    {
        await using var ftp = await FtpServerFixture.StartAsync();
        await using var client = await ftp.LogInAsync();
        await File.WriteAllTextAsync(ftp.PathOf("x"), "0123456789", Stop);
        await client.CommandAsync("REST 4", 350, Stop);
        Assert.Equal("456789"u8.ToArray(), await RetrieveAsync(client, "x", ClientMode.Pasv));
        Assert.Equal("0123456789"u8.ToArray(), await RetrieveAsync(client, "x", ClientMode.Pasv)); // once only
        await client.CommandAsync("REST 8", 350, Stop);
        await client.StoreAsync("x", ClientMode.Pasv, "ab"u8.ToArray(), Stop);
        Assert.Equal("01234567ab", await File.ReadAllTextAsync(ftp.PathOf("x"), Stop));
    }

    [Fact]
    public async Task APPE_appends_and_type_A_changes_line_ends()
    {
        await using var ftp = await FtpServerFixture.StartAsync();
        await using var client = await ftp.LogInAsync();
        await client.CommandAsync("TYPE A", 200, Stop);
        await client.CommandAsync("SIZE x", 550, Stop);
        await client.StoreAsync("x", ClientMode.Epsv, "a\r\nb\r\n"u8.ToArray(), Stop);
        Assert.Equal("a\nb\n", await File.ReadAllTextAsync(ftp.PathOf("x"), Stop));
        Assert.Equal("a\r\nb\r\n"u8.ToArray(), await RetrieveAsync(client, "x", ClientMode.Pasv));
        await client.CommandAsync("TYPE I", 200, Stop);
        var (data, opened) = await PassiveAsync(ftp, client);
        await client.CommandAsync("APPE x", 150, Stop);
        await data.WriteAsync("c\r\n"u8.ToArray(), Stop);
        await data.EndAsync(Stop);
        await client.ExpectAsync("APPE", 226, Stop);
        Assert.Equal("a\nb\nc\r\n", await File.ReadAllTextAsync(ftp.PathOf("x"), Stop));
        await data.DisposeAsync();
        Assert.True(opened > 0);
    }

    [Fact]
    public async Task An_upload_whose_data_connection_never_comes_leaves_the_old_file_alone()
    {
        await using var ftp = await FtpServerFixture.StartAsync();
        await using var client = await ftp.LogInAsync();
        await File.WriteAllTextAsync(ftp.PathOf("x"), "old", Stop);
        await client.CommandAsync("EPSV", 229, Stop);
        await client.CommandAsync("STOR x", 150, Stop);
        var reply = client.ExpectAsync("STOR", 425, Stop);
        while (!reply.IsCompleted)
        {
            ftp.Time.Advance(TimeSpan.FromMinutes(1));
            await Task.Yield();
        }
        await reply;
        Assert.Equal("old", await File.ReadAllTextAsync(ftp.PathOf("x"), Stop));
    }

    [Fact]
    public async Task A_reset_upload_and_a_reset_download_are_answered_426()
    {
        await using var ftp = await FtpServerFixture.StartAsync();
        await using var client = await ftp.LogInAsync();
        await using (var big = File.Create(ftp.PathOf("big"))) big.SetLength(MoreThanBuffers);

        var (upload, _) = await PassiveAsync(ftp, client);
        await client.CommandAsync("STOR cut", 150, Stop);
        await upload.WriteAsync(new byte[1000], Stop);
        upload.Abort();
        await client.ExpectAsync("STOR", 426, Stop);

        var (download, _) = await PassiveAsync(ftp, client);
        await client.CommandAsync("RETR big", 150, Stop);
        await download.ReadAsync(new byte[1000], Stop);
        download.Abort();
        await client.ExpectAsync("RETR", 426, Stop);
    }

    [Fact]
    public async Task ABOR_and_STAT_are_heard_while_a_transfer_runs()
    {
        await using var ftp = await FtpServerFixture.StartAsync();
        await using var connection = await ftp.ConnectAsync();
        var lines = new LineReader(connection);
        await File.WriteAllTextAsync(ftp.PathOf("x"), "old", Stop);
        await using (var big = File.Create(ftp.PathOf("big"))) big.SetLength(MoreThanBuffers);
        await SayAsync(connection, $"USER {FtpServerFixture.Credentials.User}\r\nPASS {FtpServerFixture.Credentials.Password}\r\nTYPE I\r\nEPSV\r\n");
        string reply = "";
        while (!reply.StartsWith("229", StringComparison.Ordinal))
        {
            var line = await lines.ReadAsync(Stop);
            Assert.Equal(LineKind.Text, line.Kind);
            reply = line.Text;
        }
        Assert.True(AddressText.TryParseExtendedPassive(reply, out int port));
        await using var data = (await ftp.Network.Connect(ftp.Server.Endpoint.WithPort(port), ConnectOptions.Default).Outcome).Duplex!;

        // All at once, with the Telnet signal that clients put before ABOR: NOOP waits for its turn, the others don't.
        await connection.WriteAsync((byte[])[.. "RETR big\r\nSTAT\r\nNOOP\r\n"u8, 0xFF, 0xF4, 0xFF, 0xF2, .. "ABOR\r\n"u8], Stop);
        List<string> codes = [];
        while (codes.Count < 9)
        {
            string text = (await lines.ReadAsync(Stop)).Text;
            codes.Add(text);
            if (text.StartsWith("200", StringComparison.Ordinal)) break;
        }
        Assert.Equal(["150", "211", " TY", " RE", "211", "426", "226", "200"], codes.Select(text => text[..3]));
    }

    [Fact]
    public async Task A_client_that_leaves_in_the_middle_of_a_transfer_leaves_nothing_open()
    {
        await using var ftp = await FtpServerFixture.StartAsync();
        var client = await ftp.LogInAsync();
        await using (var big = File.Create(ftp.PathOf("big"))) big.SetLength(MoreThanBuffers);
        var (data, port) = await PassiveAsync(ftp, client);
        await client.CommandAsync("RETR big", 150, Stop);
        await client.DisposeAsync();
        ReadEnd end;
        byte[] chunk = new byte[64 * 1024];
        do end = (await data.ReadAsync(chunk, Stop)).End; while (end == ReadEnd.None);
        Assert.Equal(ReadEnd.Reset, end);
        await data.DisposeAsync();
        Assert.False(ftp.Ports.Contains(ftp.Server.Endpoint.WithPort(port)));
    }

    [Fact]
    public async Task The_machine_listing_comes_over_the_data_connection()
    {
        await using var ftp = await FtpServerFixture.StartAsync();
        await using var client = await ftp.LogInAsync();
        await File.WriteAllTextAsync(ftp.PathOf("x"), "1234", Stop);
        await client.CommandAsync("OPTS MLST size;type;", 200, Stop);
        var (data, _) = await PassiveAsync(ftp, client);
        await client.CommandAsync("MLSD", 150, Stop);
        var read = await data.ReadAsync(new byte[1000], Stop);
        Assert.Equal("type=file;size=4; x\r\n", Encoding.UTF8.GetString(read.Bytes.Span));
        Assert.Equal(ReadEnd.Ended, (await data.ReadAsync(new byte[1000], Stop)).End);
        await data.EndAsync(Stop);
        await data.DisposeAsync();
        await client.ExpectAsync("MLSD", 226, Stop);
    }

    private static async Task<byte[]> RetrieveAsync(FtpClient client, string name, ClientMode mode)
    {
        var content = new MemoryStream();
        await client.RetrieveAsync(name, mode, bytes => content.Write(bytes.Span), Stop);
        return content.ToArray();
    }

    private static async Task<(Duplex Data, int Port)> PassiveAsync(FtpServerFixture ftp, FtpClient client)
    {
        string reply = await client.CommandAsync("EPSV", 229, Stop);
        Assert.True(AddressText.TryParseExtendedPassive(reply, out int port));
        Assert.True(ftp.Ports.Contains(ftp.Server.Endpoint.WithPort(port)));
        return ((await ftp.Network.Connect(ftp.Server.Endpoint.WithPort(port), ConnectOptions.Default).Outcome).Duplex!, port);
    }

    private static async Task SayAsync(Duplex connection, string text) => await connection.WriteAsync(Encoding.UTF8.GetBytes(text), Stop);
}
