using Culvert.Net;
using Culvert.Ssh.Crypto;

namespace Culvert.Ssh.Trust;

/// <summary>Trusts the keys in known_hosts files, and others as it is told to. Reads the files anew at every check; thread-safe.</summary>
public sealed class KnownHostsPolicy(KnownHostsOptions options)
{
    private volatile bool _mayLearn;

    private const string Failed = "Host key verification failed.";

    /// <summary>Somebody who never says yes or no isn't there.</summary>
    private const int MaximumQuestions = 10;

    /// <summary>The signature algorithms of the types of key that a server is known by. A client offers these first, unless its user
    /// chose an order: otherwise a server with several keys would show one that isn't known.</summary>
    /// <exception cref="SshHostKeyException">A file can't be read.</exception>
    public async ValueTask<IReadOnlyList<string>> KnownAlgorithmsAsync(Endpoint server, CancellationToken cancellationToken) =>
        (await LoadAsync(server, cancellationToken)).KnownAlgorithms(NameOf(server));

    /// <summary>Learns a server's other keys, once this policy has found its key in a user's file.</summary>
    public HostKeyLearner Learner => new(options, () => _mayLearn);

    /// <summary>A <see cref="HostKeyPolicy"/>.</summary>
    /// <exception cref="SshHostKeyException">The key is not to be trusted. Why was shown.</exception>
    public async ValueTask CheckAsync(HostKeyOffer offer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(offer);
        if (PublicKeys.TryParse(offer.Blob.Span, out var shown) && shown.RsaBits < options.RequiredRsaBits)
            throw Refusal("Bad server host key: Invalid key length");
        var known = await LoadAsync(offer.Server, cancellationToken);
        var name = NameOf(offer.Server);
        if (Certificate.TryParse(offer.Blob.Span, out var certificate))
        {
            if (IsCertified(known, certificate, offer.Server, name))
                return;
            // As OpenSSH: a certificate that nobody vouches for is no more and no less than the key in it.
            offer = offer with { KeyType = certificate.Key.Type, Blob = certificate.Key.Blob };
        }
        var type = KeyTypeNames.Short(offer.KeyType);
        var answer = Find(known, offer, name);
        var address = AddressOf(offer);
        var ofAddress = address is null ? null : known.Find(address, offer.KeyType, offer.Blob);
        if (ofAddress?.Verdict == KnownHostsVerdict.Revoked)
            throw RefuseRevoked(address!, type, ofAddress.Lines[0]);
        if (answer.Verdict == KnownHostsVerdict.Changed && ofAddress is not null && ofAddress.Verdict != KnownHostsVerdict.Changed)
            Show(HostKeyMessages.Spoofed(name, address!, type, ofAddress));
        if (answer.Verdict != KnownHostsVerdict.Changed && ofAddress?.Verdict == KnownHostsVerdict.Changed)
            await DoubtAsync(name, address!, type, ofAddress.Lines[0], answer, cancellationToken);
        switch (answer.Verdict)
        {
            case KnownHostsVerdict.Matches:
                Log.HostKeyMatches(options.Logger, name, type, answer.Lines[0].Place);
                if (ofAddress?.Verdict == KnownHostsVerdict.Unknown)
                    await RememberAsync(offer, [address!], $"Warning: Permanently added the {type} host key for IP address '{address}' to the list of known hosts.", cancellationToken);
                _mayLearn = IsLearnt(known, answer.Lines[0], name);
                return;
            case KnownHostsVerdict.Revoked:
                throw RefuseRevoked(name, type, answer.Lines[0]);
            case KnownHostsVerdict.Changed:
                throw RefuseChanged(name, type, offer, answer.Lines[0]);
            case KnownHostsVerdict.OtherTypesOnly when options.Checking != HostKeyChecking.Ask || options.PinnedKeys.Count > 0:
                // Whoever stands in between could always show a type that isn't known. OpenSSH too calls this changed.
                throw RefuseChanged(name, type, offer, answer.Lines[0]);
            default:
                await DecideAsync(known, offer, name, type, answer.Lines, cancellationToken);
                return;
        }
    }

