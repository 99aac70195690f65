using System.Globalization;
using Culvert.Demo.Dialogue;
using Culvert.Demo.FtpServer.Transfers;
using Culvert.Net;
using Microsoft.Extensions.Logging;

namespace Culvert.Demo.FtpServer;

/// <summary>One control connection, from the greeting to its end. One loop reads commands and writes every reply; at most one transfer
/// runs beside it. While it runs, ABOR and STAT are answered at once and everything else waits for its final reply.</summary>
internal sealed class FtpSession : IAsyncDisposable
{
    /// <summary>Commands that a client may send ahead of a running transfer; with more, we read no further until it has ended.</summary>
    private const int MaxHeld = 32;

    private readonly FtpServerOptions _options;
    private readonly Duplex _control;
    private readonly LineReader _lines;
    private readonly Login _login;
    private readonly RootedFolder _folder;
    private readonly FileCommands _files;
    private readonly DataCommands _data;
    private readonly ILogger _log;
    private readonly long _number;
    private readonly Queue<FtpCommand> _held = new();
    private readonly List<Task> _lingering = [];

    private Transfer? _transfer;
    private string _transferVerb = "";
    private bool _ascii = true; // RFC 959 §5.1: TYPE ASCII is the default
    private long _restart;

    /// <summary>A session on a connection that was accepted.</summary>
    public FtpSession(FtpServerOptions options, INetwork network, Accepted accepted, Endpoint listening, ILogger log, long number)
    {
        (_options, _log, _number) = (options, log, number);
        _control = accepted.Duplex;
        _lines = new(_control);
        _login = new(options.Credentials);
        _folder = new(options.Root);
        _files = new(_folder);
        _data = new(network, accepted.Peer, accepted.Peer.Local ?? listening, options.Ports);
    }

    /// <summary>Runs the dialogue to its end.</summary>
    /// <exception cref="OperationCanceledException">The server stops.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        Task<Line>? reading = null;
        try
        {
            if (!await ReplyAsync(new(220, "Culvert demo FTP server."), stop)) return;
            while (true)
            {
                if (_transfer is { } running)
                {
                    if (_held.Count >= MaxHeld) await running.End;
                    else await Task.WhenAny(reading ??= _lines.ReadAsync(stop).AsTask(), running.End);
                    if (running.End.IsCompleted)
                    {
                        if (!await EndTransferAsync(running, stop) || !await ReleaseHeldAsync(stop)) return;
                        continue;
                    }
                }
                reading ??= _lines.ReadAsync(stop).AsTask();
                var line = await reading.WaitAsync(_options.IdleLimit, _options.Time, stop);
                reading = null;
                if (!await HandleAsync(line, stop)) return;
            }
        }
        catch (TimeoutException)
        {
            await ReplyAsync(new(421, "Idle for too long."), stop);
        }
        finally
        {
            await CloseAsync(reading);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _data.DisposeAsync();
        await _control.DisposeAsync();
    }

    // False ends the session.
    private async ValueTask<bool> HandleAsync(Line line, CancellationToken stop)
    {
        switch (line.Kind)
        {
            case LineKind.End: return false;
            case LineKind.TooLong: return await ReplyAsync(new(500, "Line too long."), stop);
            case LineKind.Malformed: return await ReplyAsync(new(501, "Only UTF-8 without control characters."), stop);
        }
        var command = FtpCommand.Parse(line.Text);
        if (_transfer is { } running)
        {
            if (command.Verb == "ABOR")
            {
                running.Abort();
                await running.End;
                return await EndTransferAsync(running, stop) && await ReplyAsync(new(226, "ABOR done."), stop) && await ReleaseHeldAsync(stop);
            }
            if (command.Verb != "STAT")
            {
                _held.Enqueue(command);
                return true;
            }
        }
        return await ExecuteAsync(command, stop);
    }

    private async ValueTask<bool> ReleaseHeldAsync(CancellationToken stop)
    {
        while (_transfer is null && _held.TryDequeue(out var command))
            if (!await ExecuteAsync(command, stop)) return false;
        return true;
    }

    private async ValueTask<bool> ExecuteAsync(FtpCommand command, CancellationToken stop)
    {
        if (command.Verb == "QUIT")
        {
            await ReplyAsync(new(221, "Goodbye."), stop);
            return false;
        }
        var reply = GeneralReply(command) ?? await MemberReplyAsync(command, stop);
        // No reply: a transfer began, and its 150 is on its way.
        if (reply is { } said && !await ReplyAsync(said, stop)) return false;
        return !_login.Exhausted;
    }

    // What is answered without a login.
    private Reply? GeneralReply(FtpCommand command)
    {
        switch (command.Verb)
        {
            case "USER": return _login.User(command.Argument);
            case "PASS":
                var reply = _login.Password(command.Argument);
                Log.LoginTried(_log, _number, _login.Done);
                return reply;
            case "SYST": return new(215, "UNIX Type: L8");
            case "NOOP": return new(200, "Still here.");
            case "FEAT": return FtpTexts.Features(_files.Facts);
            case "HELP": return FtpTexts.Help;
            case "OPTS" when command.Argument.Equals("UTF8 ON", StringComparison.OrdinalIgnoreCase): return new(200, "UTF-8 always.");
            default: return FtpTexts.IsKnown(command.Verb) ? null : FtpTexts.Unknown(command.Verb);
        }
    }

