using System.Buffers;
using System.Text;

namespace Culvert.Ftp.Wire;

/// <summary>What is wrong with a line; a faulty line is refused and never passed on.</summary>
internal enum LineFault
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>Longer than its limit; the rest was discarded up to the line feed.</summary>
    TooLong,
    /// <summary>A NUL byte in a command.</summary>
    Nul,
    /// <summary>A carriage return inside the line: some servers would end the line there, and read a second one.</summary>
    CarriageReturn,
    /// <summary>The stream begins like TLS (implicit FTPS). There is no line; nothing after it makes sense.</summary>
    ClientHello,
}

/// <summary>One line of the dialogue without its terminator. Its bytes are what the peer sent: file names in any encoding pass.</summary>
/// <param name="Bytes">Owned by the line, or lent by a <see cref="LineReader"/>. Empty when there is a fault.</param>
/// <param name="Fault">What is wrong with it.</param>
internal readonly record struct FtpLine(ReadOnlyMemory<byte> Bytes, LineFault Fault = LineFault.None)
{
    /// <summary>A line of our own, ASCII.</summary>
    public static FtpLine Of(string text) => new(Encoding.ASCII.GetBytes(text));

    /// <summary>The same line for longer than a <see cref="LineReader"/> lends it.</summary>
    public FtpLine Kept() => this with { Bytes = Bytes.ToArray() };

    /// <summary>The line as it leaves: always CRLF at its end, whatever it came with. A bare line feed must not become a way to
    /// show the server other lines than the ones that were looked at here.</summary>
    public void WriteTo(IBufferWriter<byte> writer)
    {
        writer.Write(Bytes.Span);
        writer.Write("\r\n"u8);
    }

    /// <summary>The line for people: escaped. Not for commands that may carry a secret.</summary>
    public override string ToString() => Display.Escape(Bytes.Span);
}