    /// <summary>Whether an authority that is known for the host says that the key is the host's. One whose certificate is in order but revoked is refused outright.</summary>
    private bool IsCertified(KnownHosts known, Certificate certificate, Endpoint server, string name)
    {
        string[] names = options.HostKeyAlias is null ? [name, HostNames.Of(server.WithPort(22))] : [name];
        var (authority, key) = (certificate.Authority.Blob, certificate.Key.Blob);
        if (names.Select(n => known.FindMarked(KnownHostsMarker.CertificateAuthority, n, authority)).FirstOrDefault(line => line is not null) is not { } found)
        {
            Log.NoMatchingAuthority(options.Logger, name, certificate.Authority.Fingerprint);
            return false;
        }
        var type = KeyTypeNames.Short(certificate.Key.Type);
        if (names.Select(n => known.FindMarked(KnownHostsMarker.Revoked, n, key) ?? known.FindMarked(KnownHostsMarker.Revoked, n, authority)).FirstOrDefault(line => line is not null) is { } revoked)
            throw RefuseRevoked(name, type, revoked);
        var host = options.HostKeyAlias?.ToLowerInvariant() ?? server.Host.ToLowerInvariant();
        if (CertificateCheck.Objection(certificate, host, options.Time.GetUtcNow(), options.AuthoritySignatures) is { } objection)
        {
            Show(objection);
            return false;
        }
        Log.HostCertificateMatches(options.Logger, name, type, certificate.Serial, certificate.KeyId, found.Place);
        return true;
    }

    private SshHostKeyException RefuseRevoked(string name, string type, KnownHostsLine line)
    {
        Show(HostKeyMessages.Revoked(name, type, line));
        return Refusal($"{type} host key for {name} was revoked.");
    }

    /// <summary>The address as a name of its own; null where it isn't looked at: not wanted, not known (behind a jump host), an alias, or no other than the name.</summary>
    private string? AddressOf(HostKeyOffer offer) =>
        options.CheckAddress && options.HostKeyAlias is null && offer.Address is { } address && HostNames.Of(new Endpoint(address, offer.Server.Port)) is var written
        && written != HostNames.Of(offer.Server) ? written : null;

    /// <summary>The name has the key, or none yet; the address has another one.</summary>
    private async ValueTask DoubtAsync(string name, string address, string type, KnownHostsLine offending, KnownHostsAnswer ofName, CancellationToken cancellationToken)
    {
        Show(HostKeyMessages.AddressDiffers(name, address, type, offending, ofName.Verdict == KnownHostsVerdict.Matches ? ofName.Lines[0] : null));
        switch (options.Checking)
        {
            case HostKeyChecking.No:
                return;
            case HostKeyChecking.Ask when options.Ask is { } ask:
                if (!await IsConfirmedAsync(ask, HostKeyMessages.Continue, fingerprint: null, cancellationToken))
                    throw new SshHostKeyException(Failed);
                return;
            default:
                throw Refusal("Exiting, you have requested strict checking.");
        }
    }

    /// <summary>Whether the key stands in a user's file under the host's own name and port: only then may the server change what stands there.</summary>
    private bool IsLearnt(KnownHosts known, KnownHostsLine line, string name) =>
        options.UserFiles.Contains(line.Path) && known.LinesOf(name).Contains(line);

    /// <summary>As in OpenSSH, a key that is known for the host on port 22 is good on another port.</summary>
    private KnownHostsAnswer Find(KnownHosts known, HostKeyOffer offer, string name)
    {
        var answer = known.Find(name, offer.KeyType, offer.Blob);
        if (answer.Verdict == KnownHostsVerdict.Unknown && options.HostKeyAlias is null)
        {
            var elsewhere = known.Find(HostNames.Of(offer.Server.WithPort(22)), offer.KeyType, offer.Blob);
            if (elsewhere.Verdict is KnownHostsVerdict.Matches or KnownHostsVerdict.Revoked)
                return elsewhere;
        }
        return answer;
    }

