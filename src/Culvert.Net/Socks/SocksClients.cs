namespace Culvert.Net.Socks;

/// <summary>Clients that say in SOCKS where they want to go. Thread-safe.</summary>
/// <param name="forbids">Why a destination may not be had; null when it may.</param>
/// <param name="time">The clock.</param>
public sealed class SocksClients(Func<Endpoint, string?> forbids, TimeProvider time)
{
    /// <summary>A client that hasn't said by then where it wants to go isn't one; people don't type SOCKS.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Reads one client's wish. See <see cref="ReadWish"/>.</summary>
    public async ValueTask<Wish> ReadAsync(Duplex client, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(client);
        using var deadline = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stop);
        try
        {
            return await ReadAsync(client, new byte[SocksRequest.LongestRequest], either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return Wish.None(new Failure(FailureKind.Timeout, "a client did not say where to"));
        }
    }

    private async ValueTask<Wish> ReadAsync(Duplex client, byte[] buffer, CancellationToken cancellationToken)
    {
        for (var received = 0; ;)
        {
            switch (SocksRequest.Next(buffer.AsSpan(0, received)))
            {
                case SocksStep.More(var count, var first):
                    if (!first.IsEmpty && await client.WriteAsync(first, cancellationToken).ConfigureAwait(false) != WriteEnd.None)
                        return Gone;
                    while (count > 0)
                    {
                        var read = await client.ReadAsync(buffer.AsMemory(received, count), cancellationToken).ConfigureAwait(false);
                        if (read.End != ReadEnd.None)
                            return Gone;
                        received += read.Bytes.Length;
                        count -= read.Bytes.Length;
                    }
                    break;
                case SocksStep.Connect(var to, var version):
                    return forbids(to) is { } why
                        ? Wish.None(new Failure(FailureKind.Prohibited, why), SocksReply.Of(version, SocksReply.NotAllowed)) with { To = to }
                        : new Wish(to, outcome => SocksReply.Of(version, outcome));
                case SocksStep.Refuse(var answer, var reason):
                    return Wish.None(new Failure(FailureKind.Prohibited, "a client was sent away: " + reason), answer);
            }
        }
    }

    private static Wish Gone => Wish.None(new Failure(FailureKind.Aborted, "a client left before it said where to"));
}
