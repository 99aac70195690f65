using System.ComponentModel;

namespace Culvert.Net.Processes;

/// <summary>A network that is a command: connecting starts it, its standard input and output are the connection, whatever the destination (ProxyCommand). Its
/// messages go where ours go. Thread-safe.</summary>
/// <param name="command">A line for the user's shell.</param>
/// <param name="time">The clock.</param>
public sealed class CommandNetwork(string command, TimeProvider time) : INetwork
{
    /// <inheritdoc/>
    public Dial Connect(Endpoint to, ConnectOptions options)
    {
        try
        {
            return new Started(new ProcessDuplex(Shell.Start(command), time));
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or IOException)
        {
            return Dial.Failed(new Failure(FailureKind.Unreachable, "the proxy command could not be started: " + e.Message));
        }
    }

    /// <inheritdoc/>
    public ValueTask<IListener> ListenAsync(Endpoint at, ListenOptions options, CancellationToken cancellationToken) =>
        ValueTask.FromException<IListener>(new NetworkException(new Failure(FailureKind.Prohibited, "a command can't listen")));

    private sealed class Started(ProcessDuplex duplex) : Dial
    {
        public override Task<DialOutcome> Outcome { get; } = Task.FromResult(new DialOutcome(duplex, null));

        public override void Abort() => duplex.Abort();
    }
}
