using System.Globalization;
using System.Text;
using Culvert.Demo.Dialogue;
using Culvert.Net;

namespace Culvert.Demo.Client;

/// <summary>How the client asks for its data connection.</summary>
internal enum ClientMode
{
    /// <summary>Passive, RFC 959.</summary>
    Pasv,
    /// <summary>Passive, RFC 2428.</summary>
    Epsv,
    /// <summary>Active, RFC 959.</summary>
    Port,
    /// <summary>Active, RFC 2428.</summary>
    Eprt,
}

/// <summary>The server said no, or something that is no answer.</summary>
internal sealed class FtpClientException(string message) : IOException(message);

/// <summary>A plain FTP client that knows nothing of SSH: one control connection, a data connection for each transfer, and it goes where
/// replies tell it to go. One command at a time.</summary>
internal sealed class FtpClient : IAsyncDisposable
{
    private const int ChunkSize = 64 * 1024;

    private readonly INetwork _network;
    private readonly Duplex _control;
    private readonly LineReader _lines;
    private readonly Endpoint _server;
    private readonly OpenPorts _ports;

    private FtpClient(INetwork network, Duplex control, Endpoint server, OpenPorts ports) =>
        (_network, _control, _lines, _server, _ports) = (network, control, new(control), server, ports);

    /// <summary>Connects and logs in, and asks for TYPE I.</summary>
    /// <param name="network">Where the server is.</param>
    /// <param name="server">Its control port, an IP literal.</param>
    /// <param name="credentials">Who logs in.</param>
    /// <param name="ports">Told of the ports that active mode opens.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NetworkException">No connection.</exception>
    /// <exception cref="FtpClientException">The server refused.</exception>
    public static async Task<FtpClient> LogInAsync(INetwork network, Endpoint server, Credentials credentials, OpenPorts ports, CancellationToken cancellationToken)
    {
        var outcome = await network.Connect(server, ConnectOptions.Default).Outcome;
        var client = new FtpClient(network, outcome.Duplex ?? throw new NetworkException(outcome.Failure!), server, ports);
        try
        {
            await client.ExpectAsync("connecting", 220, cancellationToken);
            await client.CommandAsync($"USER {credentials.User}", 331, cancellationToken);
            await client.CommandAsync($"PASS {credentials.Password}", 230, cancellationToken);
            await client.CommandAsync("TYPE I", 200, cancellationToken);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>RETR: hands every piece of the file to <paramref name="taken"/>.</summary>
    /// <returns>The number of bytes.</returns>
    /// <exception cref="NetworkException">No data connection.</exception>
    /// <exception cref="FtpClientException">The server refused, or the transfer failed.</exception>
    public async Task<long> RetrieveAsync(string name, ClientMode mode, Action<ReadOnlyMemory<byte>> taken, CancellationToken cancellationToken)
    {
        await using var door = await AgreeAsync(mode, cancellationToken);
        await using var data = await BeginAsync($"RETR {name}", door, cancellationToken);
        long count = 0;
        byte[] chunk = new byte[ChunkSize];
        while (true)
        {
            var (bytes, end) = await data.ReadAsync(chunk, cancellationToken);
            if (end == ReadEnd.Ended) break;
            if (end != ReadEnd.None) throw new FtpClientException($"the data connection was cut after {count.ToString(CultureInfo.InvariantCulture)} bytes");
            taken(bytes);
            count += bytes.Length;
        }
        await data.EndAsync(cancellationToken);
        await ExpectAsync("RETR", 226, cancellationToken);
        return count;
    }

    /// <summary>STOR.</summary>
    /// <exception cref="NetworkException">No data connection.</exception>
    /// <exception cref="FtpClientException">The server refused, or the transfer failed.</exception>
    public async Task StoreAsync(string name, ClientMode mode, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await using var door = await AgreeAsync(mode, cancellationToken);
        await using var data = await BeginAsync($"STOR {name}", door, cancellationToken);
        if (await data.WriteAsync(content, cancellationToken) != WriteEnd.None || await data.EndAsync(cancellationToken) != WriteEnd.None)
            throw new FtpClientException("the data connection was cut");
        await ExpectAsync("STOR", 226, cancellationToken);
    }

    /// <summary>QUIT.</summary>
    public Task QuitAsync(CancellationToken cancellationToken) => CommandAsync("QUIT", 221, cancellationToken);

    /// <summary>Sends one command and takes its final reply.</summary>
    /// <exception cref="FtpClientException">It has another code.</exception>
    public async Task<string> CommandAsync(string command, int code, CancellationToken cancellationToken)
    {
        await SendAsync(command, cancellationToken);
        return await ExpectAsync(command.Split(' ')[0], code, cancellationToken); // the verb only: an argument may be a password
    }

    /// <summary>Takes the next reply, to its last line: RFC 959 §4.2, several lines end with the same code and a blank.</summary>
    /// <param name="after">What it answers, for the exception's text.</param>
    /// <param name="code">The code that it must have.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="FtpClientException">It has another code.</exception>
    public async Task<string> ExpectAsync(string after, int code, CancellationToken cancellationToken)
    {
        string? open = null;
        while (true)
        {
            var line = await _lines.ReadAsync(cancellationToken);
            if (line.Kind != LineKind.Text) throw new FtpClientException($"after {after} the control connection was closed");
            open ??= line.Text.Length > 3 && line.Text[3] == '-' ? line.Text[..3] : "";
            if (open.Length > 0 && !line.Text.StartsWith(open + " ", StringComparison.Ordinal)) continue;
            return line.Text.StartsWith(code.ToString(CultureInfo.InvariantCulture) + " ", StringComparison.Ordinal)
                ? line.Text
                : throw new FtpClientException($"{after} was answered: {line.Text}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _control.EndAsync(CancellationToken.None);
        await _control.DisposeAsync();
    }

    // RFC 2577 §2: a client should know who connects to its data port. Through a tunnel that's culvert, here a process of this user.
    private Peer Server => new(_server, AddressKnowledge.Observed, LocalUsers.Current, null);

    private async Task<DataDoor> AgreeAsync(ClientMode mode, CancellationToken cancellationToken)
    {
        switch (mode)
        {
            case ClientMode.Pasv:
                string passive = await CommandAsync("PASV", 227, cancellationToken);
                return AddressText.TryParsePassive(passive, out var told) ? new ConnectingDoor(_network, told, null) : throw new FtpClientException($"no address in: {passive}");
            case ClientMode.Epsv:
                string extended = await CommandAsync("EPSV", 229, cancellationToken);
                // RFC 2428 §3: the address is the control connection's.
                return AddressText.TryParseExtendedPassive(extended, out int port)
                    ? new ConnectingDoor(_network, _server.WithPort(port), null)
                    : throw new FtpClientException($"no port in: {extended}");
            default:
                var door = await ListeningDoor.OpenPortAsync(_network, _server.Host, Server, _ports, cancellationToken);
                try
                {
                    await CommandAsync(mode == ClientMode.Port ? $"PORT {AddressText.Six(door.Endpoint)}" : $"EPRT {AddressText.Extended(door.Endpoint)}", 200, cancellationToken);
                    return door;
                }
                catch
                {
                    await door.DisposeAsync();
                    throw;
                }
        }
    }

    // Passive: the connection comes first, as in every client that connects at once. Active: the server connects after the command.
    private async Task<Duplex> BeginAsync(string command, DataDoor door, CancellationToken cancellationToken)
    {
        using var refused = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var opening = door.OpenAsync(refused.Token);
        try
        {
            if (door is ConnectingDoor) await opening;
            await CommandAsync(command, 150, cancellationToken);
            return await opening;
        }
        catch
        {
            await refused.CancelAsync();
            await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (opening.IsCompletedSuccessfully) await (await opening).DisposeAsync();
            throw;
        }
    }

    private async Task SendAsync(string command, CancellationToken cancellationToken)
    {
        if (await _control.WriteAsync(Encoding.UTF8.GetBytes(command + "\r\n"), cancellationToken) != WriteEnd.None)
            throw new FtpClientException("the control connection was closed");
    }
}
