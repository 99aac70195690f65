using Culvert.Interop.Processes;

namespace Culvert.Interop.Servers;

/// <summary>Key pairs made by ssh-keygen once for the whole run, in a folder that is removed when it ends.</summary>
internal sealed class TestKeys : IDisposable
{
    public const string HostEd25519 = "host_ed25519";
    public const string HostEcdsa = "host_ecdsa";
    public const string HostRsa = "host_rsa";
    public const string Client = "client";
    public const string OtherHost = "other_host";
    public const string Stranger = "stranger";

    private static readonly (string Name, string Type)[] Wanted =
    [
        (HostEd25519, "ed25519"), (HostEcdsa, "ecdsa"), (HostRsa, "rsa"), (Client, "ed25519"), (OtherHost, "ed25519"), (Stranger, "ed25519"),
    ];

    private static readonly Lock Gate = new();
    private static Task<TestKeys>? _made;

    private readonly TemporaryFolder _folder = new();

    private TestKeys()
    {
    }

    public static string[] HostKeys => [HostEd25519, HostEcdsa, HostRsa];

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
            new CommandLine(generator, "-q", "-t", key.Type, "-N", "", "-C", key.Name, "-f", keys._folder[key.Name]),
            CancellationToken.None)).OrThrow()));
        return keys;
    }
}
