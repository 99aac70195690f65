using Culvert.Net;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Connection;

/// <summary>What a server says on a session that we asked for: how the program ended. The first word counts.</summary>
internal sealed class ClientSession : ChannelRequests
{
    private readonly TaskCompletionSource<SessionEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SessionEnd? _said;

    /// <summary>How the session ended: completes with the channel's CLOSE, or when the connection is lost; never faults.</summary>
    public Task<SessionEnd> Ended => _ended.Task;

    public override bool Take(string type, ref SshReader specific)
    {
        switch (type)
        {
            case "exit-status":
                // uint32 exit_status; §6.10. Systems have 8 bits for it, Windows 32.
                Keep(new SessionEnd { Status = (int)specific.UInt32("exit_status") });
                specific.End();
                return true;
            case "exit-signal":
                // string signal name (without the "SIG" prefix), boolean core dumped, string error message, string language tag
                var (signal, dumped) = (specific.DisplayText("signal name"), specific.Bool("core dumped"));
                Keep(new SessionEnd { Signal = signal, CoreDumped = dumped, Text = specific.DisplayText("error message") });
                return true;
            case "xon-xoff":
                // boolean client can do (§6.8): a hint on flow control, which the terminal here does by itself.
                return true;
            default:
                return false;
        }
    }

    public override void Closed(Failure? lost) => _ended.TrySetResult(_said ?? new SessionEnd { Lost = lost });

    private void Keep(SessionEnd said) => _said ??= said;
}
