using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Auth;

/// <summary>Sends requests and receives answers while nobody is logged in yet; banners are shown on the way.</summary>
internal sealed class AuthenticationExchange(IPacketTransport transport, ReadOnlyMemory<byte> sessionId, ClientAuthenticationOptions options)
{
    /// <summary>A banner is a page of law, not a book; RFC 4252 §5.4 lets a client shorten it.</summary>
    private const int MaximumBannerLength = 8 * 1024;

    /// <summary>sshd and PAM send one or two; more would keep us here for ever.</summary>
    private const int MaximumBanners = 32;

    private int _banners;

    public ClientAuthenticationOptions Options => options;

    public ReadOnlyMemory<byte> SessionId => sessionId;

    public string UserAtHost { get; } = $"{options.User}@{options.Host}";

    /// <summary>Sends a message, wipes it (it may hold a password), and waits for what answers it; lent until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ExchangeAsync(SshWriter message, CancellationToken cancellationToken)
    {
        try
        {
            await transport.WriteAsync(message.WrittenMemory, cancellationToken);
        }
        finally
        {
            message.Clear();
        }
        await transport.FlushAsync(cancellationToken);
        while (true)
        {
            var payload = await transport.ReceiveAsync(cancellationToken);
            if (payload.IsEmpty)
                throw new SshProtocolException("authentication: empty message");
            if (payload.Span[0] != MessageNumber.UserAuthBanner)
                return payload;
            ShowBanner(payload.Span);
        }
    }

    private void ShowBanner(ReadOnlySpan<byte> payload)
    {
        // RFC 4252 §5.4
        //   byte      SSH_MSG_USERAUTH_BANNER
        //   string    message
        //   string    language tag
        var reader = new SshReader(payload, "SSH_MSG_USERAUTH_BANNER");
        reader.Byte("message");
        var text = reader.String("message");
        reader.String("language tag");
        if (++_banners > MaximumBanners)
            throw new SshProtocolException("authentication: too many banners");
        if (options.ShowsBanners && DisplayText.Lines(text, MaximumBannerLength).TrimEnd('\n') is { Length: > 0 } shown)
            options.Show?.Invoke(shown);
    }
}
