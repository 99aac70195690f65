namespace Culvert.TestKit.Mutations;

/// <summary>Forwards whose other end is a stranger: SOCKS clients, and the program of the OpenSSH engine.</summary>
public static class ForwardMutations
{
    private const string SocksRequest = "src/Culvert.Net/Socks/SocksRequest.cs";
    private const string SocksClients = "src/Culvert.Net/Socks/SocksClients.cs";
    private const string ProxiedTransport = "src/Culvert.Ssh/Transport/ProxiedTransport.cs";
    private const string ProxiedConnection = "src/Culvert.Ssh/ProxiedConnection.cs";
    private const string Relay = "src/Culvert.Net/Relay.cs";
    private const string TcpDuplex = "src/Culvert.Net/Tcp/TcpDuplex.cs";
    private const string MasterListener = "src/Culvert.OpenSsh/MasterListener.cs";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Mutation> All { get; } =
    [
        new("a reset that a write met is no end", TcpDuplex,
            "_broken = SocketFailure.OfRead(e);",
            "_broken = ReadEnd.None;",
            "Net.TcpNetworkTests.A_reset_that_a_write_met_is_no_end_for_the_reader"),
        new("what was sent before its sender went is carried to the end", Relay,
            "else if (!sink.ShowsResets)",
            "else",
            "Net.RelayTests.What_was_sent_before_its_sender_went_is_carried_to_the_end"),
        new("what its sender left to a slow server is waited for", Relay,
            "other.IsCompleted && source.IsAcknowledged != false",
            "other.IsCompleted",
            "Net.RelayTests.What_its_sender_left_to_a_slow_server_is_waited_for"),
        new("nothing is read for one who took no more, once all of his is through", Relay,
            "other.IsCompleted && source.IsAcknowledged != false",
            "other.IsFaulted",
            "Net.RelayTests.Over_TCP_a_server_that_sends_to_one_who_left_is_reset"),
        new("who lost bytes is reset where resets look like ends", Relay,
            "else if (!sink.ShowsResets)",
            "else if (outcome.Bytes < 0)",
            "Net.RelayTests.The_end_of_one_who_took_not_all_is_a_reset_where_resets_look_like_ends"),
        new("a SOCKS client's user id has an end", SocksRequest,
            "return received.Length - head > LongestText ?",
            "return received.Length < 0 ?",
            "Net.Socks.SocksRequestTests.A_text_without_end_is_given_up"),
        new("a SOCKS client's host name has an end", SocksRequest,
            "return name.Length > LongestText ?",
            "return name.Length < 0 ?",
            "Net.Socks.SocksRequestTests.A_text_without_end_is_given_up"),
        new("a name that a SOCKS client asks for holds nothing that a terminal obeys", SocksRequest,
            "if (!char.IsAsciiLetterOrDigit((char)c) && c is not ((byte)'.' or (byte)'-' or (byte)'_' or (byte)':'))",
            "if (false)",
            "Net.Socks.SocksRequestTests.What_cannot_be_served_is_refused_with_the_code_that_says_why"),
        new("a SOCKS client says in time where it wants to go", SocksClients,
            "using var deadline = new CancellationTokenSource(Patience, time);",
            "using var deadline = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);",
            "Net.Socks.SocksClientsTests.Who_does_not_say_where_to_in_time_is_reset"),
        new("a SOCKS client goes only where it may", SocksClients,
            "return forbids(to) is { } why",
            "return forbids(to) is { } why && why.Length == 0",
            "Net.Socks.SocksClientsTests.A_destination_that_is_forbidden_is_never_dialled"),
        new("a message over a shared connection has a length that messages have", ProxiedTransport,
            "if (length is 0 or > Limits.MaximumPacketLength)",
            "if (length is 0x7fffffff)",
            "OpenSsh.ProxiedConnectionTests.A_length_that_no_message_has_ends_it_before_anything_is_kept"),
        new("another program's connection is not ended by us", ProxiedConnection,
            "Disconnect = (_, _, _) => ValueTask.CompletedTask",
            "Disconnect = null",
            "OpenSsh.ProxiedConnectionTests.Ending_it_says_nothing_that_would_end_the_programs_own_connection"),
        new("an end counts only while ssh lives", MasterListener,
            "read.End == ReadEnd.None || await master.IsAliveAsync(cancellationToken).ConfigureAwait(false) ?",
            "read.End == ReadEnd.None || await master.IsAliveAsync(cancellationToken).ConfigureAwait(false) || true ?",
            "OpenSsh.OpenSshMasterTests.When_ssh_dies_the_connections_it_brought_are_lost_and_not_ended"),
    ];
}
