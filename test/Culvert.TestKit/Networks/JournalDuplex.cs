using Culvert.Net;

namespace Culvert.TestKit.Networks;

/// <summary>A duplex that tells what is done with it, in the order in which it is done, and whose end can be held up.</summary>
/// <param name="inner">Owned from now on.</param>
/// <param name="tell">Hears of every write, end and abort, before it is done.</param>
/// <param name="mayEnd">The end waits for this.</param>
internal sealed class JournalDuplex(Duplex inner, Action<string> tell, Task mayEnd) : DelegatingDuplex(inner)
{
    public override ValueTask<WriteEnd> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Tell(bytes.Span);
        return base.WriteAsync(bytes, cancellationToken);
    }

    public override async ValueTask<WriteEnd> EndAsync(CancellationToken cancellationToken)
    {
        tell("end");
        await mayEnd.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await base.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    public override void Abort()
    {
        tell("abort");
        base.Abort();
    }

    public override ValueTask<WriteEnd> EndAtLeisureAsync(CancellationToken cancellationToken) => EndAsync(cancellationToken);

    public override void AbortInOrder() => Abort();

    private void Tell(ReadOnlySpan<byte> bytes) => tell($"write {System.Text.Encoding.Latin1.GetString(bytes)}");
}
