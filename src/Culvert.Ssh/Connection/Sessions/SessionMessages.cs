using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Connection;

/// <summary>What the requests of a session carry (RFC 4254 §6), without what every CHANNEL_REQUEST begins with.</summary>
internal static class SessionMessages
{
    // pty-req (§6.2)
    // string    TERM environment variable value (e.g., vt100)
    // uint32    terminal width, characters (e.g., 80)
    // uint32    terminal height, rows (e.g., 24)
    // uint32    terminal width, pixels (e.g., 640)
    // uint32    terminal height, pixels (e.g., 480)
    // string    encoded terminal modes
    public static byte[] Terminal(PseudoTerminal terminal) =>
        Size(new SshWriter().String(terminal.Type), terminal.Size).String(terminal.Modes.Span).ToArray();

    public static PseudoTerminal ReadTerminal(ref SshReader reader)
    {
        var type = reader.DisplayText("TERM");
        var size = ReadSize(ref reader);
        return new PseudoTerminal(type, size, reader.String("encoded terminal modes").ToArray());
    }

    // window-change (§6.7)
    // uint32    terminal width, columns
    // uint32    terminal height, rows
    // uint32    terminal width, pixels
    // uint32    terminal height, pixels
    public static byte[] Window(TerminalSize size) => Size(new SshWriter(16), size).ToArray();

    public static TerminalSize ReadSize(ref SshReader reader)
    {
        var (columns, rows) = (reader.UInt32("width"), reader.UInt32("height"));
        return new TerminalSize(columns, rows, reader.UInt32("width in pixels"), reader.UInt32("height in pixels"));
    }

    // env (§6.4)
    // string    variable name
    // string    variable value
    public static byte[] Environment(string name, string value) => new SshWriter().String(name).String(value).ToArray();

    // exec: string command; subsystem: string subsystem name (§6.5); signal: string signal name without the "SIG" prefix (§6.9)
    public static byte[] Text(string text) => new SshWriter().String(text).ToArray();

    // exit-status (§6.10)
    // uint32    exit_status
    public static byte[] ExitStatus(int status) => new SshWriter(4).UInt32((uint)status).ToArray();

    private static SshWriter Size(SshWriter writer, TerminalSize size) =>
        writer.UInt32(size.Columns).UInt32(size.Rows).UInt32(size.Width).UInt32(size.Height);
}
