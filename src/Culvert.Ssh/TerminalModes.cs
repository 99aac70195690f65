using Culvert.Ssh.Wire;

namespace Culvert.Ssh;

/// <summary>Modes of a terminal on the wire (RFC 4254 §8): opcodes with a 32-bit argument each, and an end.</summary>
public static class TerminalModes
{
    /// <summary>TTY_OP_END.</summary>
    private const byte End = 0;

    /// <summary>Opcodes from here on have no argument that we know; reading stops there.</summary>
    private const byte FirstUnknown = 160;

    /// <summary>Modes in their encoded form.</summary>
    /// <param name="modes">Opcode and argument: a character (255: none), 0 or 1, or a speed in bits a second.</param>
    public static ReadOnlyMemory<byte> Encode(IEnumerable<KeyValuePair<byte, uint>> modes)
    {
        ArgumentNullException.ThrowIfNull(modes);
        var writer = new SshWriter();
        foreach (var (opcode, argument) in modes)
        {
            ArgumentOutOfRangeException.ThrowIfZero(opcode);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(opcode, FirstUnknown);
            writer.Byte(opcode).UInt32(argument);
        }
        return writer.Byte(End).ToArray();
    }

    /// <summary>The modes that an encoded form holds; what comes behind the first one that nobody knows is left out.</summary>
    /// <exception cref="SshProtocolException">It ends within an argument.</exception>
    public static IReadOnlyDictionary<byte, uint> Decode(ReadOnlySpan<byte> encoded)
    {
        var modes = new Dictionary<byte, uint>();
        var reader = new SshReader(encoded, "terminal modes");
        while (!reader.Rest.IsEmpty && reader.Byte("opcode") is not End and < FirstUnknown and var opcode)
            modes[opcode] = reader.UInt32("argument");
        return modes;
    }
}
