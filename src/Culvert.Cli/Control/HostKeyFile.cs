using System.Text.Json;
using Culvert.Broker.Runtime;

namespace Culvert.Cli.Control;

/// <summary>Writes a server's host key that a broker told of, in the form of OpenSSH's public keys: <c>ssh-ed25519 AAAA… host</c>.</summary>
internal static class HostKeyFile
{
    /// <summary>Writes it, in place of what was there.</summary>
    /// <param name="file">Where.</param>
    /// <param name="answer">What the broker said of a connection, or of a probe.</param>
    /// <exception cref="BrokerException">There is no key, or the file can't be written.</exception>
    public static void Write(string file, JsonElement answer)
    {
        var holder = answer.TryGetProperty("details", out var details) ? (details, Field: "hostKeyLine") : (details: answer, Field: "line");
        if (holder.details.ValueKind != JsonValueKind.Object || holder.details.GetProperty(holder.Field).GetString()?.Split(' ') is not [var host, var type, var key])
            throw new BrokerException(Message.Error("The connection isn't up, and shows no host key.", "culvert ctl probe-key asks a server for it"));
        try
        {
            File.WriteAllText(file, $"{type} {key} {host}\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BrokerException(Message.Error($"The host key can't be written: {FileCause.Of(e)}", "name a file in a folder that you may write to"), e);
        }
    }
}
