using System.Globalization;
using System.Text.RegularExpressions;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;

namespace Culvert.Interop.Clients;

/// <summary>OpenSSH's own client: proof that a server fixture works, and the plain tunnel that Culvert is measured against.</summary>
internal static partial class OpenSshClient
{
    public static CommandLine Command(SshServer server, params IReadOnlyList<string> remoteCommand) =>
        new(Peers.Require("ssh"), [.. Options(server), server.Address, .. remoteCommand]);

    /// <summary>A plain tunnel that stays up: <c>-L</c> or <c>-R</c> with its specification.</summary>
    public static CommandLine Tunnel(SshServer server, string letter, string specification) =>
        new(Peers.Require("ssh"), ["-v", "-N", "-o", "ExitOnForwardFailure=yes", letter, specification, .. Options(server), server.Address]);

    /// <summary>Waits until the tunnel listens: on this side, or on the server's as ssh reports it.</summary>
    public static async Task WaitUntilUpAsync(ChildProcess ssh, string letter, int port, CancellationToken cancellation)
    {
        if (letter == "-L")
        {
            await Readiness.OfPortAsync(ssh, port, cancellation);
            await ssh.WaitForAsync(SessionEntered(), cancellation);
        }
        else
        {
            await ssh.WaitForAsync(RemoteForwardGranted(), cancellation);
        }
    }

    [GeneratedRegex("remote forward success for: listen")]
    private static partial Regex RemoteForwardGranted();

    [GeneratedRegex("Entering interactive session")]
    private static partial Regex SessionEntered();

    private static string[] Options(SshServer server) =>
    [
        "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
        "-o", $"UserKnownHostsFile={server.KnownHosts}", "-o", "GlobalKnownHostsFile=none", "-o", "StrictHostKeyChecking=yes",
        "-i", server.Keys.PrivateKey(TestKeys.Client), "-p", server.Port.ToString(CultureInfo.InvariantCulture), "-l", server.User,
    ];
}
