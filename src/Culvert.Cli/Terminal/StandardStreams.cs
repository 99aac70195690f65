using Culvert.Net;

namespace Culvert.Cli.Terminal;

/// <summary>Standard input and output as the near end of a connection.</summary>
internal static class StandardStreams
{
    /// <summary>Takes both; nothing else may be written to standard output.</summary>
    public static Duplex Open() => new FilterDuplex(Console.OpenStandardInput(), OperatingSystem.IsWindows() ? Console.OpenStandardOutput() : new OutputStream());

    /// <summary>When nobody reads its output any more, a filter ends, whatever may still come from its input.</summary>
    private sealed class FilterDuplex(Stream input, Stream output) : StreamDuplex(input, output)
    {
        public override async ValueTask<WriteEnd> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            var end = await base.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
            if (end != WriteEnd.None)
                Abort();
            return end;
        }
    }

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
