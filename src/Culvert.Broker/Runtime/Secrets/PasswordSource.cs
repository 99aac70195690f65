using Culvert.Broker.Config;

namespace Culvert.Broker.Runtime;

/// <summary>Where a password comes from when no person types it: a file, a program, or a credential of systemd. It is fetched only when a server wants it.</summary>
internal static class PasswordSource
{
    /// <summary>The one that is configured; null: none is.</summary>
    /// <exception cref="BrokerException">There is more than one, or it can't be meant.</exception>
    public static Func<CancellationToken, ValueTask<string?>>? Of(ConnectionConfig config, Tokens tokens, BrokerServices services)
    {
        if (((string?[])[config.PasswordFile, config.PasswordProgram, config.PasswordCredential]).Count(said => said is not null) > 1)
            throw new BrokerException(Message.Error("The password is to come from more than one place.", "say one of --password-file, --password-program and --password-credential"));
        if (config.Password is { } password)
            return _ => ValueTask.FromResult<string?>(password.Reveal());
        if (config.PasswordFile is { } file)
        {
            var path = tokens.Path(file);
            return async cancellationToken => await PasswordFile.ReadAsync(path, cancellationToken).ConfigureAwait(false);
        }
        if (config.PasswordCredential is { } name)
            return async cancellationToken => await PasswordFile.ReadCredentialAsync(name, Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY"), cancellationToken).ConfigureAwait(false);
        if (config.PasswordProgram is not { } command)
            return null;
        var words = SecretProgram.Words(tokens.AtHome(command));
        return async cancellationToken => await SecretProgram.RunAsync(
            words, SecretProgram.Patience, services.Time, line => services.Reporter.Tell(Message.Warning($"{words[0]}: {line}")), cancellationToken).ConfigureAwait(false)
            ?? throw new BrokerException(Message.Error($"'{words[0]}' printed no password.", "it is to print it on its first line and to end with status 0; run it by hand"));
    }
}
