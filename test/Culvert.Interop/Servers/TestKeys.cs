using Culvert.Interop.Processes;

namespace Culvert.Interop.Servers;

/// <summary>Key pairs made by ssh-keygen once for the whole run, in a folder that is removed when it ends.</summary>
internal sealed class TestKeys : IDisposable
{
    public const string HostEd25519 = "host_ed25519";
    public const string HostEcdsa = "host_ecdsa";
    public const string HostEcdsa384 = "host_ecdsa384";
    public const string HostEcdsa521 = "host_ecdsa521";
    public const string HostRsa = "host_rsa";
    public const string Client = "client";
    public const string OtherHost = "other_host";
    public const string Stranger = "stranger";

    private static readonly (string Name, string Type, string? Bits)[] Wanted =
    [
        (HostEd25519, "ed25519", null), (HostEcdsa, "ecdsa", "256"), (HostEcdsa384, "ecdsa", "384"), (HostEcdsa521, "ecdsa", "521"), (HostRsa, "rsa", "3072"),
        (Client, "ed25519", null), (OtherHost, "ed25519", null), (Stranger, "ed25519", null),
    ];

    private static readonly Lock Gate = new();
    private static Task<TestKeys>? _made;

    private readonly TemporaryFolder _folder = new();

    private TestKeys()
    {
    }

    public static string[] HostKeys => [HostEd25519, HostEcdsa, HostEcdsa384, HostEcdsa521, HostRsa];

    public static Task<TestKeys> GetAsync()
    {
        lock (Gate)
        {
            return _made ??= MakeAsync();
        }
    }

    public string PrivateKey(string name) => _folder[name];

    /// <summary>The public half as it stands in <c>authorized_keys</c>: type and base64, no comment.</summary>
    public string PublicKey(string name) => string.Join(' ', File.ReadAllText(_folder[name + ".pub"]).Split(' ').Take(2)).Trim();

    public void Dispose() => _folder.Dispose();

    private static async Task<TestKeys> MakeAsync()
    {
        var generator = Peers.Require("ssh-keygen");
        var keys = new TestKeys();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => keys.Dispose();
        await Task.WhenAll(Wanted.Select(async key => (await Command.RunAsync(
            new CommandLine(generator, ["-q", "-t", key.Type, .. key.Bits is null ? (string[])[] : ["-b", key.Bits], "-N", "", "-C", key.Name, "-f", keys._folder[key.Name]]),
            CancellationToken.None)).OrThrow()));
        return keys;
    }
}
