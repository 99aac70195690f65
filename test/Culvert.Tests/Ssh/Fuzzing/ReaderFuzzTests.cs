using System.Text;
using CsCheck;
using Culvert.Broker.Config;
using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Keys;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Trust;
using Culvert.Ssh.Wire;
using Culvert.Tests.Broker;
using Culvert.Tests.Ssh.Keys;
using Xunit;

namespace Culvert.Tests.Ssh.Fuzzing;

/// <summary>Whatever is read, a reader takes it or refuses it in its own words; it never trips. The corpus: the committed key files and what we write ourselves.</summary>
public sealed class ReaderFuzzTests
{
    private static readonly byte[][] KeyFiles = [.. Directory.EnumerateFiles(KeyFixture.Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];

    private static readonly byte[][] PublicLines = [.. KeyFiles.Where(file => file.Length < 2000 && file.AsSpan().IndexOf("PRIVATE"u8) < 0)];

    /// <summary>Any sequence of reads on any bytes ends in a value or a protocol error, and never takes more than is there.</summary>
    [Fact]
    public void Wire_reader() => Gen.Select(Gen.Byte.Array[0, 80], Gen.Int[0, 8].Array[1, 12]).Sample((bytes, steps) =>
    {
        var reader = new SshReader(bytes, "test");
        try
        {
            foreach (var step in steps)
            {
                var before = reader.Rest.Length;
                switch (step)
                {
                    case 0: reader.Byte("f"); break;
                    case 1: reader.Bool("f"); break;
                    case 2: reader.UInt32("f"); break;
                    case 3: reader.UInt64("f"); break;
                    case 4: reader.Raw(bytes.Length / 3, "f"); break;
                    case 5: reader.String("f"); break;
                    case 6: Assert.DoesNotContain(reader.DisplayText("f"), char.IsControl); break;
                    case 7: reader.NameList("f"); break;
                    default: Assert.False(reader.MpInt("f") is [0, ..]); break;
                }
                Assert.InRange(reader.Rest.Length, 0, before);
            }
            reader.End();
        }
        catch (SshProtocolException)
        {
            // Refused.
        }
    }, iter: Mutation.Times());

    [Fact]
    public void Key_exchange_init()
    {
        var sound = KexInit.Create(AlgorithmPreferences.Default, Algorithms.Of(AlgorithmKind.HostKey), ["ext-info-c"]).Payload;
        Assert.Equal(AlgorithmPreferences.Default.Ciphers, KexInit.Parse(sound).Offer.CiphersClientToServer);
        Mutation.Of([sound]).Sample(bytes => Refuses<SshProtocolException>(() => KexInit.Parse(bytes)), iter: Mutation.Times());
    }

    [Fact]
    public void Group_of_a_key_exchange() => Mutation.Of([GroupMessage()]).Sample(bytes => Refuses<SshProtocolException>(() =>
    {
        using var client = new GroupExchange();
        client.Request();
        client.TakeParameters(bytes);
    }), iter: Mutation.Times());

    [Fact]
    public void Private_key_files() => Mutation.Of(KeyFiles).Sample(bytes => Refuses<KeyFileException>(() =>
    {
        using var document = PrivateKeyDocument.Parse(bytes);
        if (!document.IsEncrypted)
            document.Open([], CancellationToken.None)?.Dispose();
    }), iter: Mutation.Times());

    [Fact]
    public void Public_keys_and_their_signatures() => Mutation.Of([.. PublicLines.Select(Blob).Where(blob => blob.Length > 0)]).Sample(bytes => Refuses<SshProtocolException>(() =>
    {
        var key = PublicKeys.Parse(bytes);
        foreach (var algorithm in key.SignatureAlgorithms)
            Assert.False(key.Verify(algorithm, [1, 2, 3], bytes));
    }), iter: Mutation.Times());

    [Fact]
    public void Known_hosts_lines() => Mutation.Of([.. PublicLines.Select(line => (byte[])[.. "@revoked [host.example]:22,*.a,!b "u8, .. line]), .. "|1|c2FsdHNhbHRzYWx0c2FsdHNhbHQ=|aGFzaA== ssh-rsa AAAA"u8.ToArray().Chunk(100)])
        .Sample(bytes => Refuses<FormatException>(() => KnownHostsLine.Parse("known_hosts", 1, Encoding.UTF8.GetString(bytes))), iter: Mutation.Times());

    [Fact]
    public void Lines_of_ssh_config() => Mutation.Of([.. ConfigLines.Select(Encoding.UTF8.GetBytes)])
        .Sample(bytes => Refuses<ConfigException>(() => new ConfigBuilder(new FakeMachine().Machine).SetLine(Encoding.UTF8.GetString(bytes))), iter: Mutation.Times());

    private static string[] ConfigLines { get; } =
    [
        "HostName=a.example", "Port 22", "IdentityFile ~/.ssh/%r@%h \"b c\"", "LocalForward [::1]:8021 [2001:db8::1]:21", "RemoteForward 0 localhost:21", "DynamicForward 1080",
        "KexAlgorithms ^mlkem*,-ecdh-*", "Ciphers +aes128-ctr", "ProxyJump u@a:22,b", "RekeyLimit 1G 1h", "ServerAliveInterval 15", "StrictHostKeyChecking accept-new",
        "UserKnownHostsFile none", "ConnectTimeout 1h30m", "LogLevel DEBUG3", "IgnoreUnknown a,b*", "Tag x", "ProxyCommand nc %h %p", "AddressFamily inet6",
    ];

    private static byte[] GroupMessage()
    {
        using var server = new GroupExchange();
        using var client = new GroupExchange();
        return server.AnswerRequest(client.Request());
    }

    private static byte[] Blob(byte[] line)
    {
        var words = Encoding.UTF8.GetString(line).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var blob = new byte[line.Length];
        return words.Length > 1 && Convert.TryFromBase64String(words[1].Trim(), blob, out var length) ? blob[..length] : [];
    }

    /// <summary>Taken, or refused so.</summary>
    private static void Refuses<TRefusal>(Action read)
        where TRefusal : Exception
    {
        try
        {
            read();
        }
        catch (TRefusal)
        {
            // In its own words.
        }
    }
}
