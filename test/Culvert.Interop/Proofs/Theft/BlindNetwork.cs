using Culvert.Net;

namespace Culvert.Interop.Proofs.Theft;

/// <summary>A network that takes every peer for the same user: what Culvert would be without its look at the owner of a socket.</summary>
internal sealed class BlindNetwork(INetwork inner) : INetwork
{
    private static readonly UserId Everybody = new("everybody");

    public Dial Connect(Endpoint to, ConnectOptions options) => inner.Connect(to, options with { RequiredOwner = null });

    public async ValueTask<IListener> ListenAsync(Endpoint at, ListenOptions options, CancellationToken cancellationToken) =>
        new Listener(await inner.ListenAsync(at, options, cancellationToken));

    private sealed class Listener(IListener inner) : IListener
    {
        public Endpoint LocalEndpoint => inner.LocalEndpoint;

        public async ValueTask<Accepted> AcceptAsync(CancellationToken cancellationToken)
        {
            var accepted = await inner.AcceptAsync(cancellationToken);
            return accepted with { Peer = accepted.Peer with { Owner = Everybody } };
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
