using Culvert.Interop.Processes;

namespace Culvert.Interop.Servers;

/// <summary>Who serves files and who logs in, for servers with virtual users.</summary>
internal static class Account
{
    public const string User = "tester";
    public const string Password = "correct horse";

    /// <summary>nobody when the server starts as root, otherwise the user who runs the tests.</summary>
    public static async Task<(string User, string Group, string UserId, string GroupId)> ServingAsync(CancellationToken cancellation)
    {
        var of = Peers.IsRoot ? "nobody" : Environment.UserName;
        return (of, await AskAsync("-gn"), await AskAsync("-u"), await AskAsync("-g"));

        async Task<string> AskAsync(string what) =>
            (await Command.RunAsync(new CommandLine(Peers.Require("id"), what, of), cancellation)).OrThrow().Output.Trim();
    }

    /// <summary>A password as crypt(3) keeps it (SHA-512).</summary>
    public static async Task<string> HashAsync(string password, CancellationToken cancellation) =>
        (await Command.RunAsync(new CommandLine(Peers.Require("openssl"), "passwd", "-6", "-stdin"), cancellation, password + "\n"))
            .OrThrow().Output.Trim();
}
