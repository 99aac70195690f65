using BenchmarkDotNet.Attributes;
using Culvert.Ftp.Wire;

namespace Culvert.Bench;

/// <summary>Lines of the dialogue.</summary>
[MemoryDiagnoser]
public class LineBenchmarks
{
    private static readonly byte[] s_replies = "150 Opening BINARY mode data connection for file (1024 bytes).\r\n226 Transfer complete.\r\n"u8.ToArray();

    private static readonly FtpLine[] s_entering = [FtpLine.Of("227 Entering Passive Mode (127,0,0,1,156,65).")];

    private readonly LineReader _reader = new(Speaker.Server);

    /// <summary>Both replies to a download.</summary>
    [Benchmark(OperationsPerInvoke = 2)]
    public int Read()
    {
        s_replies.CopyTo(_reader.Room);
        _reader.Fill(s_replies.Length);
        var bytes = 0;
        while (_reader.TryRead(out var line))
            bytes += line.Bytes.Length;
        return bytes;
    }

    /// <summary>The address in a reply to PASV.</summary>
    [Benchmark]
    public int Address()
    {
        FtpAddress.Parse227(s_entering, out var address);
        return address.Port;
    }
}
