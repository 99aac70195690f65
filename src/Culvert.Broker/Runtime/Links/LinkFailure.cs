using Culvert.Net;
using Culvert.Ssh;

namespace Culvert.Broker.Runtime;

/// <summary>What a failed attempt means for the next one.</summary>
internal enum LinkFailureKind
{
    /// <summary>It may pass: network, server, name service.</summary>
    Passing,
    /// <summary>The server keeps us out for a while because of what happened before. Nothing was tried.</summary>
    Penalised,
    /// <summary>The login was rejected, or what it needs isn't there.</summary>
    Rejected,
    /// <summary>Trying again would be wrong: the server's key isn't the one that is trusted.</summary>
    Final,
}

/// <summary>Why an attempt failed.</summary>
/// <param name="Kind">What it means for the next one.</param>
/// <param name="Cause">For people, one line.</param>
internal sealed record LinkFailure(LinkFailureKind Kind, string Cause)
{
    /// <summary>What sshd writes in place of its version to a client that it punishes (sshd.c, PerSourcePenalties).</summary>
    private const string Penalty = "Not allowed at this time";

    /// <summary>What an exception means. Pure.</summary>
    public static LinkFailure Of(BrokerException e)
    {
        ArgumentNullException.ThrowIfNull(e);
        var kind = e.InnerException switch
        {
            SshHostKeyException => LinkFailureKind.Final,
            SshAuthenticationException => LinkFailureKind.Rejected,
            // Two that have no algorithm in common will have none the next time.
            SshConnectionException { Reason: DisconnectReason.KeyExchangeFailed } => LinkFailureKind.Rejected,
            SshConnectionException s when s.Message.Contains(Penalty, StringComparison.Ordinal) => LinkFailureKind.Penalised,
            SshConnectionException => LinkFailureKind.Passing,
            NetworkException => LinkFailureKind.Passing,
            // A configuration that can't be carried out, a password file that can't be read.
            _ => LinkFailureKind.Rejected,
        };
        return new LinkFailure(kind, OneLine(e.Message).TrimEnd('.'));
    }

    private static string OneLine(string text) => text.ReplaceLineEndings("; ");
}
