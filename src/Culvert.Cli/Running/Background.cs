using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Culvert.Cli.Terminal;

namespace Culvert.Cli.Running;

/// <summary><c>-f</c>: the shell gets its prompt back when everything is up. A runtime with threads can't fork, so the program starts itself a second time;
/// that child keeps the terminal for its questions until it's ready, says so through a pipe, and only then leaves the terminal's session.
/// The parent does nothing but wait for that.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed partial class Background : IDisposable
{
    /// <summary>Tells the child which descriptor its parent waits on. Removed before anything else could inherit it.</summary>
    private const string Variable = "CULVERT_READY_PIPE";

    private const byte ReadyMark = (byte)'r';
    private const int ReadWrite = 2, Terminate = 15;

    private readonly AnonymousPipeClientStream _parent;
    private readonly PosixSignalRegistration _notStopped = IgnoreStop();

    private Background(AnonymousPipeClientStream parent) => _parent = parent;

    /// <summary>The child's end, in the child; else null.</summary>
    public static Background? OfThisProcess()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } pipe)
            return null;
        Environment.SetEnvironmentVariable(Variable, null);
        return new Background(new AnonymousPipeClientStream(PipeDirection.Out, pipe));
    }

    /// <summary>In the parent: starts the child with the same words and waits until it's ready or has ended.</summary>
    /// <param name="words">Its command line.</param>
    /// <param name="name">By which name it's called; null: by this process's.</param>
    /// <returns>What the parent exits with: 0, or the child's own code.</returns>
    public static async Task<int> RunChildAsync(IReadOnlyList<string> words, string? name = null)
    {
        using var ready = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.Inheritable);
        var start = new ProcessStartInfo(Environment.ProcessPath!) { UseShellExecute = false };
        // Run as "dotnet culvert.dll", the first argument is the program.
        if (Environment.GetCommandLineArgs()[0] is var program && program.EndsWith(".dll", StringComparison.OrdinalIgnoreCase)
            && Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
            start.ArgumentList.Add(program);
        foreach (var word in words)
            start.ArgumentList.Add(word);
        start.Environment[Variable] = ready.GetClientHandleAsString();
        ProgramName.PassOn(start.Environment, name ?? ProgramName.Current);

        // Ctrl-C reaches both; what becomes of it is the child's to say.
        using var notStopped = IgnoreStop();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        using var child = Process.Start(start) ?? throw new InvalidOperationException("the background process could not be started");
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            _ = kill(child.Id, Terminate);
        });
        ready.DisposeLocalCopyOfClientHandle();
        var mark = new byte[1];
        if (await ready.ReadAsync(mark).ConfigureAwait(false) == 1 && mark[0] == ReadyMark)
            return ExitCode.Success;
        await child.WaitForExitAsync().ConfigureAwait(false);
        return child.ExitCode;
    }

    /// <summary>In the child: everything is up. Leaves the terminal, and lets the parent go.</summary>
    /// <param name="keepErrors">Go on writing messages where they went (<c>-v</c> without <c>-E</c>).</param>
    /// <param name="keepOutput">A command goes on writing where it would have.</param>
    public void Detach(bool keepErrors, bool keepOutput)
    {
        // Not a group leader, since the parent's shell made the parent that: so this can't fail.
        _ = setsid();
        var nothing = open("/dev/null", ReadWrite);
        if (nothing >= 0)
        {
            foreach (var descriptor in (IEnumerable<int>)[.. StandardDescriptors.Duplicates(0, 1, 2), 0, .. keepOutput ? (IEnumerable<int>)[] : [1], .. keepErrors ? (IEnumerable<int>)[] : [2]])
                _ = dup2(nothing, descriptor);
            if (nothing > 2)
                _ = close(nothing);
        }
        _parent.WriteByte(ReadyMark);
        Dispose();
    }

    public void Dispose()
    {
        _notStopped.Dispose();
        _parent.Dispose();
    }

    // Ctrl-Z would stop two processes, of which the shell knows one: the other could no longer put the terminal right. It does nothing
    // until the program is in the background, which is what -f is for.
    private static PosixSignalRegistration IgnoreStop() => PosixSignalRegistration.Create(PosixSignal.SIGTSTP, context => context.Cancel = true);


    [LibraryImport("libc")]
    private static partial int setsid();

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc")]
    private static partial int dup2(int from, int to);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