    private async ValueTask<Reply?> MemberReplyAsync(FtpCommand command, CancellationToken stop)
    {
        if (!_login.Done) return new(530, "Log in first.");
        if (_files.Execute(command) is { } named) return named;
        if (await _data.ExecuteAsync(command, stop) is { } agreed) return agreed;
        switch (command.Verb)
        {
            case "TYPE": return SetType(command.Argument.ToUpperInvariant());
            case "MODE": return command.Argument.Equals("S", StringComparison.OrdinalIgnoreCase) ? new(200, "MODE S.") : new(504, "MODE S only.");
            case "STRU": return command.Argument.Equals("F", StringComparison.OrdinalIgnoreCase) ? new(200, "STRU F.") : new(504, "STRU F only.");
            case "SIZE": return _files.Size(command.Argument, _ascii);
            case "OPTS":
                return command.Argument.StartsWith("MLST", StringComparison.OrdinalIgnoreCase) ? _files.SelectFacts(command.Argument[4..]) : new(501, "No such option.");
            case "ALLO" or "ACCT": return new(202, "Not needed here.");
            case "STAT": return Status(command.Argument);
            case "REIN":
                await _data.ResetAsync();
                _login.Forget();
                return new(220, "Ready for a new user.");
            case "ABOR":
                await _data.ForgetAsync();
                return new(226, "Nothing to abort.");
            case "REST": return Restart(command.Argument);
            default: return await BeginTransferAsync(command, stop);
        }
    }

    private Reply SetType(string type)
    {
        if (type is not ("A" or "A N" or "I" or "L 8")) return new(504, "TYPE A and I only.");
        _ascii = type[0] == 'A';
        return new(200, $"TYPE {type}.");
    }

    private Reply Restart(string argument)
    {
        // RFC 3659 §5: an octet count, which means something in TYPE I only.
        if (!long.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out long offset)) return new(501, "REST takes a number of bytes.");
        if (_ascii && offset != 0) return new(504, "REST in TYPE I only.");
        _restart = offset;
        return new(350, "Ready to restart there.");
    }

    private Reply Status(string argument)
    {
        if (argument.Length > 0)
        {
            return Listing.Find(_folder, _files.Resolve(argument)) is { } entries
                ? new(213, "End.") { First = "Status:", Between = FtpTexts.Lines(Listing.Long(entries, _options.Time.GetUtcNow())) }
                : new(450, "No such file or directory.");
        }
        string transfer = _transfer is { } running
            ? string.Create(CultureInfo.InvariantCulture, $"{_transferVerb} is running, {running.Bytes} bytes so far.")
            : "No transfer is running.";
        return new(211, "End.") { First = "Culvert demo FTP server", Between = [$"TYPE {(_ascii ? 'A' : 'I')}, MODE S, STRU F", transfer] };
    }

    private async ValueTask<Reply?> BeginTransferAsync(FtpCommand command, CancellationToken stop)
    {
        long restart = _restart;
        _restart = 0;
        var (work, refusal) = FtpTransfers.Plan(command, _folder, _files, _ascii, restart, _options.Time.GetUtcNow());
        if (work is null) return refusal;
        if (_data.Take() is not { } door) return new(425, "PASV, EPSV, PORT or EPRT first.");
        if (!await ReplyAsync(new(150, "Opening the data connection."), stop))
        {
            await door.DisposeAsync();
            return null;
        }
        _transferVerb = command.Verb;
        _transfer = new(_options, door, work, stop);
        return null;
    }

    private async ValueTask<bool> EndTransferAsync(Transfer running, CancellationToken stop)
    {
        var (reply, lingering) = await running.End;
        Log.TransferEnded(_log, _number, _transferVerb, running.Bytes, reply.Code);
        await running.DisposeAsync();
        _transfer = null;
        bool alive = await ReplyAsync(reply, stop);
        _lingering.RemoveAll(task => task.IsCompleted);
        if (lingering is not null) _lingering.Add(Lingering.CloseAsync(lingering, _options.StallLimit, _options.Time, stop));
        return alive;
    }

    private async ValueTask<bool> ReplyAsync(Reply reply, CancellationToken stop) => await _control.WriteAsync(reply.ToBytes(), stop) == WriteEnd.None;

    // The client hears our end after our last word; a transfer that still runs is cut (the client left without QUIT, or the server stops).
    private async Task CloseAsync(Task<Line>? reading)
    {
        if (_transfer is { } running)
        {
            running.Abort();
            var (_, lingering) = await running.End;
            if (lingering is not null) await lingering.DisposeAsync();
            await running.DisposeAsync();
            _transfer = null;
        }
        await _data.ForgetAsync();
        await Task.WhenAll(_lingering);
        if (reading is not null)
        {
            // Somebody reads already (idle for too long, or the server stops): that read ends with the client's end, or with our patience.
            await _control.EndAsync(CancellationToken.None);
            await ((Task)reading).WaitAsync(Lingering.FarewellLimit, _options.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _control.Abort();
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        else
        {
            await Lingering.CloseAsync(_control, Lingering.FarewellLimit, _options.Time, CancellationToken.None);
        }
    }
}
