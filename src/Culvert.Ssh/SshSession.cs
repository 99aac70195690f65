using Culvert.Net;
using Culvert.Ssh.Connection;

namespace Culvert.Ssh;

/// <summary>A session on the server (RFC 4254 §6): a program with input, output and errors, with or without a terminal. First comes what prepares it
/// (<see cref="SetEnvironment"/>, <see cref="RequestTerminalAsync"/>), then one of the three starts, then the streams carry what the program reads and writes.</summary>
/// <remarks>Thread-safe, except that each stream has one reader or writer at a time. Output and errors share a window: who reads only one of them is
/// stopped by the other.</remarks>
public sealed class SshSession : IAsyncDisposable
{
    private readonly Channel _channel;
    private readonly ClientSession _session;

    private SshSession(Channel channel, ClientSession session)
    {
        (_channel, _session) = (channel, session);
        Streams = new ChannelDuplex(channel);
    }

    /// <summary>The program's input (written here) and output (read here). Ending our half is the end of its input; output goes on.</summary>
    public Duplex Streams { get; }

    /// <summary>How it ended; completes when the server has closed the session or the connection is lost, never faults.</summary>
    public Task<SessionEnd> Ended => _session.Ended;

    /// <summary>Opens a session.</summary>
    /// <exception cref="NetworkException">The server refuses, or the connection is gone.</exception>
    internal static async Task<SshSession> OpenAsync(Multiplexer multiplexer, Priority priority, CancellationToken cancellationToken)
    {
        var answered = new TaskCompletionSource<Failure?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var session = new ClientSession();
        var channel = multiplexer.Open("session", [], priority, (failure, channel) =>
        {
            // Who gave up meanwhile leaves nothing open.
            if (!answered.TrySetResult(failure) && failure is null)
                channel.Dispose();
        }, session);
        await using (cancellationToken.UnsafeRegister(static (state, token) => ((TaskCompletionSource<Failure?>)state!).TrySetCanceled(token), answered))
        {
            if (await answered.Task is { } refused)
                throw new NetworkException(refused);
        }
        return new SshSession(channel, session);
    }

    /// <summary>Waits for the program's errors and fills <paramref name="into"/>. Ended: there will be no more.</summary>
    public async ValueTask<ReadResult> ReadErrorsAsync(Memory<byte> into, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = _channel.TryCopyErrors(into);
            if (result.End != ReadEnd.None || !result.Bytes.IsEmpty)
                return result;
            await _channel.WaitErrorsReadableAsync(cancellationToken);
        }
    }

    /// <summary>Asks for a variable in the program's environment. Servers take few (AcceptEnv), and don't say which.</summary>
    public void SetEnvironment(string name, string value) => _channel.Tell("env", SessionMessages.Environment(name, value));

    /// <summary>Asks for a terminal.</summary>
    /// <returns>Whether the server grants it.</returns>
    public Task<bool> RequestTerminalAsync(PseudoTerminal terminal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(terminal);
        return _channel.AskAsync("pty-req", SessionMessages.Terminal(terminal)).WaitAsync(cancellationToken);
    }

    /// <summary>Starts the user's shell.</summary>
    /// <returns>Whether the server does it.</returns>
    public Task<bool> StartShellAsync(CancellationToken cancellationToken) => _channel.AskAsync("shell", []).WaitAsync(cancellationToken);

    /// <summary>Starts a command in the user's shell.</summary>
    /// <returns>Whether the server does it. A command that can't be found has been started, and ends with status 127.</returns>
    public Task<bool> StartCommandAsync(string command, CancellationToken cancellationToken) =>
        _channel.AskAsync("exec", SessionMessages.Text(command)).WaitAsync(cancellationToken);

    /// <summary>Starts a subsystem of the server, for example <c>sftp</c>.</summary>
    /// <returns>Whether the server has it.</returns>
    public Task<bool> StartSubsystemAsync(string name, CancellationToken cancellationToken) =>
        _channel.AskAsync("subsystem", SessionMessages.Text(name)).WaitAsync(cancellationToken);

    /// <summary>Says that the terminal has another size now.</summary>
    public void Resize(TerminalSize size) => _channel.Tell("window-change", SessionMessages.Window(size));

    /// <summary>Sends the program a signal.</summary>
    /// <param name="name">Without <c>SIG</c>: <c>INT</c>, <c>TERM</c> … (RFC 4254 §6.10).</param>
    public void SendSignal(string name) => _channel.Tell("signal", SessionMessages.Text(name));

    /// <summary>Says that nobody here takes the program's output any more, as a pipe without a reader does (OpenSSH PROTOCOL §2.1).</summary>
    public void RefuseOutput() => _channel.Tell("eow@openssh.com", []);

    /// <summary>Closes it; a program that still runs loses its streams.</summary>
    public ValueTask DisposeAsync() => Streams.DisposeAsync();
}
