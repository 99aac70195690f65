namespace Culvert.Ssh.Auth;

/// <summary>One way to log in. It keeps what it has tried, so that it can be asked again after another one's turn.</summary>
internal abstract class AuthenticationMethod
{
    /// <summary>The method's name on the wire.</summary>
    public abstract string Name { get; }

    /// <summary>Makes the next attempt; null when there's nothing left to try.</summary>
    /// <exception cref="SshConnectionException">The connection is dead.</exception>
    public abstract ValueTask<AuthenticationReply?> TryAsync(AuthenticationExchange exchange, CancellationToken cancellationToken);
}
