using System.Security.Cryptography;
using Culvert.Interop.Clients;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Fixtures;

/// <summary>Carries fresh random bytes with a client and compares what arrived with what was sent, on the disks at both ends.</summary>
internal static class Exchange
{
    private static int _counter;

    public static async Task BothWaysAsync(
        FtpClient client, FtpTarget target, TransferMode mode, FtpServer server, int length, CancellationToken cancellation)
    {
        await DownloadAsync(client, target, mode, server, length, cancellation);
        if (client.CanUpload)
        {
            await UploadAsync(client, target, mode, server, length, cancellation);
        }
    }

    public static async Task DownloadAsync(
        FtpClient client, FtpTarget target, TransferMode mode, FtpServer server, int length, CancellationToken cancellation, string? name = null)
    {
        using var folder = new TemporaryFolder();
        name ??= $"down-{Interlocked.Increment(ref _counter)}";
        var offered = server.Offer(name, length);
        var fetched = folder["fetched"];
        var result = await client.DownloadAsync(target, mode, name, fetched, cancellation);
        Check(client, mode, result, server);
        AssertSameFiles(offered, fetched, result);
    }

    public static async Task UploadAsync(
        FtpClient client, FtpTarget target, TransferMode mode, FtpServer server, int length, CancellationToken cancellation, string? name = null)
    {
        using var folder = new TemporaryFolder();
        name ??= $"up-{Interlocked.Increment(ref _counter)}";
        var sent = RandomFile.Write(folder["sent"], length);
        var result = await client.UploadAsync(target, mode, sent, name, cancellation);
        Check(client, mode, result, server);
        AssertSameFiles(sent, server.PathOf(name), result);
    }

    public static void AssertSameFiles(string expected, string actual, CommandResult result)
    {
        Assert.True(File.Exists(actual), $"nothing arrived\n{result}");
        Assert.True(
            Hash(expected) == Hash(actual),
            $"{new FileInfo(expected).Length} bytes were sent, {new FileInfo(actual).Length} arrived or they differ\n{result}");
    }

    public static string Hash(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexString(SHA256.HashData(stream));
    }

    private static void Check(FtpClient client, TransferMode mode, CommandResult result, FtpServer server)
    {
        Assert.True(result.Succeeded, $"{client.Name} {mode}: {result}\n{server.Output}");
        Assert.True(FtpClient.Used(mode, result), $"{client.Name} did not use {mode}: {result}");
    }
}
