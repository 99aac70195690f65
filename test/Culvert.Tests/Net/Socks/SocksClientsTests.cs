using Culvert.Net;
using Culvert.Net.Socks;
using Culvert.TestKit.Networks;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Net.Socks;

/// <summary>A tunnel whose destination comes from the client, over two networks in memory.</summary>
public sealed class SocksClientsTests
{
    private readonly MemoryNetwork _near = new(new MemoryNetworkOptions { Capacity = 1 });
    private readonly MemoryNetwork _far = new(MemoryNetworkOptions.Lossy);
    private readonly FakeTimeProvider _time = new();
    private readonly List<(Endpoint? To, Failure Failure)> _refused = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task WithClientAsync(Func<Duplex, Task> client, Func<Endpoint, string?>? forbids = null)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var listener = await _near.ListenAsync(new Endpoint("", 1080), ListenOptions.Default, Cancel);
        var session = Tunnel.Plain(_far, new SocksClients(forbids ?? (_ => null), _time).ReadAsync, _time, (to, failure) => _refused.Add((to, failure)));
        var running = new Tunnel(listener, session, 10).RunAsync(stop.Token);
        await using (var duplex = (await _near.Connect(new Endpoint("localhost", 1080), ConnectOptions.Default).Outcome).Duplex!)
            await client(duplex);
        await stop.CancelAsync();
        Assert.Null(await running);
        Assert.Equal(0, _near.OpenConnections);
        Assert.Equal(0, _far.OpenConnections);
    }

    private static async Task<string> ReadAsync(Duplex duplex, int count)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var read = await duplex.ReadAsync(bytes.AsMemory(at), Cancel);
            if (read.End != ReadEnd.None)
                return Convert.ToHexString(bytes, 0, at) + $"<{read.End}>";
            at += read.Bytes.Length;
        }
        return Convert.ToHexString(bytes);
    }

    [Theory]
    [InlineData("04 01 0015 00000001 'me' 00 'files' 00", "005A000000000000", "files", 21)]
    [InlineData("05 01 00 05 01 00 03 05 'files' 0015", "0500 05000001000000000000", "files", 21)]
    [InlineData("05 01 00 05 01 00 04 20010db8000000000000000000000001 0015", "0500 05000001000000000000", "2001:db8::1", 21)]
    public async Task A_client_goes_where_it_wants_and_what_it_sent_ahead_goes_with_it(string request, string answer, string host, int port)
    {
        await using var server = await _far.ListenAsync(new Endpoint("", port), ListenOptions.Default, Cancel);
        await WithClientAsync(async client =>
        {
            var sending = client.WriteAsync(SocksRequestTests.Bytes(request + " 'ahead'"), Cancel);
            // The network holds a byte each way: who doesn't read what he's told isn't listened to.
            var parts = answer.Split(' ');
            if (parts.Length == 2)
                Assert.Equal(parts[0], await ReadAsync(client, 2));
            await using var there = (await server.AcceptAsync(Cancel)).Duplex;
            await there.WriteAsync("hello"u8.ToArray(), Cancel);
            Assert.Equal(parts[^1] + Convert.ToHexString("hello"u8), await ReadAsync(client, parts[^1].Length / 2 + 5));
            Assert.Equal(Convert.ToHexString("ahead"u8), await ReadAsync(there, 5));
            await sending;
            Assert.Equal(new Endpoint(host, port), Assert.Single(_far.Dialled));
            // Each half ends by itself.
            await client.EndAsync(Cancel);
            Assert.Equal("<Ended>", await ReadAsync(there, 1));
            await there.WriteAsync("bye"u8.ToArray(), Cancel);
            await there.EndAsync(Cancel);
            Assert.Equal(Convert.ToHexString("bye"u8) + "<Ended>", await ReadAsync(client, 4));
        });
        Assert.Empty(_refused);
    }

    [Theory]
    [InlineData(FailureKind.Refused, "05")]
    [InlineData(FailureKind.Prohibited, "02")]
    [InlineData(FailureKind.UnknownName, "04")]
    public async Task A_destination_that_cannot_be_had_is_told_to_the_client_and_reported(FailureKind kind, string code)
    {
        _far.RefuseConnect = (_, _) => new Failure(kind, "as the server said");
        await WithClientAsync(async client =>
        {
            var sending = client.WriteAsync(SocksRequestTests.Bytes("05 01 00 05 01 00 01 7f000001 0015"), Cancel);
            Assert.Equal($"0500 05{code}0001000000000000".Replace(" ", "", StringComparison.Ordinal) + "<Ended>", await ReadAsync(client, 20));
            await sending;
        });
        Assert.Equal([((Endpoint?)new Endpoint("127.0.0.1", 21), new Failure(kind, "as the server said"))], _refused);
    }

    [Fact]
    public async Task A_destination_that_is_forbidden_is_never_dialled()
    {
        await WithClientAsync(
            async client =>
            {
                var sending = client.WriteAsync(SocksRequestTests.Bytes("05 01 00 05 01 00 01 7f000001 0015"), Cancel);
                Assert.Equal("050005020001000000000000<Ended>", await ReadAsync(client, 20));
                await sending;
            },
            to => $"not to {to}");
        Assert.Empty(_far.Dialled);
        Assert.Equal("not to 127.0.0.1:21", Assert.Single(_refused).Failure.Text);
    }

    [Fact]
    public async Task Who_speaks_no_SOCKS_is_reset_and_nothing_is_dialled()
    {
        await WithClientAsync(async client =>
        {
            await client.WriteAsync("G"u8.ToArray(), Cancel);
            Assert.Equal("<Reset>", await ReadAsync(client, 1));
        });
        Assert.Empty(_far.Dialled);
        Assert.Null(Assert.Single(_refused).To);
    }

    [Fact]
    public async Task Who_does_not_say_where_to_in_time_is_reset()
    {
        await WithClientAsync(async client =>
        {
            await client.WriteAsync(SocksRequestTests.Bytes("05 01 00"), Cancel);
            Assert.Equal("0500", await ReadAsync(client, 2));
            var end = ReadAsync(client, 1);
            Assert.False(end.IsCompleted);
            _time.Advance(SocksClients.Patience);
            Assert.Equal("<Reset>", await end);
        });
        Assert.Equal(FailureKind.Timeout, Assert.Single(_refused).Failure.Kind);
    }

    [Fact]
    public async Task A_client_that_does_not_read_its_refusal_is_not_waited_for_long()
    {
        _far.RefuseConnect = (_, _) => new Failure(FailureKind.Refused, "no");
        await WithClientAsync(async client =>
        {
            await client.WriteAsync(SocksRequestTests.Bytes("04 01 0015 7f000001 00"), Cancel);
            while (_refused.Count == 0)
                await Task.Yield();
            while (_near.OpenConnections > 1)
            {
                _time.Advance(Parting.Linger);
                await Task.Yield();
            }
        });
    }
}
