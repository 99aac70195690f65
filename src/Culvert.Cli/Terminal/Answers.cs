namespace Culvert.Cli.Terminal;

/// <summary>Where answers go. On Unix it's the descriptor itself: the runtime's own stream switches a terminal's keypad when it's opened, and hides that a reader has gone.</summary>
internal static class Answers
{
    /// <summary>A stream to it. Writing throws <see cref="AnswersException"/>.</summary>
    public static Stream Open() => OperatingSystem.IsWindows() ? Console.OpenStandardOutput() : new Descriptor();

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private sealed class Descriptor() : DescriptorStream(1)
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            try
            {
                base.Write(buffer);
            }
            catch (IOException e)
            {
                throw new AnswersException(e);
            }
        }
    }
}

/// <summary>An answer couldn't be written.</summary>
internal sealed class AnswersException(IOException cause) : Exception($"standard output can't be written: {cause.Message}", cause)
{
    private const int BrokenPipe = 32; // EPIPE

    /// <summary>Whoever read it has enough, which is no mistake of anybody's.</summary>
    public bool HasNoReader => cause.HResult == BrokenPipe;
}
