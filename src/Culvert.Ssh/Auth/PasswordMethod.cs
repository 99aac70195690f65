using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Auth;

/// <summary><c>password</c> (RFC 4252 §8).</summary>
internal sealed class PasswordMethod(PasswordOnce once) : AuthenticationMethod
{
    private const int MaximumPromptLength = 1024;

    private int _prompts;
    private bool _refused;

    public override string Name => AuthenticationMessages.Password;

    public override async ValueTask<AuthenticationReply?> TryAsync(AuthenticationExchange exchange, CancellationToken cancellationToken)
    {
        if (await NextPasswordAsync(exchange, cancellationToken) is not { } password)
            return null;
        // RFC 4252 §8
        //   boolean   FALSE
        //   string    plaintext password
        var request = AuthenticationMessages.Request(exchange.Options.User, Name).Bool(false).String(password);
        var answer = await exchange.ExchangeAsync(request, cancellationToken);
        for (var changes = 0; answer.Span[0] == MessageNumber.UserAuthPasswordChangeRequest; changes++)
        {
            if (changes == exchange.Options.PasswordPrompts || await ChangeAsync(exchange, answer, password, cancellationToken) is not { } changed)
                return null;
            answer = changed;
        }
        var reply = AuthenticationReply.Parse(answer.Span);
        _refused = !reply.Succeeded && !reply.Partial;
        return reply;
    }

    private async ValueTask<string?> NextPasswordAsync(AuthenticationExchange exchange, CancellationToken cancellationToken)
    {
        if (await once.TakeAsync(cancellationToken) is { } given)
            return given;
        var options = exchange.Options;
        if (options.Ask is null || _prompts == options.PasswordPrompts)
            return null;
        _prompts++;
        if (_refused)
            options.Show?.Invoke("Permission denied, please try again.");
        return await options.Ask(new(QuestionKind.Password, $"{exchange.UserAtHost}'s password: ", Echo: false), cancellationToken);
    }

    /// <summary>The server wants a new password first (RFC 4252 §8).</summary>
    private async ValueTask<ReadOnlyMemory<byte>?> ChangeAsync(
        AuthenticationExchange exchange, ReadOnlyMemory<byte> demand, string oldPassword, CancellationToken cancellationToken)
    {
        var options = exchange.Options;
        if (ReadPrompt(demand.Span) is { Length: > 0 } prompt)
            options.Show?.Invoke(prompt);
        if (options.Ask is null)
        {
            options.Show?.Invoke($"The password of {exchange.UserAtHost} has expired and nobody is here to choose a new one; log in once with: ssh {exchange.UserAtHost}");
            return null;
        }
        while (true)
        {
            var chosen = await options.Ask(new(QuestionKind.NewPassword, $"Enter {exchange.UserAtHost}'s new password: ", Echo: false), cancellationToken);
            if (string.IsNullOrEmpty(chosen))
                return null;
            var again = await options.Ask(new(QuestionKind.NewPassword, $"Retype {exchange.UserAtHost}'s new password: ", Echo: false), cancellationToken);
            if (again is null)
                return null;
            if (again == chosen)
            {
                // boolean   TRUE
                // string    plaintext old password
                // string    plaintext new password
                return await exchange.ExchangeAsync(
                    AuthenticationMessages.Request(options.User, Name).Bool(true).String(oldPassword).String(chosen), cancellationToken);
            }
            options.Show?.Invoke("Mismatch; try again, EOF to quit.");
        }
    }

    private static string ReadPrompt(ReadOnlySpan<byte> payload)
    {
        // byte      SSH_MSG_USERAUTH_PASSWD_CHANGEREQ
        // string    prompt
        // string    language tag
        var reader = new SshReader(payload, "SSH_MSG_USERAUTH_PASSWD_CHANGEREQ");
        reader.Byte("message");
        var prompt = DisplayText.Lines(reader.String("prompt"), MaximumPromptLength).TrimEnd('\n');
        reader.String("language tag");
        reader.End();
        return prompt;
    }
}