    private async ValueTask DecideAsync(
        KnownHosts known, HostKeyOffer offer, string name, string type, IReadOnlyList<KnownHostsLine> ofOtherTypes, CancellationToken cancellationToken)
    {
        switch (options.Checking)
        {
            case HostKeyChecking.Yes:
                throw Refusal($"No {type} host key is known for {name} and you have requested strict checking.");
            case HostKeyChecking.Ask when options.Ask is null:
                throw Refusal($"No {type} host key is known for {name} ({offer.Fingerprint}) and there is no terminal to ask: "
                    + $"add the key to {OwnFile ?? "a known_hosts file"}, or give -o StrictHostKeyChecking=accept-new.");
            case HostKeyChecking.Ask:
                var address = offer.Address is null ? null : HostNames.Of(new Endpoint(offer.Address, offer.Server.Port));
                var text = HostKeyMessages.Question(name, address, type, offer.Fingerprint, ofOtherTypes, known.OtherNames(offer.Blob));
                if (!await IsConfirmedAsync(options.Ask, text, offer.Fingerprint, cancellationToken))
                    throw new SshHostKeyException(Failed);
                break;
        }
        string[] names = AddressOf(offer) is { } another ? [name, another] : [name];
        _mayLearn = await RememberAsync(offer, names, $"Warning: Permanently added '{string.Join(',', names)}' ({type}) to the list of known hosts.", cancellationToken);
    }

    private static async ValueTask<bool> IsConfirmedAsync(Ask ask, string text, string? fingerprint, CancellationToken cancellationToken)
    {
        for (var i = 0; i < MaximumQuestions; i++)
        {
            var answer = (await ask(new(QuestionKind.HostKey, text, Echo: true), cancellationToken))?.Trim();
            if (answer is null || answer.Equals("no", StringComparison.OrdinalIgnoreCase))
                return false;
            if (answer.Equals("yes", StringComparison.OrdinalIgnoreCase) || (fingerprint is not null && answer == fingerprint))
                return true;
            text = fingerprint is null ? HostKeyMessages.PleaseTypeYesOrNo : HostKeyMessages.PleaseType;
        }
        return false;
    }

    private async ValueTask<bool> RememberAsync(HostKeyOffer offer, IReadOnlyList<string> names, string told, CancellationToken cancellationToken)
    {
        if (OwnFile is not { } path)
            return false; // UserKnownHostsFile none: nothing is to be kept
        try
        {
            if (!names.All(HostNames.IsWritable))
                throw new IOException("the name can't stand in the file");
            var key = $"{offer.KeyType} {Convert.ToBase64String(offer.Blob.Span)}";
            // A hash is of one name.
            var lines = options.HashNames ? names.Select(name => $"{HostNames.Hash(name)} {key}") : [$"{string.Join(',', names)} {key}"];
            await KnownHostsFile.AppendAsync(path, string.Join('\n', lines), options.Time, cancellationToken);
            Show(told);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The key was accepted; that it will be asked for again is an inconvenience.
            Show($"Failed to add the host to the list of known hosts ({path}): {e.Message.ReplaceLineEndings(" ")}");
            return false;
        }
    }

    private SshHostKeyException RefuseChanged(string name, string type, HostKeyOffer offer, KnownHostsLine offending)
    {
        Show(HostKeyMessages.Changed(name, type, offer.Fingerprint, offending, OwnFile ?? offending.Path));
        return Refusal(options.Checking == HostKeyChecking.No
            ? $"Host key for {name} has changed. StrictHostKeyChecking=no doesn't cover that: the tunnel would carry passwords and files to whoever holds the new key."
            : $"Host key for {name} has changed and you have requested strict checking.", hasChanged: true);
    }

    private SshHostKeyException Refusal(string why, bool hasChanged = false)
    {
        Show(why);
        return new(Failed) { HasChanged = hasChanged };
    }

    private async ValueTask<KnownHosts> LoadAsync(Endpoint server, CancellationToken cancellationToken)
    {
        var known = await KnownHosts.LoadAsync(options.UserFiles.Concat(options.GlobalFiles), options.Logger, options.Time, cancellationToken);
        if (options.TectiaFolders.Count > 0)
            known = known.After(await TectiaHostKeys.LoadAsync(options.TectiaFolders, server, NameOf(server), options.Logger, cancellationToken));
        return options.PinnedKeys.Count == 0
            ? known
            : known.Instead([.. options.PinnedKeys.Select(pinned => new KnownHostsLine(pinned.Place, 1, KnownHostsMarker.None, NameOf(server), pinned.Key.Type, pinned.Key.Blob) { Removal = "(it stands in the profile's configuration: replace it there)" })]);
    }

    // New keys go here; without it none is kept.
    private string? OwnFile => options.UserFiles is [var first, ..] ? first : null;

    private string NameOf(Endpoint server) => options.HostKeyAlias?.ToLowerInvariant() ?? HostNames.Of(server);

    private void Show(string text) => options.Show?.Invoke(text);
}
