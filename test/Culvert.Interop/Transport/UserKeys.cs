using Culvert.Ssh;
using Culvert.Ssh.Auth;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Xunit;
using SshServer = Culvert.Interop.Servers.SshServer;

namespace Culvert.Interop.Transport;

/// <summary>A user with a key of each type, and a password.</summary>
internal sealed class UserKeys : IDisposable
{
    private readonly Signer[] _keys = [Signer.GenerateEd25519(), .. NistCurve.All.Select(EcdsaSigner.Generate), RsaSigner.Generate()];

    /// <summary>As they stand in authorized_keys.</summary>
    public IReadOnlyList<string> Lines => [.. _keys.Select(key => $"{key.PublicKey.Type} {Convert.ToBase64String(key.PublicKey.Blob.Span)}")];

    /// <summary>Each way in that the server offers and we have: each of its methods, and with keys each type.</summary>
    public async Task<IReadOnlyList<(string Name, ClientAuthenticationOptions Options)>> LoginsAsync(SshServer server, CancellationToken cancellation)
    {
        var offered = await OfferedAsync(server, cancellation);
        var somebody = new ClientAuthenticationOptions
        {
            User = server.User,
            Host = server.Address,
            PasswordSource = _ => new(SshServer.Password),
            Ask = (_, _) => new(SshServer.Password),
        };
        Assert.Contains("publickey", offered);
        Assert.DoesNotContain(offered, method => method is not ("publickey" or "password" or "keyboard-interactive"));
        return
        [
            .. _keys.Select(key => ($"publickey: {key.PublicKey.Type}", somebody with { Methods = ["publickey"], Signers = [key] })),
            .. offered.Where(method => method != "publickey").Select(method => (method, somebody with { Methods = [method] })),
        ];
    }

    public void Dispose()
    {
        foreach (var key in _keys)
        {
            key.Dispose();
        }
    }

    /// <summary>What the server names when it's asked for nothing.</summary>
    private static async Task<string[]> OfferedAsync(SshServer server, CancellationToken cancellation)
    {
        await using var transport = await RekeyingTransport.ConnectAsync(
            await ServerOffer.DialAsync(server), new(server.Address, server.Port), (_, _) => ValueTask.CompletedTask, new(), cancellation);
        var nobody = new ClientAuthenticationOptions { User = server.User, Host = server.Address, Methods = [] };
        var refusal = await Assert.ThrowsAsync<SshAuthenticationException>(async () =>
            await ClientAuthentication.RunAsync(transport, transport.SessionId, () => transport.PeerExtensions, nobody, cancellation));
        var (begin, end) = (refusal.Message.IndexOf('(', StringComparison.Ordinal), refusal.Message.IndexOf(')', StringComparison.Ordinal));
        return refusal.Message[(begin + 1)..end].Split(',');
    }
}
