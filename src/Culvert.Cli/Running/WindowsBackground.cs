using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Culvert.Broker.Control;
using Culvert.Broker.Runtime;
using Culvert.Cli.Terminal;

namespace Culvert.Cli.Running;

/// <summary>A broker in the background of a Windows session: a second process without a window, which lives on when the first ends. It's ready when its control answers.</summary>
[SupportedOSPlatform("windows")]
internal static partial class WindowsBackground
{
    private const int Input = -10, Output = -11, Error = -12;
    private const uint Inherited = 1;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Starts it, and waits until it answers or has ended.</summary>
    /// <param name="words">Its command line.</param>
    /// <param name="client">Asks it.</param>
    /// <param name="cancellationToken">Waits no longer; it runs on.</param>
    /// <returns>0, or its own exit code.</returns>
    public static async Task<int> StartAsync(IReadOnlyList<string> words, ControlClient client, CancellationToken cancellationToken)
    {
        // Whoever reads what we print would wait for its end as well, if it inherited our end of the pipe.
        foreach (var which in (ReadOnlySpan<int>)[Input, Output, Error])
            _ = SetHandleInformation(GetStdHandle(which), Inherited, 0);
        var start = new ProcessStartInfo(Environment.ProcessPath!, words)
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        ProgramName.PassOn(start.Environment, ProgramName.Own);
        using var child = Process.Start(start) ?? throw new InvalidOperationException("the background process could not be started");
        var said = child.StandardError.ReadToEndAsync(cancellationToken);
        while (!child.HasExited)
        {
            try
            {
                await client.SendAsync(HttpMethod.Get, "v1/status", null, cancellationToken).ConfigureAwait(false);
                return ExitCode.Success;
            }
            catch (BrokerException)
            {
                await Task.Delay(Interval, TimeProvider.System, cancellationToken).ConfigureAwait(false); // not yet
            }
        }
        await using var errors = StandardError.Open();
        await errors.WriteAsync(Encoding.UTF8.GetBytes(await said.ConfigureAwait(false)), cancellationToken).ConfigureAwait(false);
        return child.ExitCode;
    }

    [LibraryImport("kernel32.dll")]
    private static partial nint GetStdHandle(int which);

    [LibraryImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetHandleInformation(nint handle, uint mask, uint flags);
}
