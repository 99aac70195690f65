namespace Culvert.Interop.Proofs.Leaks;

/// <summary>A defect that lets a connection leave the tunnel, and the dialogue that brings it out.</summary>
/// <param name="Name">Names it.</param>
/// <param name="File">Where in <c>src/Culvert.Ftp</c>.</param>
/// <param name="Original">What stands there.</param>
/// <param name="Defect">What stands there instead.</param>
/// <param name="Spelling">What <c>spelled_client.py</c> says for its data connection.</param>
/// <param name="Active">What becomes of active mode.</param>
internal sealed record PlantedLeak(string Name, string File, string Original, string Defect, string Spelling, string Active = "convert")
{
    private const string Commands = "Dialogue/FtpConversation.Commands.cs";
    private const string Setups = "Dialogue/FtpConversation.Setup.cs";
    private const string BeforeTheTable = "        switch (command.Kind)\n        {\n            case VerbKind.Foreign:";

    public static IReadOnlyList<PlantedLeak> All { get; } =
    [
        new("the server's 227 reaches the client", Setups,
            "        ToClient(line);\n        Pop(exchange);", "        ToClient(path.Asked == DataMode.Pasv ? _firstLine : line);\n        Pop(exchange);", "PASV"),
        new("the 227 names the server's address with our port", Setups,
            "FtpAddress.Passive(PassiveAddress, at.Port)", "FtpAddress.Passive(IPAddress.Parse(_destination.Host), at.Port)", "PASV"),
        Passes("PASV passes when one was translated before", "command.Kind == VerbKind.Pasv && _proven.Count > 0", "PASV2"),
        Passes("PORT passes as it comes", "command.Kind == VerbKind.Port", "PORT @"),
        Passes("EPRT passes as it comes", "command.Kind == VerbKind.Eprt", "EPRT @"),
        Passes("port in small letters passes", "command.Line.Bytes.Span[0] == 'p'", "port @"),
        Passes("PORT behind two blanks passes", "command.Kind == VerbKind.Port && command.Line.Bytes.Span[5] == ' '", "PORT  @"),
        Passes("PORT passes when it's pipelined", "command.Kind == VerbKind.Port && _exchanges.Count > 0", "NOOP\r\nPORT @"),
        new("the server is told the client's address", Setups,
            "FtpAddress.Active(FarListenAddress, at.Port)", "FtpAddress.Active(path.ClientAddress!.Address, path.ClientAddress!.Port)", "PORT @", "forward"),
        new("the data connection is made beside SSH", "DataPath.cs", "_context.Far.Connect(server, new()", "_context.Near.Connect(server, new()", "PASV"),
        new("the control connection is made beside SSH", "FtpSession.cs", "_far.Connect(_destination, new()", "_near.Connect(_destination, new()", "PASV"),
    ];

    private static PlantedLeak Passes(string name, string condition, string spelling) => new(
        name, Commands, BeforeTheTable, $$"""
                if ({{condition}})
                {
                    Append(new(command) { Verbatim = true });
                    return;
                }

        """ + BeforeTheTable, spelling);
}
