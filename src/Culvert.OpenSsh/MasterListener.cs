using Culvert.Net;

namespace Culvert.OpenSsh;

/// <summary>A port that <c>ssh</c> holds open on the server for us, and whose connections it brings to a socket of ours. It tells nobody where they came from.</summary>
internal sealed class MasterListener(OpenSshMaster master, IListener local, Endpoint asked, int port, string path) : IListener
{
    private int _disposed;

    public Endpoint LocalEndpoint { get; } = asked.WithPort(port);

    public async ValueTask<Accepted> AcceptAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var accepting = local.AcceptAsync(either.Token).AsTask();
        if (await Task.WhenAny(accepting, master.Closed).ConfigureAwait(false) == master.Closed)
        {
            await either.CancelAsync().ConfigureAwait(false);
            try
            {
                var (late, _) = await accepting.ConfigureAwait(false);
                await late.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or NetworkException)
            {
                // As it should be.
            }
            throw new NetworkException(await master.Closed.ConfigureAwait(false));
        }
        var (duplex, _) = await accepting.ConfigureAwait(false);
        return new Accepted(new MasterDuplex(master, duplex), Peer.Unknown);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await master.CancelAsync(asked, path).ConfigureAwait(false);
        await OpenSshMaster.CloseAsync(local).ConfigureAwait(false);
    }

    /// <summary>When ssh dies, the kernel ends its sockets in order. An end counts only if ssh still answers after it.</summary>
    private sealed class MasterDuplex(OpenSshMaster master, Duplex socket) : DelegatingDuplex(socket)
    {
        // What ssh brings has come through SSH, where a reset is an end.
        public override bool ShowsResets => false;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken) =>
            await CheckedAsync(await base.ReadAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

        public override async ValueTask<ReadResult> ReadAsync(Memory<byte> into, CancellationToken cancellationToken) =>
            await CheckedAsync(await base.ReadAsync(into, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

        private async ValueTask<ReadResult> CheckedAsync(ReadResult read, CancellationToken cancellationToken) =>
            read.End == ReadEnd.None || await master.IsAliveAsync(cancellationToken).ConfigureAwait(false) ? read : read with { End = ReadEnd.Lost };
    }
}
