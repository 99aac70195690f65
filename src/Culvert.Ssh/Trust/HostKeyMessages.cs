using System.Text;

namespace Culvert.Ssh.Trust;

/// <summary>OpenSSH's words about host keys, which people and programs know.</summary>
internal static class HostKeyMessages
{
    /// <summary>OpenSSH's count of other names that are listed.</summary>
    private const int MaximumOtherNames = 8;

    public const string Continue = "Are you sure you want to continue connecting (yes/no)? ";
    public const string PleaseTypeYesOrNo = "Please type 'yes' or 'no': ";
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
          {offending.Removal ?? $"ssh-keygen -f \"{offending.Path}\" -R \"{host}\""}
        """;

    /// <summary>OpenSSH's second banner, before the one of the changed key: the name leads elsewhere than it did.</summary>
    public static string Spoofed(string host, string address, string type, KnownHostsAnswer ofAddress)
    {
        var verdict = ofAddress.Verdict switch
        {
            KnownHostsVerdict.Matches => "is unchanged",
            KnownHostsVerdict.Unknown => "is unknown",
            _ => "has a different value",
        };
        var text = $"""
            @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
            @       WARNING: POSSIBLE DNS SPOOFING DETECTED!          @
            @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
            The {type} host key for {host} has changed,
            and the key for the corresponding IP address {address}
            {verdict}. This could either mean that
            DNS SPOOFING is happening or the IP address for the host
            and its host key have changed at the same time.
            """;
        return ofAddress.Lines is [var line, ..] ? $"{text}\nOffending key for IP in {line.Place}" : text;
    }

    /// <summary>The host's key is right, the address is known by another one.</summary>
    public static string AddressDiffers(string host, string address, string type, KnownHostsLine ofAddress, KnownHostsLine? ofHost) =>
        $"Warning: the {type} host key for '{host}' differs from the key for the IP address '{address}'\nOffending key for IP in {ofAddress.Place}"
        + (ofHost is null ? "" : $"\nMatching host key in {ofHost.Place}");

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
