namespace Culvert.Ssh.Trust;

/// <summary>What to do about a host key that isn't known (<c>StrictHostKeyChecking</c>). A changed or revoked key is refused under every one.</summary>
public enum HostKeyChecking
{
    /// <summary>Ask somebody.</summary>
    Ask,
    /// <summary>Refuse.</summary>
    Yes,
    /// <summary>Accept and remember.</summary>
    AcceptNew,
    /// <summary>Accept and remember, as <see cref="AcceptNew"/> does: OpenSSH also goes on with a changed key, but without passwords
    /// and forwarding, and a tunnel without forwarding is none.</summary>
    No,
}

/// <summary>OpenSSH's words for <see cref="HostKeyChecking"/>.</summary>
public static class HostKeyCheckings
{
    /// <summary>Reads <c>ask</c>, <c>yes</c>, <c>true</c>, <c>accept-new</c>, <c>no</c>, <c>off</c>, <c>false</c>, in any case.</summary>
    public static bool TryParse(string word, out HostKeyChecking checking)
    {
        HostKeyChecking? found = word.ToUpperInvariant() switch
        {
            "ASK" => HostKeyChecking.Ask,
            "YES" or "TRUE" => HostKeyChecking.Yes,
            "ACCEPT-NEW" => HostKeyChecking.AcceptNew,
            "NO" or "OFF" or "FALSE" => HostKeyChecking.No,
            _ => null,
        };
        checking = found ?? HostKeyChecking.Ask;
        return found is not null;
    }
}
