using Culvert.Net;
using Culvert.Ssh.Connection;

namespace Culvert.Ssh;

/// <summary>What a client wants to run.</summary>
public enum SessionStart
{
    /// <summary>Its shell.</summary>
    Shell,
    /// <summary>A command.</summary>
    Command,
    /// <summary>A subsystem.</summary>
    Subsystem,
}

/// <summary>A session as the server half sees it: what the client wants, and the streams. Nothing is ever run by itself: whoever sets
/// <see cref="SshServerOptions.ServeSession"/> answers.</summary>
public sealed class SshServerSession
{
    private readonly Channel _channel;

    internal SshServerSession(Channel channel, SessionStart start, string text, IReadOnlyDictionary<string, string> environment, PseudoTerminal? terminal)
    {
        (_channel, Start, Text, Environment, Terminal) = (channel, start, text, environment, terminal);
        Streams = new ChannelDuplex(channel);
    }

    /// <summary>What the client wants.</summary>
    public SessionStart Start { get; }

    /// <summary>The command or the subsystem's name, as the client sent it; empty for a shell.</summary>
    public string Text { get; }

    /// <summary>Variables that the client set.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>The terminal that the client asked for; null: none.</summary>
    public PseudoTerminal? Terminal { get; }

    /// <summary>The client's input (read here), and its output (written here).</summary>
    public Duplex Streams { get; }

    /// <summary>The client's terminal has another size. Raised where messages are read: quick, and never waiting.</summary>
    public event Action<TerminalSize>? Resized;

    /// <summary>The client sent a signal, without <c>SIG</c>. Raised likewise.</summary>
    public event Action<string>? Signalled;

    /// <summary>Writes errors. Not at the same time as the output: both wait for one window.</summary>
    public async ValueTask<WriteEnd> WriteErrorsAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            var count = _channel.TrySendErrors(bytes.Span, out var end);
            if (end != WriteEnd.None)
                return end;
            if (count == 0)
                await _channel.WaitWritableAsync(cancellationToken);
            bytes = bytes[count..];
        }
        return WriteEnd.None;
    }

    internal void Resize(TerminalSize size) => Resized?.Invoke(size);

    internal void Signal(string name) => Signalled?.Invoke(name);
}
