using System.Threading.Channels;
using Culvert.Cli.Terminal;
using Culvert.Net;

namespace Culvert.Cli.Sessions;

/// <summary>Carries standard input to a session, and does what is escaped in it.</summary>
internal sealed class SessionInput(ISessionConsole console, Duplex session)
{
    /// <summary>What one read takes: as much as a pipe holds.</summary>
    private const int ReadSize = 64 * 1024;

    /// <summary>Pieces that were typed and not sent yet. As long as there is room, escapes are heard although the connection is stuck.</summary>
    private const int MaximumTypedPieces = 1024;

    /// <summary>Until input ends or the session takes no more.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var buffer = new byte[ReadSize];
        while (await console.ReadAsync(buffer, stop).ConfigureAwait(false) is > 0 and var count)
        {
            if (await session.WriteAsync(buffer.AsMemory(0, count), stop).ConfigureAwait(false) != WriteEnd.None)
                return;
        }
        await session.EndAsync(stop).ConfigureAwait(false);
    }

    /// <summary>The same for a terminal, with escapes.</summary>
    /// <param name="escapes">Finds them.</param>
    /// <param name="act">Does what they say.</param>
    /// <param name="stop">Gives up.</param>
    public async Task RunAsync(EscapeReader escapes, Func<EscapeAction, CancellationToken, Task> act, CancellationToken stop)
    {
        var typed = System.Threading.Channels.Channel.CreateBounded<ReadOnlyMemory<byte>>(MaximumTypedPieces);
        var sending = SendAsync(typed.Reader, stop);
        try
        {
            var buffer = new byte[ReadSize];
            while (!sending.IsCompleted && await console.ReadAsync(buffer, stop).ConfigureAwait(false) is > 0 and var count)
            {
                foreach (var step in escapes.Read(buffer.AsMemory(0, count)))
                {
                    if (!step.Bytes.IsEmpty)
                        await typed.Writer.WriteAsync(step.Bytes.ToArray(), stop).ConfigureAwait(false);
                    if (step.Action != EscapeAction.None)
                        await act(step.Action, stop).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            typed.Writer.Complete();
            await sending.ConfigureAwait(false);
        }
    }

    private async Task SendAsync(ChannelReader<ReadOnlyMemory<byte>> typed, CancellationToken stop)
    {
        await foreach (var piece in typed.ReadAllAsync(stop).ConfigureAwait(false))
        {
            if (await session.WriteAsync(piece, stop).ConfigureAwait(false) != WriteEnd.None)
                return;
        }
        await session.EndAsync(stop).ConfigureAwait(false);
    }
}
