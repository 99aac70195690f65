namespace Culvert.Interop.Processes;

/// <summary>What a program that ran to its end left behind.</summary>
internal sealed record CommandResult(CommandLine Command, int ExitCode, string Output, bool TimedOut)
{
    public bool Succeeded => ExitCode == 0 && !TimedOut;

    /// <summary>The result itself, when the program succeeded.</summary>
    public CommandResult OrThrow() => Succeeded ? this : throw new InvalidOperationException(ToString());

    public override string ToString() => $"{Command}\n{(TimedOut ? "did not end" : $"exit {ExitCode}")}\n{Output}";
}

/// <summary>Runs a program to its end.</summary>
internal static class Command
{
    /// <summary>No single step of a test is expected to last longer; what does, hangs.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static async Task<CommandResult> RunAsync(
        CommandLine command, CancellationToken cancellation, string? input = null, TimeSpan? patience = null)
    {
        await using var process = ChildProcess.Start(command);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience ?? Patience);
        try
        {
            await FeedAsync(process, input);
            var exitCode = await process.WaitForExitAsync(limit.Token);
            return new CommandResult(command, exitCode, process.Output, TimedOut: false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            process.KillTree();
            return new CommandResult(command, -1, process.Output, TimedOut: true);
        }
    }

    private static async Task FeedAsync(ChildProcess process, string? input)
    {
        try
        {
            if (input is not null)
            {
                await process.Input.WriteAsync(input);
            }

            process.Input.Close();
        }
        catch (IOException)
        {
            // The program ended before it read its input: its exit code tells the rest.
        }
    }
}
