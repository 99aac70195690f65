using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Auth;

/// <summary><c>keyboard-interactive</c> (RFC 4256): the server asks what it likes, one-time passwords included.</summary>
internal sealed class InteractiveMethod(PasswordOnce once) : AuthenticationMethod
{
    /// <summary>PAM stacks ask in a handful of rounds.</summary>
    private const int MaximumRounds = 32;

    /// <summary>A form for a person, not for a machine.</summary>
    private const int MaximumPrompts = 32;

    private const int MaximumTextLength = 4096;

    /// <summary>A password that doesn't come from a person costs none of the person's attempts. Fixed at the start: a limit that moved when that password
    /// is taken could be stepped over.</summary>
    private readonly int _unattended = once.IsAvailable ? 1 : 0;

    private int _attempts;

    public override string Name => AuthenticationMessages.Interactive;

    private sealed record Demand(string Name, string Instruction, IReadOnlyList<(string Text, bool Echo)> Prompts);

    public override async ValueTask<AuthenticationReply?> TryAsync(AuthenticationExchange exchange, CancellationToken cancellationToken)
    {
        var options = exchange.Options;
        if ((options.Ask is null && !once.IsAvailable) || _attempts >= options.PasswordPrompts + _unattended)
            return null;
        _attempts++;

        // RFC 4256 §3.1
        //   string    language tag (empty)
        //   string    submethods (empty: the server chooses)
        var answer = await exchange.ExchangeAsync(AuthenticationMessages.Request(options.User, Name).String("").String(""), cancellationToken);
        for (var round = 0; answer.Span[0] == MessageNumber.UserAuthInfoRequest; round++)
        {
            if (round == MaximumRounds)
                throw new SshProtocolException("keyboard-interactive: too many rounds");
            if (await AnswerAsync(exchange, Read(answer.Span), cancellationToken) is not { } response)
                return null;
            answer = await exchange.ExchangeAsync(response, cancellationToken);
        }
        return AuthenticationReply.Parse(answer.Span);
    }

    private async ValueTask<SshWriter?> AnswerAsync(AuthenticationExchange exchange, Demand demand, CancellationToken cancellationToken)
    {
        var options = exchange.Options;
        if (demand.Name.Length > 0)
            options.Show?.Invoke(demand.Name);
        if (demand.Instruction.Length > 0)
            options.Show?.Invoke(demand.Instruction);

        // RFC 4256 §3.4
        //   byte      SSH_MSG_USERAUTH_INFO_RESPONSE
        //   int       num-responses
        //   string    response[1..]
        var response = new SshWriter().Byte(MessageNumber.UserAuthInfoResponse).UInt32((uint)demand.Prompts.Count);
        var isComplete = false;
        try
        {
            foreach (var (text, echo) in demand.Prompts)
            {
                // A lone hidden prompt is how PAM asks for the password.
                var value = demand.Prompts.Count == 1 && !echo ? await once.TakeAsync(cancellationToken) : null;
                if (value is null && options.Ask is not null)
                    value = await options.Ask(new(QuestionKind.Interactive, $"({exchange.UserAtHost}) {text}", echo), cancellationToken);
                if (value is null)
                    return null;
                response.String(value);
            }
            isComplete = true;
            return response;
        }
        finally
        {
            // Answers that nobody will send are wiped like those that were sent.
            if (!isComplete)
                response.Clear();
        }
    }

    private static Demand Read(ReadOnlySpan<byte> payload)
    {
        // RFC 4256 §3.2
        //   byte      SSH_MSG_USERAUTH_INFO_REQUEST
        //   string    name
        //   string    instruction
        //   string    language tag
        //   int       num-prompts
        //   string    prompt[1]
        //   boolean   echo[1]
        //   ...
        var reader = new SshReader(payload, "SSH_MSG_USERAUTH_INFO_REQUEST");
        reader.Byte("message");
        var name = DisplayText.Line(reader.String("name"), MaximumTextLength);
        var instruction = DisplayText.Lines(reader.String("instruction"), MaximumTextLength).TrimEnd('\n');
        reader.String("language tag");
        var count = reader.UInt32("num-prompts");
        if (count > MaximumPrompts)
            throw new SshProtocolException($"keyboard-interactive: {count} prompts at once");
        var prompts = new List<(string, bool)>();
        for (var i = 0; i < count; i++)
            prompts.Add((DisplayText.Lines(reader.String("prompt"), MaximumTextLength), reader.Bool("echo")));
        reader.End();
        return new(name, instruction, prompts);
    }
}
