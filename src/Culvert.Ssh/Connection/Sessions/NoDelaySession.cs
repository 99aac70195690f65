using Culvert.Net;
using Microsoft.Extensions.Logging;

namespace Culvert.Ssh.Connection;

/// <summary>Makes sshd up to 10.0 send small packets at once. It leaves Nagle's algorithm on until the first program of a session has begun, and never turns it on again; with
/// forwarding alone its second small packet waits for the acknowledgement of the first, a whole round trip: replies do, and the credit for uploads, which go half as fast. So one session is opened, and a command that does nothing is run.</summary>
/// <remarks>Only for those who asked for it: a server that forces a command runs that one, and a login shell reads its files. What is refused is no failure: everything works, slower.</remarks>
internal static class NoDelaySession
{
    /// <summary>The same to every shell, of Unix and of Windows.</summary>
    public const string Command = "exit";

    /// <summary>A command that was forced may go on for ever; the session is closed upon it then.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Whether a server with this version line holds small packets back.</summary>
    public static bool Helps(string version) => OpenSshVersion.Of(version) is (< 10, _) or (10, 0);

    /// <summary>Does it, once; says in the log what came of it.</summary>
    public static async Task RunAsync(Multiplexer multiplexer, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            await using var session = await SshSession.OpenAsync(multiplexer, Priority.Interactive, cancellationToken);
            if (!await session.StartCommandAsync(Command, cancellationToken))
            {
                Log.NoDelayRefused(logger, "the command was refused");
                return;
            }
            Log.NoDelay(logger);
            await Task.WhenAny(session.Ended, Task.Delay(Patience, time, cancellationToken));
        }
        catch (NetworkException e)
        {
            Log.NoDelayRefused(logger, e.Failure.Text);
        }
    }
}
