using System.Security.Cryptography;
using Culvert.Interop.Servers;
using Culvert.Net;
using Culvert.Net.Tcp;
using Culvert.Ssh;
using Culvert.Ssh.Keys;
using Culvert.TestKit.Proof;
using Xunit;
using SshServer = Culvert.Interop.Servers.SshServer;
using SshServerOptions = Culvert.Interop.Servers.SshServerOptions;

namespace Culvert.Interop.Transport;

/// <summary>Keys change again and again, at our wish and at the server's, while bytes flow both ways; all of them arrive.</summary>
public sealed class RekeyUnderLoadTests
{
    private const int Length = 16 * 1024 * 1024;
    private const int RekeyBytes = 1024 * 1024;

    [Theory]
    [InlineData(SshServer.OpenSsh, "aes128-gcm@openssh.com")]
    [InlineData(SshServer.OpenSsh, "chacha20-poly1305@openssh.com")]
    [InlineData(SshServer.OpenSsh, "aes256-ctr")]
    [InlineData(SshServer.OpenSshNewer, "aes128-gcm@openssh.com")]
    [InlineData(SshServer.AsyncSsh, "aes128-gcm@openssh.com")]
    [InlineData(SshServer.Paramiko, "aes128-ctr")]
    [InlineData(SshServer.Dropbear, "chacha20-poly1305@openssh.com")]
    [InlineData(SshServer.Dropbear, "aes128-ctr")]
    public async Task Nothing_is_lost(string name, string cipher)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var server = await SshServer.StartAsync(name, cancellation, new SshServerOptions { RekeyBytes = RekeyBytes });
        using var user = await KeyFile.LoadAsync(server.Keys.PrivateKey(TestKeys.Client), null, cancellation);
        var near = new TcpNetwork(TimeProvider.System);
        await using var connection = await SshConnection.ConnectAsync(near, new SshClientOptions
        {
            Server = new(server.Address, server.Port),
            HostKeyPolicy = (_, _) => ValueTask.CompletedTask,
            Authentication = new() { User = server.User, Host = server.Address, Signers = [user] },
            Algorithms = new() { Ciphers = [cipher] },
            Rekey = new() { Bytes = RekeyBytes },
        }, cancellation);
        await using var listener = await near.ListenAsync(new(Endpoint.Loopback4, 0), ListenOptions.Default, cancellation);
        var echoing = EchoAsync(listener, cancellation);
        var (duplex, failure) = await connection.Network.Connect(listener.LocalEndpoint, ConnectOptions.Default).Outcome;
        Assert.True(duplex is not null, failure?.Text);
        await using (duplex)
        {
            var sent = RandomNumberGenerator.GetBytes(Length);
            var sending = SendAsync(duplex, sent, cancellation);
            var received = await ReceiveAsync(duplex, cancellation);
            if (connection.Closed.IsCompleted)
                Assert.Fail($"{(await connection.Closed).Text}\n{server.Output}");
            await sending;
            Assert.True(sent.AsSpan().SequenceEqual(received), $"{received.Length} of {sent.Length} bytes, or others");
        }
        await echoing;
        // 16 MiB each way, a change at every one of either's, and some coincide: at least one a MiB.
        Assert.True(connection.KeyExchanges >= Length / RekeyBytes, $"{connection.KeyExchanges} exchanges");
        ProofLog.Add(SshInteropPage.Rekeying, cipher, name, SshInteropPage.Yes);
    }

    private static async Task SendAsync(Duplex duplex, byte[] bytes, CancellationToken cancellation)
    {
        Assert.Equal(WriteEnd.None, await duplex.WriteAsync(bytes, cancellation));
        Assert.Equal(WriteEnd.None, await duplex.EndAsync(cancellation));
    }

    private static async Task<byte[]> ReceiveAsync(Duplex duplex, CancellationToken cancellation)
    {
        var all = new byte[Length + 1];
        var count = 0;
        while (await duplex.ReadAsync(all.AsMemory(count), cancellation) is { End: ReadEnd.None } read)
            count += read.Bytes.Length;
        return all[..count];
    }

    private static async Task EchoAsync(IListener listener, CancellationToken cancellation)
    {
        var accepted = await listener.AcceptAsync(cancellation);
        await using var duplex = accepted.Duplex;
        var buffer = new byte[64 * 1024];
        while (await duplex.ReadAsync(buffer, cancellation) is { End: ReadEnd.None } read)
            await duplex.WriteAsync(read.Bytes, cancellation);
        await duplex.EndAsync(cancellation);
    }
}
