using System.Security.Cryptography;
using Culvert.Demo.Client;
using Culvert.Net;

namespace Culvert.Demo.Steps;

/// <summary>What became of one transfer.</summary>
/// <param name="Option"><c>-L</c> or <c>-R</c>.</param>
/// <param name="Mode">How the client asked for the data connection.</param>
/// <param name="Upload">STOR, otherwise RETR.</param>
/// <param name="Bytes">Bytes carried.</param>
/// <param name="Elapsed">From the first command to the final reply.</param>
/// <param name="Sha256">Of the FTP server's file, in hexadecimal; empty when it didn't come to that.</param>
/// <param name="Problem">Null: the same bytes on both sides.</param>
internal sealed record CheckedTransfer(string Option, ClientMode Mode, bool Upload, long Bytes, TimeSpan Elapsed, string Sha256, string? Problem)
{
    /// <summary>Whether the bytes arrived, by SHA-256 against the FTP server's own disk.</summary>
    public bool Verified => Problem is null;
}

/// <summary>Carries fresh random bytes through a running way, up or down, and compares what arrived with the file on the FTP server's disk.</summary>
internal sealed class TransferCheck(Stage stage, DemoOptions options)
{
    /// <summary>A transfer over loopback takes well under a second; a whole minute means that it hangs.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <summary>Runs one. Never throws for what the networks or servers do.</summary>
    /// <exception cref="OperationCanceledException">The tour was stopped.</exception>
    public async Task<CheckedTransfer> RunAsync(Way way, ClientMode mode, bool upload, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(Limit, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        var result = new CheckedTransfer(way.Option, mode, upload, options.FileSize, default, "", null);
        string name = $"{(upload ? "up" : "down")}{way.Option}-{mode}.bin";
        string place = Path.Combine(stage.Folder, name);
        try
        {
            byte[] content = RandomNumberGenerator.GetBytes(options.FileSize);
            if (!upload) await File.WriteAllBytesAsync(place, content, either.Token);
            byte[] client;
            await using (var ftp = await FtpClient.LogInAsync(stage.Tcp, Entrance(way, mode), stage.FtpCredentials, stage.ClientPorts, either.Token))
            {
                long start = options.Time.GetTimestamp();
                client = upload ? await StoreAsync(ftp, name, mode, content, either.Token) : await RetrieveAsync(ftp, name, mode, either.Token);
                result = result with { Elapsed = options.Time.GetElapsedTime(start) };
                await ftp.QuitAsync(either.Token);
            }
            byte[] disk;
            await using (var file = File.OpenRead(place)) disk = await SHA256.HashDataAsync(file, either.Token);
            result = result with { Sha256 = Convert.ToHexStringLower(disk) };
            return client.AsSpan().SequenceEqual(disk)
                ? result
                : result with { Problem = $"the client has sha256 {Convert.ToHexStringLower(client)}, the server's disk {result.Sha256}" };
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return result with { Problem = "it did not end within a minute" };
        }
        catch (IOException failure) // of the networks, of FTP, of the disk
        {
            return result with { Problem = failure.Message };
        }
        finally
        {
            File.Delete(place);
        }
    }

    /// <summary>Where a client of this mode connects: the commands of RFC 2428 are shown over IPv6, which is what they are for.</summary>
    public static Endpoint Entrance(Way way, ClientMode mode) => mode is ClientMode.Epsv or ClientMode.Eprt ? way.Entrance6 ?? way.Entrance : way.Entrance;

    private static async Task<byte[]> StoreAsync(FtpClient ftp, string name, ClientMode mode, byte[] content, CancellationToken cancellationToken)
    {
        await ftp.StoreAsync(name, mode, content, cancellationToken);
        return SHA256.HashData(content);
    }

    private static async Task<byte[]> RetrieveAsync(FtpClient ftp, string name, ClientMode mode, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await ftp.RetrieveAsync(name, mode, bytes => hash.AppendData(bytes.Span), cancellationToken);
        return hash.GetHashAndReset();
    }
}
