using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Load;

/// <summary>A <c>tcp/</c> tunnel carries any protocol, each half of a connection to its own end.</summary>
public sealed class PlainTunnelTests
{
    private const int Length = 3_000_000;

    public static TheoryData<string, string, string> Ways()
    {
        var ways = new TheoryData<string, string, string>();
        foreach (var (engine, (server, direction)) in Engines.With(new[]
        {
            (SshServer.OpenSsh, "-L"), (SshServer.OpenSsh, "-R"), (SshServer.Dropbear, "-L"), (SshServer.Dropbear, "-R"),
        }))
        {
            ways.Add(engine, server, direction);
        }

        return ways;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Half_closed_connection_still_carries_the_answer(string engine, string sshServer, string direction)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var ssh = await SshServer.StartAsync(sshServer, cancellation);
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        await using var culvert = await CulvertProcess.StartAsync(ssh, cancellation, "--engine", engine, direction, $"tcp/{FreePort.ForTunnel(direction)}:127.0.0.1:{port}");
        var answering = AnswerWithHashAsync(listener, cancellation);

        var question = RandomNumberGenerator.GetBytes(Length);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, culvert.Port, cancellation);
        await using var stream = client.GetStream();
        await stream.WriteAsync(question, cancellation);
        client.Client.Shutdown(SocketShutdown.Send);
        var answer = new MemoryStream();
        await stream.CopyToAsync(answer, cancellation);

        await answering;
        Assert.Equal(SHA256.HashData(question), answer.ToArray());
    }

    /// <summary>Reads to the end of the question, and only then says what it was.</summary>
    private static async Task AnswerWithHashAsync(TcpListener listener, CancellationToken cancellation)
    {
        using var server = await listener.AcceptTcpClientAsync(cancellation);
        await using var stream = server.GetStream();
        await stream.WriteAsync(await SHA256.HashDataAsync(stream, cancellation), cancellation);
    }
}
