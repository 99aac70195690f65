using System.Globalization;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;

namespace Culvert.Interop.Clients;

/// <summary>OpenSSH's own client: proof that a server fixture works, and the plain tunnel that Culvert is measured against.</summary>
internal static class OpenSshClient
{
    public static CommandLine Command(SshServer server, params IReadOnlyList<string> remoteCommand) =>
        new(Peers.Require("ssh"), [.. Options(server), server.Address, .. remoteCommand]);

    /// <summary>A plain tunnel that stays up: <c>-L</c> or <c>-R</c> with its specification.</summary>
    public static CommandLine Tunnel(SshServer server, string letter, string specification) =>
        new(Peers.Require("ssh"), ["-v", "-N", "-o", "ExitOnForwardFailure=yes", letter, specification, .. Options(server), server.Address]);

    private static string[] Options(SshServer server) =>
    [
        "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
        "-o", $"UserKnownHostsFile={server.KnownHosts}", "-o", "GlobalKnownHostsFile=none", "-o", "StrictHostKeyChecking=yes",
        "-i", server.Keys.PrivateKey(TestKeys.Client), "-p", server.Port.ToString(CultureInfo.InvariantCulture), "-l", server.User,
    ];
}
