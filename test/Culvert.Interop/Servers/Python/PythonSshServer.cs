using System.Globalization;
using Culvert.Interop.Processes;

namespace Culvert.Interop.Servers;

/// <summary>An SSH server that a module of Python brings, with one virtual user.</summary>
internal sealed class PythonSshServer(SshServerOptions options, TestKeys keys, string module) : SshServer(options, keys)
{
    /// <summary>What both change keys at when a test doesn't say.</summary>
    private const long DefaultRekeyBytes = 1L << 30;

    public override string User => Account.User;

    protected override Task<CommandLine> PrepareAsync(CancellationToken cancellation) => Task.FromResult(Peers.RequirePython(
        module, Path.Combine(AppContext.BaseDirectory, "Servers", "Python", module + "_server.py"),
        Options.ListenAddress, Port.ToString(CultureInfo.InvariantCulture), string.Join(',', TestKeys.HostKeys.Select(Keys.PrivateKey)),
        Folder.Write("authorized_keys", AuthorizedLines), User, Password,
        (Options.RekeyBytes ?? DefaultRekeyBytes).ToString(CultureInfo.InvariantCulture)));
}
