using Culvert.Net;

namespace Culvert.Cli.Terminal;

/// <summary>Standard input and output as the near end of a connection.</summary>
internal static class StandardStreams
{
    /// <summary>Takes both; nothing else may be written to standard output.</summary>
    public static Duplex Open() => new StreamDuplex(Console.OpenStandardInput(), OperatingSystem.IsWindows() ? Console.OpenStandardOutput() : new OutputStream());

    /// <summary>The descriptor itself, let go of when it's closed.</summary>
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private sealed class OutputStream() : DescriptorStream(Output)
    {
        private const int Output = 1;
        private int _closed;

        protected override void Dispose(bool disposing)
        {
            if (Interlocked.Exchange(ref _closed, 1) == 0)
                StandardDescriptors.LetGo(Output);
            base.Dispose(disposing);
        }
    }
}
