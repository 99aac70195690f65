namespace Culvert.Cli.Terminal;

/// <summary>What standard error is connected to.</summary>
internal static class StandardError
{
    private const int UsualColumns = 80;

    /// <summary>A stream to it. On Unix it's the descriptor itself: the runtime's own stream keeps duplicates of standard output and error, which would
    /// hold a pipe open after <c>-f</c> let go of it.</summary>
    public static Stream Open() => OperatingSystem.IsWindows() ? Console.OpenStandardError() : new DescriptorStream(2);

    /// <summary>As <see cref="Open"/>, for who carries files meanwhile.</summary>
    /// <param name="wrap">What stands before it; null: nothing.</param>
    public static UnhurriedStream OpenUnhurried(Func<Stream, Stream>? wrap = null)
    {
        var errors = Open();
        return new(wrap?.Invoke(errors) ?? errors, length => !OperatingSystem.IsWindows() && DescriptorStream.TakesAtOnce(2, length), TimeProvider.System);
    }

    /// <summary>Whether a terminal that understands cursor movements shows it.</summary>
    public static bool IsTerminal => !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";

    /// <summary>Whether colour is welcome (no-color.org).</summary>
    public static bool MayColour => string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>The window's width now.</summary>
    public static int Columns()
    {
        try
        {
            return Console.WindowWidth is > 0 and var width ? width : UsualColumns;
        }
        catch (IOException)
        {
            return UsualColumns; // Windows, with standard output redirected
        }
    }
}
