namespace Culvert.Ssh.Auth;

/// <summary>The password that doesn't come from a person: whichever method needs it first gets it, and only once, so that a wrong
/// one in a file isn't repeated until the account is locked.</summary>
internal sealed class PasswordOnce(Func<CancellationToken, ValueTask<string?>>? source)
{
    private bool _taken = source is null;

    public bool IsAvailable => !_taken;

    public async ValueTask<string?> TakeAsync(CancellationToken cancellationToken)
    {
        if (_taken)
            return null;
        _taken = true;
        return await source!(cancellationToken);
    }
}
