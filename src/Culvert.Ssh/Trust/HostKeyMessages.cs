using System.Text;

namespace Culvert.Ssh.Trust;

/// <summary>OpenSSH's words about host keys, which people and programs know.</summary>
internal static class HostKeyMessages
{
    /// <summary>OpenSSH's count of other names that are listed.</summary>
    private const int MaximumOtherNames = 8;

    public const string PleaseType = "Please type 'yes', 'no' or the fingerprint: ";

    public static string Question(string host, string? address, string type, string fingerprint, IReadOnlyList<KnownHostsLine> ofOtherTypes, IReadOnlyList<KnownHostsLine> otherNames)
    {
        var text = new StringBuilder();
        foreach (var line in ofOtherTypes)
            text.Append(Invariant($"WARNING: {line.ShortType} key found for host {host}\nin {line.Place}\n{line.ShortType} key fingerprint {Crypto.PublicKey.FingerprintOf(line.Blob.Span)}.\n"));
        text.Append("The authenticity of host '").Append(host);
        if (address is not null)
            text.Append(" (").Append(address).Append(')');
        text.Append("' can't be established").Append(ofOtherTypes.Count > 0 ? "\nbut keys of different type are already known for this host.\n" : ".\n");
        text.Append(Invariant($"{type} key fingerprint is {fingerprint}.\n"));
        if (otherNames.Count == 0)
            text.Append("This key is not known by any other names.\n");
        else
            text.Append("This host key is known by the following other names/addresses:\n");
        foreach (var line in otherNames.Take(MaximumOtherNames))
            text.Append(Invariant($"    {line.Place}: {(HostNames.IsHashed(line.Hosts) ? "[hashed name]" : line.Hosts)}\n"));
        if (otherNames.Count > MaximumOtherNames)
            text.Append(Invariant($"    ({otherNames.Count - MaximumOtherNames} additional names omitted)\n"));
        return text.Append("Are you sure you want to continue connecting (yes/no/[fingerprint])? ").ToString();
    }

    public static string Changed(string host, string type, string fingerprint, KnownHostsLine offending, string userFile) => $"""
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
        @    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
        IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
        Someone could be eavesdropping on you right now (man-in-the-middle attack)!
        It is also possible that a host key has just been changed.
        The fingerprint for the {type} key sent by the remote host is
        {fingerprint}.
        Please contact your system administrator.
        Add correct host key in {userFile} to get rid of this message.
        Offending {offending.ShortType} key in {offending.Place}
          remove with:
          ssh-keygen -f "{offending.Path}" -R "{host}"
        """;

    public static string Revoked(string host, string type, KnownHostsLine line) => $"""
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
        @       WARNING: REVOKED HOST KEY DETECTED!               @
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
        The {type} host key for {host} is marked as revoked.
        This could mean that a stolen key is being used to
        impersonate this host.
        It was found in {line.Place}
        """;

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
