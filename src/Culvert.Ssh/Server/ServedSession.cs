using Culvert.Net;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Server;

/// <summary>A session that a client asked this server for: gathers what prepares it, and starts what serves it, once.</summary>
/// <param name="options">Hold what serves.</param>
/// <param name="tasks">Own the serving.</param>
/// <param name="stop">Ends it with the connection.</param>
internal sealed class ServedSession(SshServerOptions options, SessionTasks tasks, CancellationToken stop) : ChannelRequests
{
    /// <summary>Variables that a client may set: more are an attack on memory.</summary>
    private const int MaximumVariables = 128;

    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal);
    private PseudoTerminal? _terminal;
    private SshServerSession? _running;

    /// <summary>Set before the channel is confirmed: no request comes earlier.</summary>
    public Channel? Channel { get; set; }

    public override bool Take(string type, ref SshReader specific)
    {
        switch (type)
        {
            case "env":
                var (name, value) = (specific.Text("variable name"), specific.Text("variable value"));
                return _running is null && _environment.Count < MaximumVariables && name.Length + value.Length <= Limits.MaximumChannelPacket && _environment.TryAdd(name, value);
            case "pty-req":
                var terminal = SessionMessages.ReadTerminal(ref specific);
                if (_running is not null || _terminal is not null)
                    return false;
                _terminal = terminal;
                return true;
            case "shell":
                return Start(SessionStart.Shell, "");
            case "exec":
                return Start(SessionStart.Command, specific.Text("command"));
            case "subsystem":
                return Start(SessionStart.Subsystem, specific.Text("subsystem name"));
            case "window-change":
                var size = SessionMessages.ReadSize(ref specific);
                _running?.Resize(size);
                return _running is not null;
            case "signal":
                var signal = specific.DisplayText("signal name");
                _running?.Signal(signal);
                return _running is not null;
            default:
                return false;
        }
    }

    public override void Closed(Failure? lost)
    {
        // The streams say it.
    }

    private bool Start(SessionStart start, string text)
    {
        if (_running is not null || options.ServeSession is not { } serve)
            return false;
        var session = _running = new SshServerSession(Channel!, start, text, _environment, _terminal);
        tasks.Start(() => ServeAsync(session, serve));
        return true;
    }

    private async Task ServeAsync(SshServerSession session, Func<SshServerSession, CancellationToken, Task<SessionEnd>> serve)
    {
        await using var streams = session.Streams;
        var end = await serve(session, stop);
        await streams.EndAsync(CancellationToken.None);
        if (end.Signal is { } signal)
            Channel!.Tell("exit-signal", new SshWriter().String(signal).Bool(end.CoreDumped).String(end.Text).String("").ToArray());
        else if (end.Status is { } status)
            Channel!.Tell("exit-status", SessionMessages.ExitStatus(status));
    }
}
