namespace Culvert.Demo.FtpServer;

/// <summary>USER and PASS of one session.</summary>
internal sealed class Login(Credentials credentials)
{
    /// <summary>Wrong passwords that a session may send (RFC 2577 §5); then it ends.</summary>
    private const int MaxAttempts = 3;

    private string? _user;
    private int _failures;

    /// <summary>Whether somebody is logged in.</summary>
    public bool Done { get; private set; }

    /// <summary>Whether the session must end.</summary>
    public bool Exhausted => _failures >= MaxAttempts;

    /// <summary>USER: any name is asked for its password, so that names can't be found out.</summary>
    public Reply User(string name)
    {
        (_user, Done) = (name, false);
        return new(331, "Password please.");
    }

    /// <summary>PASS.</summary>
    public Reply Password(string password)
    {
        if (_user is not { } user) return new(503, "USER first.");
        _user = null;
        Done = credentials.Match(user, password);
        if (Done) return new(230, "Logged in.");
        _failures++;
        return Exhausted ? new(421, "Too many wrong passwords.") : new(530, "Login incorrect.");
    }

    /// <summary>REIN.</summary>
    public void Forget() => (_user, Done) = (null, false);
}
