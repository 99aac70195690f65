namespace Culvert.TestKit.Proof;

/// <summary>The attacks that a relay must withstand, as rows of the page. A test names the row that it proves; a row without a test fails.</summary>
public static class Attack
{
#pragma warning disable CS1591 // the text is the explanation
    public const string Bounce = "1 Bounce: PORT or EPRT names another machine";
    public const string Redirect = "2 A server's 227 leads into its own network";
    public const string ServerPortTheft = "3 Another program at the server's port";
    public const string ClientPortTheft = "4 Another user takes the client's data connection";
    public const string ControlPortTheft = "4 Another user enters by the control port";
    public const string FakeReply = "5 A 227 or PORT inside other text";
    public const string Segments = "6 Lines cut into segments";
    public const string Injection = "7 A second command inside a line";
    public const string StartTls = "8 Bytes smuggled around AUTH";
    public const string CrossProtocol = "9 Another protocol is led to the port";
    public const string Browser = "10 A browser is led to the port";
    public const string Unsolicited = "11 A 227 that nobody asked for";
    public const string SlowPeers = "12 Peers that hold on and say nothing";
    public const string Floods = "12 Peers that flood";
    public const string PrivilegedPorts = "13 Privileged ports";
    public const string OddAddresses = "14 Addresses that mean several hosts, or none";
    public const string OddSpellings = "15 Addresses in spellings that others read otherwise";
    public const string Logs = "16 Secrets and escape sequences in logs";
    public const string Downgrade = "17 A silent way back to the clear";
    public const string Loop = "18 A tunnel that leads back to itself";
    public const string Truncation = "19 A transfer that was cut looks whole";
#pragma warning restore CS1591

    /// <summary>Every row, in the order of the page.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Bounce, Redirect, ServerPortTheft, ClientPortTheft, ControlPortTheft, FakeReply, Segments, Injection, StartTls, CrossProtocol, Browser,
        Unsolicited, SlowPeers, Floods, PrivilegedPorts, OddAddresses, OddSpellings, Logs, Downgrade, Loop, Truncation,
    ];
}
