using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Auth;

/// <summary>The server's verdict on one request.</summary>
/// <param name="Succeeded">We're in.</param>
/// <param name="Partial">This method succeeded and another one must follow.</param>
/// <param name="Methods">What can continue.</param>
internal sealed record AuthenticationReply(bool Succeeded, bool Partial, IReadOnlyList<string> Methods)
{
    /// <summary>There are a dozen registered methods; the list is shown to people.</summary>
    private const int MaximumMethods = 64;

    /// <exception cref="SshProtocolException">Neither SUCCESS nor FAILURE.</exception>
    public static AuthenticationReply Parse(ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(payload, "SSH_MSG_USERAUTH_FAILURE");
        switch (reader.Byte("message"))
        {
            case MessageNumber.UserAuthSuccess:
                reader.End();
                return new(true, false, []);
            case MessageNumber.UserAuthFailure:
                // RFC 4252 §5.1
                //   byte         SSH_MSG_USERAUTH_FAILURE
                //   name-list    authentications that can continue
                //   boolean      partial success
                var methods = reader.NameList("authentications that can continue");
                var partial = reader.Bool("partial success");
                reader.End();
                if (methods.Length > MaximumMethods || methods.Any(m => m.Length is 0 or > 64 || m.Any(c => c is <= ' ' or >= '\x7f')))
                    throw new SshProtocolException("SSH_MSG_USERAUTH_FAILURE: malformed list of methods");
                return new(false, partial, methods);
            case var other:
                throw new SshProtocolException($"authentication: message {other} was not expected");
        }
    }
}
