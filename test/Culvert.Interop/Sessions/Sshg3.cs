using System.Globalization;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;

namespace Culvert.Interop.Sessions;

/// <summary>The program under the name sshg3: a folder with the link that <c>culvert install-names</c> makes.</summary>
internal sealed class Sshg3 : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private Sshg3()
    {
    }

    public string Program => Path.Combine(_folder.FullName, "sshg3");

    /// <summary>Makes the link.</summary>
    public static async Task<Sshg3> InstallAsync(CancellationToken cancellation)
    {
        var names = new Sshg3();
        (await CulvertProcess.RunAsync(cancellation, "install-names", names._folder.FullName)).OrThrow();
        return names;
    }

    /// <summary>A command line that logs in to a server whose key is known.</summary>
    public CommandLine Command(SshServer server, params IReadOnlyList<string> words) => CulvertProcess.Command([.. Login(server), .. words]) with { Program = Program };

    /// <summary>The options that let the test key in.</summary>
    public static IReadOnlyList<string> Login(SshServer server) =>
    [
        "-B", "-F", "none", "-o", $"UserKnownHostsFile={server.KnownHosts}", "--hostkey-policy=strict", "-K", server.Keys.PrivateKey(TestKeys.Client),
        "-p", server.Port.ToString(CultureInfo.InvariantCulture), "-l", server.User,
    ];

    public void Dispose() => _folder.Dispose();
}
