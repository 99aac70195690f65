using Culvert.Ssh.Crypto;
using Culvert.Ssh.Keys;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culvert.Ssh.Auth;

/// <summary>Who logs in, and with what.</summary>
public sealed record ClientAuthenticationOptions
{
    /// <summary>The user's name on the server.</summary>
    public required string User { get; init; }

    /// <summary>The server as the user named it, for prompts and messages.</summary>
    public required string Host { get; init; }

    /// <summary>Methods in the order in which they're tried (<c>PreferredAuthentications</c>); those that we don't have
    /// (<c>gssapi-with-mic</c>, <c>hostbased</c>) are passed over.</summary>
    public IReadOnlyList<string> Methods { get; init; } = ["publickey", "keyboard-interactive", "password"];

    /// <summary>Keys in memory; they are tried first and never disposed here.</summary>
    public IReadOnlyList<Signer> Signers { get; init; } = [];

    /// <summary>Key files, in the order in which they're tried.</summary>
    public IReadOnlyList<IdentityFile> IdentityFiles { get; init; } = [];

    /// <summary>Certificates for keys of the files or the agent (<c>CertificateFile</c>), tried before all keys. When none is named, the one beside each file
    /// (<c>id_x-cert.pub</c>) is tried after it.</summary>
    public IReadOnlyList<string> CertificateFiles { get; init; } = [];

    /// <summary>An agent; its keys come before the key files.</summary>
    public Agent? Agent { get; init; }

    /// <summary>Of the agent's keys, only those that <see cref="IdentityFiles"/> name.</summary>
    public bool IdentitiesOnly { get; init; }

    /// <summary>Brings the password from elsewhere (<c>--password-file</c>). Called at most once and tried once: after a refusal people are asked.</summary>
    public Func<CancellationToken, ValueTask<string?>>? PasswordSource { get; init; }

    /// <summary>Whether a signature algorithm may be used for the login (<c>PubkeyAcceptedAlgorithms</c>); null: every one that the engine has.</summary>
    public Func<string, bool>? Accepts { get; init; }

    /// <summary>RSA keys with fewer bits are passed over (<c>RequiredRSASize</c>).</summary>
    public int RequiredRsaBits { get; init; } = RsaPublicKey.MinimumBits;

    /// <summary>How often a password is asked for; 0: never (<c>NumberOfPasswordPrompts</c>).</summary>
    public int PasswordPrompts { get; init; } = 3;

    /// <summary>Asks for passwords and passphrases; null where there is nobody (<c>BatchMode</c>, no terminal).</summary>
    public Ask? Ask { get; init; }

    /// <summary>Shows banners and warnings: whole lines, already escaped, without the last line feed.</summary>
    public Action<string>? Show { get; init; }

    /// <summary>Whether a server's banner is shown, too.</summary>
    public bool ShowsBanners { get; init; } = true;

    /// <summary>Where the engine's log goes.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The clock that stands still while a person may be asked: directly, by an agent, or by a program that brings the password.</summary>
    internal Deadline? Deadline { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{User}@{Host}";

    /// <summary>Lets somebody think; the time that this takes is not the server's.</summary>
    internal ValueTask<T> PauseAsync<T>(Func<ValueTask<T>> think) => Deadline is null ? think() : Deadline.PauseAsync(think);
}
