using Culvert.Demo.Client;
using Culvert.Demo.Steps;
using Culvert.Net;
using Culvert.Net.Tcp;
using Culvert.Ssh;

namespace Culvert.Demo;

/// <summary><c>culvert demo</c>: an SSH server and an FTP server of its own on loopback, both tunnels between them, and sixteen transfers:
/// -L and -R, PASV, EPSV, PORT and EPRT, up and down.</summary>
public static class Tour
{
    /// <summary>Exit codes as <c>culvert</c> has them.</summary>
    private const int AllVerified = 0, NotVerified = 1, CouldNotRun = 255;

    /// <summary>Runs the tour.</summary>
    /// <param name="options">How.</param>
    /// <param name="output">Where its words go.</param>
    /// <param name="stop">Ends it; the temporary folder is removed in any case.</param>
    /// <returns>0: every transfer was verified. 1: at least one was not. 255: it could not run, or was stopped before the last transfer.</returns>
    /// <remarks>Throws nothing for what networks, servers or the disk do.</remarks>
    public static Task<int> RunAsync(DemoOptions options, TextWriter output, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(output);
        return RunAsync(options, output, new TcpNetwork(options.Time), stop);
    }

    /// <summary>The same over another TCP, so that a test can put a fault into it.</summary>
    internal static async Task<int> RunAsync(DemoOptions options, TextWriter output, INetwork tcp, CancellationToken stop)
    {
        bool color = options.Color && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        var narrator = new Narrator(output, color);
        try
        {
            await using var stage = await Stage.SetUpAsync(options, tcp, stop);
            narrator.Introduce(stage);
            var transfers = new List<CheckedTransfer>();
            foreach (var way in stage.Ways)
            {
                narrator.Begin(way);
                foreach (var mode in Enum.GetValues<ClientMode>())
                    await ShowAsync(stage, new(stage, options), way, mode, narrator, transfers, stop);
            }
            narrator.Summarize(transfers);
            if (!transfers.TrueForAll(transfer => transfer.Verified)) return NotVerified;
            if (options.Once) return AllVerified;
            narrator.Invite(stage);
            if (await StayAsync(stage, options, stop) is not { } lost) return AllVerified;
            narrator.GiveUp($"the SSH connection ended: {lost.Text}");
            return CouldNotRun;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            narrator.GiveUp("stopped before the last transfer");
            return CouldNotRun;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or SshException)
        {
            narrator.GiveUp(failure.Message);
            return CouldNotRun;
        }
    }

    // Null: stopped. Otherwise: why the tunnels are gone.
    private static async Task<Failure?> StayAsync(Stage stage, DemoOptions options, CancellationToken stop)
    {
        var stopped = Task.Delay(Timeout.InfiniteTimeSpan, options.Time, stop);
        await Task.WhenAny(stopped, stage.Ssh.Closed);
        return stop.IsCancellationRequested ? null : await stage.Ssh.Closed;
    }

    private static async Task ShowAsync(
        Stage stage, TransferCheck check, Way way, ClientMode mode, Narrator narrator, List<CheckedTransfer> transfers, CancellationToken stop)
    {
        foreach (bool upload in new[] { false, true })
        {
            var transfer = await check.RunAsync(way, mode, upload, stop);
            var (rewritings, channels) = stage.Observations.Take();
            // The right bytes by another way would prove the opposite of what this tour is for.
            if (transfer.Verified && channels.Count == 0) transfer = transfer with { Problem = "the data did not come through the tunnel" };
            if (!upload) narrator.Mode(way, mode, rewritings, channels);
            narrator.Result(transfer);
            transfers.Add(transfer);
        }
    }
}
