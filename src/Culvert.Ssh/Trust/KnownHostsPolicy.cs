using Culvert.Net;

namespace Culvert.Ssh.Trust;

/// <summary>Trusts the keys in known_hosts files, and others as it is told to. Reads the files anew at every check; thread-safe.</summary>
public sealed class KnownHostsPolicy(KnownHostsOptions options)
{
    private const string Failed = "Host key verification failed.";

    /// <summary>Somebody who never says yes or no isn't there.</summary>
    private const int MaximumQuestions = 10;

    /// <summary>The signature algorithms of the types of key that a server is known by. A client offers these first, unless its user
    /// chose an order: otherwise a server with several keys would show one that isn't known.</summary>
    /// <exception cref="SshHostKeyException">A file can't be read.</exception>
    public async ValueTask<IReadOnlyList<string>> KnownAlgorithmsAsync(Endpoint server, CancellationToken cancellationToken) =>
        (await LoadAsync(cancellationToken)).KnownAlgorithms(NameOf(server));

    /// <summary>A <see cref="HostKeyPolicy"/>.</summary>
    /// <exception cref="SshHostKeyException">The key is not to be trusted. Why was shown.</exception>
    public async ValueTask CheckAsync(HostKeyOffer offer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(offer);
        var known = await LoadAsync(cancellationToken);
        var name = NameOf(offer.Server);
        var type = KeyTypeNames.Short(offer.KeyType);
        var answer = Find(known, offer, name);
        switch (answer.Verdict)
        {
            case KnownHostsVerdict.Matches:
                Log.HostKeyMatches(options.Logger, name, type, answer.Lines[0].Place);
                return;
            case KnownHostsVerdict.Revoked:
                Show(HostKeyMessages.Revoked(name, type, answer.Lines[0]));
                throw Refusal($"{type} host key for {name} was revoked.");
            case KnownHostsVerdict.Changed:
                throw RefuseChanged(name, type, offer, answer.Lines[0]);
            case KnownHostsVerdict.OtherTypesOnly when options.Checking != HostKeyChecking.Ask:
                // Whoever stands in between could always show a type that isn't known. OpenSSH too calls this changed.
                throw RefuseChanged(name, type, offer, answer.Lines[0]);
            default:
                await DecideAsync(known, offer, name, type, answer.Lines, cancellationToken);
                return;
        }
    }

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
        await RememberAsync(offer, name, type, cancellationToken);
    }

    private static async ValueTask<bool> IsConfirmedAsync(Ask ask, string text, string fingerprint, CancellationToken cancellationToken)
    {
        for (var i = 0; i < MaximumQuestions; i++)
        {
            var answer = (await ask(new(QuestionKind.HostKey, text, Echo: true), cancellationToken))?.Trim();
            if (answer is null || answer.Equals("no", StringComparison.OrdinalIgnoreCase))
                return false;
            if (answer.Equals("yes", StringComparison.OrdinalIgnoreCase) || answer == fingerprint)
                return true;
            text = HostKeyMessages.PleaseType;
        }
        return false;
    }

    private async ValueTask RememberAsync(HostKeyOffer offer, string name, string type, CancellationToken cancellationToken)
    {
        if (OwnFile is not { } path)
            return; // UserKnownHostsFile none: nothing is to be kept
        try
        {
            if (!HostNames.IsWritable(name))
                throw new IOException("the name can't stand in the file");
            var line = $"{(options.HashNames ? HostNames.Hash(name) : name)} {offer.KeyType} {Convert.ToBase64String(offer.Blob.Span)}";
            await KnownHostsFile.AppendAsync(path, line, options.Time, cancellationToken);
            Show($"Warning: Permanently added '{name}' ({type}) to the list of known hosts.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The key was accepted; that it will be asked for again is an inconvenience.
            Show($"Failed to add the host to the list of known hosts ({path}): {e.Message.ReplaceLineEndings(" ")}");
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

    private ValueTask<KnownHosts> LoadAsync(CancellationToken cancellationToken) =>
        KnownHosts.LoadAsync(options.UserFiles.Concat(options.GlobalFiles), options.Logger, options.Time, cancellationToken);

    // New keys go here; without it none is kept.
    private string? OwnFile => options.UserFiles is [var first, ..] ? first : null;

    private string NameOf(Endpoint server) => options.HostKeyAlias?.ToLowerInvariant() ?? HostNames.Of(server);

    private void Show(string text) => options.Show?.Invoke(text);
}
