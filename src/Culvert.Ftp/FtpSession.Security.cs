using Culvert.Ftp.Dialogue;
using Culvert.Ftp.Opaque;

namespace Culvert.Ftp;

// Encrypting a side, when the conversation has decided that. Nothing else is done meanwhile: what comes next goes over TLS or not at all.
internal sealed partial class FtpSession
{
    private async Task EncryptClientAsync(ControlConnection client, CancellationToken end)
    {
        var failure = await client.EncryptAsync(duplex => Options.ClientTls!.Wrap(duplex, data: false), Options.HandshakeTimeout, end).ConfigureAwait(false);
        if (failure is null)
            _conversation.ClientEncrypted();
        else
            _conversation.EncryptionFailed(client: true, failure);
    }

    private async Task EncryptServerAsync(ControlConnection server, CancellationToken end)
    {
        var failure = await server.EncryptAsync(_serverTls!.WrapControl, Options.HandshakeTimeout, end).ConfigureAwait(false);
        if (failure is null)
            _conversation.ServerEncrypted();
        else
            _conversation.EncryptionFailed(client: false, failure);
    }

    /// <summary>Client and server speak TLS with each other from here on; returns when they have done.</summary>
    private async Task StepAsideAsync(Decision.StepAside decision, ControlConnection client, ControlConnection server, CancellationToken end)
    {
        if (client.HasUnreadBytes || server.HasUnreadBytes)
        {
            _conversation.CannotStepAside("more was said in clear before it began");
            return;
        }
        var ports = _relay.PortsFor(new(_near, _far, _nearAddress.ToString(), _destination, Options, _relay.Logger, _relay.Observer));
        if (await ports.EnterAsync(_client.Peer, end).ConfigureAwait(false) is { } failure)
        {
            _conversation.CannotStepAside(failure);
            return;
        }
        try
        {
            foreach (var line in decision.Lines)
                client.Say(line);
            await client.FlushAsync(end).ConfigureAwait(false);
            Log.SteppedAside(_relay.Logger, _id);
            if (await OpaqueControl.RunAsync(client.Beneath, server.Beneath, end).ConfigureAwait(false) is { } why)
                Log.Notice(_relay.Logger, _id, "control connection", why);
        }
        finally
        {
            await ports.LeaveAsync(_client.Peer).ConfigureAwait(false);
        }
        _conversation.SteppedAside();
    }
}
