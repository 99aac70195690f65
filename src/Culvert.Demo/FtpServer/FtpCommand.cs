namespace Culvert.Demo.FtpServer;

/// <summary>A command line (RFC 959 §5.3.1): the verb in upper case, and the rest after one blank exactly as it came.</summary>
internal readonly record struct FtpCommand(string Verb, string Argument)
{
    /// <summary>Splits a line.</summary>
    public static FtpCommand Parse(string line)
    {
        int blank = line.IndexOf(' ', StringComparison.Ordinal);
        return blank < 0 ? new(line.ToUpperInvariant(), "") : new(line[..blank].ToUpperInvariant(), line[(blank + 1)..]);
    }

    /// <summary>The verb only: an argument may be a password.</summary>
    public override string ToString() => Verb;
}
