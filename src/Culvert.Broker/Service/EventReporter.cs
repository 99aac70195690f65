using Culvert.Broker.Audit;
using Culvert.Broker.Runtime;
using Culvert.Ftp;
using Culvert.Net;

namespace Culvert.Broker.Service;

/// <summary>Turns what a person would be told into events. What happens in tunnels has become events already, where it's known whose they are.</summary>
public sealed class EventReporter(Action<AuditEvent> sink) : IReporter
{
    /// <inheritdoc/>
    public void Tell(Message message)
    {
        var severity = message.Weight switch { MessageWeight.Error => AuditSeverity.Error, MessageWeight.Warning => AuditSeverity.Warning, _ => AuditSeverity.Informational };
        List<KeyValuePair<string, object>> fields = [new("text", message.Text)];
        if (message.Hint is not null)
            fields.Add(new("hint", message.Hint));
        sink(new AuditEvent(AuditNames.Message, severity, fields));
    }

    /// <inheritdoc/>
    public void Opened(OpenTunnel tunnel)
    {
    }

    /// <inheritdoc/>
    public void ClientConnected(OpenTunnel tunnel, Peer client)
    {
    }

    /// <inheritdoc/>
    public void ClientGone(OpenTunnel tunnel, Peer client)
    {
    }

    /// <inheritdoc/>
    public void ClientRefused(OpenTunnel tunnel, Peer client, string reason)
    {
    }

    /// <inheritdoc/>
    public void Started(Transfer transfer)
    {
    }

    /// <inheritdoc/>
    public void Ended(Transfer transfer)
    {
    }

    /// <inheritdoc/>
    public void AddressRewritten(string from, string to)
    {
    }

    /// <inheritdoc/>
    public void ChannelOpening(Endpoint to)
    {
    }
}
