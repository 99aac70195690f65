using System.Globalization;
using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Cli.Terminal;
using Culvert.Ftp;
using Culvert.Net;

namespace Culvert.Cli.Reporting;

/// <summary>Tells one line an event: for logs, pipes and services, and for all that stays on a terminal.</summary>
internal sealed class LineReporter(Screen screen, Verbosity verbosity, Ink ink) : IReporter
{
    /// <inheritdoc/>
    public void Tell(Message message)
    {
        if (verbosity < (message.Weight == MessageWeight.Error ? Verbosity.Error : Verbosity.Info))
            return;
        var text = string.Join('\n', message.Text.Split('\n').Select(Printable.Line));
        if (message.Weight == MessageWeight.Error)
            text = ink.Red(text);
        if (message.Hint is not null)
            text += "\n" + ink.Dim("hint: " + Printable.Line(message.Hint));
        screen.WriteLine(text);
    }

    /// <inheritdoc/>
    public void Opened(OpenTunnel tunnel)
    {
        Say(Verbosity.Info, ink.Green("ready:") + tunnel.ReadyLine["ready:".Length..]);
        foreach (var note in tunnel.ClearLegs())
            Say(Verbosity.Info, note);
    }

    /// <inheritdoc/>
    public void ClientConnected(OpenTunnel tunnel, Peer client) => Say(Connections, $"client connected: {Shown(client)} to {tunnel.Typed}");

    /// <inheritdoc/>
    public void ClientGone(OpenTunnel tunnel, Peer client) => Say(Connections, $"client gone: {Shown(client)} from {tunnel.Typed}");

    /// <inheritdoc/>
    public void ClientRefused(OpenTunnel tunnel, Peer client, string reason) =>
        Say(Verbosity.Info, $"client refused: {Shown(client)} to {tunnel.Typed}: {Printable.Line(reason)}");

    /// <inheritdoc/>
    public void Started(Transfer transfer) => Say(Verbosity.Verbose, $"transfer started: {What(transfer)} ({Modes(transfer)})");

    /// <inheritdoc/>
    public void Ended(Transfer transfer)
    {
        var figures = string.Create(
            CultureInfo.InvariantCulture, $"{What(transfer)} {transfer.Bytes} bytes in {(transfer.Duration ?? TimeSpan.Zero).TotalSeconds:0.0} s ({Modes(transfer)})");
        Say(Verbosity.Info, transfer.Result switch
        {
            TransferResult.Complete => "transfer complete: " + figures,
            TransferResult.Unverified => "transfer unverified: " + figures + Why(transfer),
            _ => ink.Red("transfer failed:") + " " + figures + Why(transfer),
        });
    }

    /// <inheritdoc/>
    public void AddressRewritten(string from, string to)
    {
        // The relay's own log has it, for -v.
    }

    /// <inheritdoc/>
    public void ChannelOpening(Endpoint to)
    {
        // The relay's own log has it, for -v.
    }

    /// <summary>Who came and went: on a terminal the live lines show how many are there.</summary>
    private Verbosity Connections => screen.IsLive ? Verbosity.Verbose : Verbosity.Info;

    private void Say(Verbosity needed, string line)
    {
        if (verbosity >= needed)
            screen.WriteLine(line);
    }

    // The relay has escaped what the client sent; the quotation marks are ours.
    private static string What(Transfer transfer) =>
        transfer.Path.Length == 0 ? transfer.Verb : $"{transfer.Verb} \"{transfer.Path.Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static string Modes(Transfer transfer)
    {
        var (asked, used) = (Mode(transfer.Asked), Mode(transfer.Used));
        return asked == used ? asked : $"{asked}→{used}";
    }

    private static string Mode(DataMode mode) => mode switch
    {
        DataMode.Pasv => "PASV",
        DataMode.Epsv => "EPSV",
        DataMode.Port => "PORT",
        _ => "EPRT",
    };

    private static string Why(Transfer transfer)
    {
        var why = transfer.Cause is { } cause ? ": " + Printable.Line(cause) : "";
        return transfer.Reply is { } reply && !why.Contains(reply, StringComparison.Ordinal) ? $"{why} [{Printable.Line(reply)}]" : why;
    }

    private static string Shown(Peer client)
    {
        if (client.Knowledge == AddressKnowledge.Unknown)
            return "a client";
        return client.Owner is { } owner ? $"{client.Address} (user {owner})" : client.Address.ToString();
    }
}
