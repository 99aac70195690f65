using System.Globalization;
using Culvert.Broker.Runtime;
using Culvert.Cli.Reporting;
using Culvert.Cli.Terminal;
using Culvert.Ssh;

namespace Culvert.Cli.Sessions;

/// <summary>What escapes show and do that isn't the session's own end.</summary>
/// <param name="escape">The character that begins them.</param>
/// <param name="connection">Of which they tell.</param>
/// <param name="run">Whose tunnels are listed.</param>
/// <param name="clients">Who came in through them.</param>
/// <param name="screen">Where it's shown.</param>
internal sealed class EscapeCommands(char escape, SshConnection connection, TunnelRun run, ConnectedClients clients, Screen screen)
{
    /// <summary>Does it.</summary>
    public async Task RunAsync(EscapeAction action, CancellationToken cancellationToken)
    {
        switch (action)
        {
            case EscapeAction.Help:
                screen.WriteLine(Help());
                break;
            case EscapeAction.ListForwards:
                screen.WriteLine(Forwards());
                break;
            case EscapeAction.Statistics:
                screen.WriteLine(Statistics());
                break;
            case EscapeAction.Channels:
                screen.WriteLine(Channels(connection.DescribeChannels()));
                break;
            case EscapeAction.UploadKey:
                screen.WriteLine("public keys aren't uploaded from in here; ssh-copy-id puts one on a server");
                break;
            case EscapeAction.Version:
                screen.WriteLine(ProgramVersion.Text);
                break;
            case EscapeAction.Rekey:
                await RekeyAsync(cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    /// <summary>A line a channel.</summary>
    public static string Channels(IReadOnlyList<ChannelFigures> channels) => string.Join('\n', channels.Select(channel => string.Create(CultureInfo.InvariantCulture,
        $"channel {channel.Number}: {(channel.IsSession ? "session" : "forwarded connection")}, window {channel.Window} with {channel.Waiting} waiting, server's window {channel.ServerWindow}"))
        .Prepend($"channels open: {channels.Count}"));

    private async Task RekeyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await connection.RekeyAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (SshConnectionException)
        {
            // The connection is gone, and says so itself.
        }
    }

    private string Help() => $"""
        Supported escape sequences, directly after a newline:
         {escape}.   end the connection
         {escape}^Z  suspend this program
         {escape}#   list forwarded connections
         {escape}s   connection statistics
         {escape}c   channel statistics
         {escape}r   change keys
         {escape}V   version
         {escape}-   no escapes from here on
         {escape}?   this list
         {escape}{escape}   the escape character itself
        """.ReplaceLineEndings("\n");

    private string Forwards()
    {
        var lines = new List<string> { "The following connections are open:" };
        foreach (var tunnel in run.Tunnels)
        {
            lines.Add(" " + tunnel.ReadyLine["ready: ".Length..]);
            lines.AddRange(clients.Of(tunnel).Select(client => $"   from {client.Address}"));
        }
        if (lines.Count == 1)
            lines.Add(" this session, and no tunnel");
        return string.Join('\n', lines);
    }

    private string Statistics()
    {
        var agreed = connection.Algorithms;
        return string.Create(CultureInfo.InvariantCulture, $"""
            server: {connection.Server}, {connection.RemoteVersion}
            key exchange: {agreed.KeyExchange}, host key: {agreed.HostKey}, {connection.KeyExchanges} exchanges so far
            to the server: {agreed.ClientToServer}
            from the server: {agreed.ServerToClient}
            packets received: {connection.PacketsReceived}, channels open: {connection.Channels}
            """).ReplaceLineEndings("\n");
    }
}
