namespace Culvert.Cli;

/// <summary>What the program ends with.</summary>
internal static class ExitCode
{
    /// <summary>Done, or stopped with nothing cut.</summary>
    public const int Success = 0;

    /// <summary>A verb of <c>ctl</c> or <c>config</c> failed.</summary>
    public const int VerbFailed = 1;

    /// <summary>The command line can't be meant.</summary>
    public const int Usage = 2;

    /// <summary>What <see cref="Failure"/> and <see cref="Usage"/> are under Tectia's names.</summary>
    public const int SessionFailure = 1;

    /// <summary>Connection, login, host key, forward or loss of the link; or something was cut at the end. As ssh does it.</summary>
    public const int Failure = 255;
}
