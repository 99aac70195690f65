using System.Globalization;
using System.IO.Pipelines;
using System.IO.Pipes;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Culvert.Broker.Control;

/// <summary>A client's connection, as Kestrel wants one. It is read all the time, so that a request whose client has gone away hears of it.</summary>
internal sealed class PipeConnection : DefaultConnectionContext
{
    private static long s_last;

    private readonly NamedPipeServerStream _stream;
    // Neither is disposed of, nor holds anything: Kestrel may abort what has just ended.
    private readonly CancellationTokenSource _aborted = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly Ends _transport;
    private readonly Task _receiving;
    private readonly Task _sending;

    /// <param name="stream">The server's end; owned from now on.</param>
    /// <param name="at">Where it was opened.</param>
    public PipeConnection(NamedPipeServerStream stream, EndPoint at)
        : base(Interlocked.Increment(ref s_last).ToString(CultureInfo.InvariantCulture))
    {
        _stream = stream;
        var (input, output) = (new Pipe(new System.IO.Pipelines.PipeOptions(useSynchronizationContext: false)), new Pipe(new System.IO.Pipelines.PipeOptions(useSynchronizationContext: false)));
        Transport = _transport = new Ends(input.Reader, output.Writer);
        LocalEndPoint = at;
        ConnectionClosed = _closed.Token;
        _receiving = ReceiveAsync(input.Writer);
        _sending = SendAsync(output.Reader);
    }

    /// <summary>Ends it now; what wasn't sent is lost.</summary>
    public override void Abort(ConnectionAbortedException abortReason) => _aborted.Cancel();

    /// <summary>Ends it when all is sent.</summary>
    public override async ValueTask DisposeAsync()
    {
        await _transport.Input.CompleteAsync().ConfigureAwait(false);
        await _transport.Output.CompleteAsync().ConfigureAwait(false);
        await _sending.ConfigureAwait(false);
        await _aborted.CancelAsync().ConfigureAwait(false);
        await _receiving.ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false); // twice does no harm
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private async Task ReceiveAsync(PipeWriter writer)
    {
        Exception? cause = null;
        try
        {
            int count;
            do
            {
                count = await _stream.ReadAsync(writer.GetMemory(), _aborted.Token).ConfigureAwait(false);
                writer.Advance(count);
            }
            while (count > 0 && !(await writer.FlushAsync(_aborted.Token).ConfigureAwait(false)).IsCompleted);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            cause = new ConnectionAbortedException("the client's end is gone", e);
        }
        await writer.CompleteAsync(cause).ConfigureAwait(false);
        await _closed.CancelAsync().ConfigureAwait(false);
        if (!_aborted.IsCancellationRequested)
            return;
        // The client shall see it now, and not when a request that takes no notice has ended.
        await _sending.ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
    }

    private async Task SendAsync(PipeReader reader)
    {
        Exception? cause = null;
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync(_aborted.Token).ConfigureAwait(false);
                foreach (var part in result.Buffer)
                    await _stream.WriteAsync(part, _aborted.Token).ConfigureAwait(false);
                reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                    break;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            cause = e;
        }
        await reader.CompleteAsync(cause).ConfigureAwait(false);
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
