using System.Buffers.Binary;
using System.Runtime.Versioning;
using Culvert.Ssh;

namespace Culvert.Cli.Terminal;

/// <summary>A terminal's modes, from <c>struct termios</c> into the opcodes of RFC 4254 §8. Pure.</summary>
/// <remarks>Linux: four flag words of 4 bytes (input, output, control, local), a line discipline of one byte, 32 characters, two speeds of 4 bytes at 52 and 56.
/// macOS and the BSDs: four flag words of a long, 20 characters, two speeds of a long.</remarks>
[UnsupportedOSPlatform("windows")]
internal static class UnixTerminalModes
{
    private const byte NoCharacter = 255, InputSpeed = 128, OutputSpeed = 129;
    private const int InputFlags = 0, OutputFlags = 1, ControlFlags = 2, LocalFlags = 3;

    // Opcode, and the place among c_cc on Linux and elsewhere; -1: not there.
    private static readonly (byte Opcode, int Linux, int Bsd)[] Characters =
    [
        (1, 0, 8), (2, 1, 9), (3, 2, 3), (4, 3, 5), (5, 4, 0), // VINTR VQUIT VERASE VKILL VEOF
        (6, 11, 1), (7, 16, 2), (8, 8, 12), (9, 9, 13), (10, 10, 10), // VEOL VEOL2 VSTART VSTOP VSUSP
        (11, -1, 11), (12, 12, 6), (13, 14, 4), (14, 15, 14), (17, -1, 18), (18, 13, 15), // VDSUSP VREPRINT VWERASE VLNEXT VSTATUS VDISCARD
    ];

    // Opcode, which flag word, and the bit on Linux and elsewhere; 0: not there.
    private static readonly (byte Opcode, int Word, uint Linux, uint Bsd)[] Flags =
    [
        (30, InputFlags, 0x4, 0x4), (31, InputFlags, 0x8, 0x8), (32, InputFlags, 0x10, 0x10), (33, InputFlags, 0x20, 0x20), // IGNPAR PARMRK INPCK ISTRIP
        (34, InputFlags, 0x40, 0x40), (35, InputFlags, 0x80, 0x80), (36, InputFlags, 0x100, 0x100), (37, InputFlags, 0x200, 0), // INLCR IGNCR ICRNL IUCLC
        (38, InputFlags, 0x400, 0x200), (39, InputFlags, 0x800, 0x800), (40, InputFlags, 0x1000, 0x400), (41, InputFlags, 0x2000, 0x2000), // IXON IXANY IXOFF IMAXBEL
        (42, InputFlags, 0x4000, 0x4000), // IUTF8 (RFC 8160)
        (50, LocalFlags, 0x1, 0x80), (51, LocalFlags, 0x2, 0x100), (52, LocalFlags, 0x4, 0), (53, LocalFlags, 0x8, 0x8), // ISIG ICANON XCASE ECHO
        (54, LocalFlags, 0x10, 0x2), (55, LocalFlags, 0x20, 0x4), (56, LocalFlags, 0x40, 0x10), (57, LocalFlags, 0x80, 0x80000000), // ECHOE ECHOK ECHONL NOFLSH
        (58, LocalFlags, 0x100, 0x400000), (59, LocalFlags, 0x8000, 0x400), (60, LocalFlags, 0x200, 0x40), (61, LocalFlags, 0x800, 0x1), // TOSTOP IEXTEN ECHOCTL ECHOKE
        (62, LocalFlags, 0x4000, 0x20000000), // PENDIN
        (70, OutputFlags, 0x1, 0x1), (71, OutputFlags, 0x2, 0), (72, OutputFlags, 0x4, 0x2), (73, OutputFlags, 0x8, 0x10), // OPOST OLCUC ONLCR OCRNL
        (74, OutputFlags, 0x10, 0x20), (75, OutputFlags, 0x20, 0x40), // ONOCR ONLRET
        (92, ControlFlags, 0x100, 0x1000), (93, ControlFlags, 0x200, 0x2000), // PARENB PARODD
    ];

    // CS7 and CS8 are values of two bits, not bits.
    private static readonly (uint Mask, uint Seven, uint Eight) LinuxSize = (0x30, 0x20, 0x30), BsdSize = (0x300, 0x200, 0x300);

    // Linux's codes for speeds; elsewhere the code is the speed.
    private static readonly uint[] LinuxSpeeds = [0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400];
    private static readonly uint[] LinuxFastSpeeds = [57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000];
    private const uint FirstFastSpeed = 0x1001;

    /// <summary>The modes in their encoded form; of no terminal, none.</summary>
    /// <param name="termios">The structure as tcgetattr(3) fills it; null: there is no terminal.</param>
    public static ReadOnlyMemory<byte> Of(byte[]? termios) => TerminalModes.Encode(termios is null ? [] : Read(termios, OperatingSystem.IsLinux()));

    internal static IEnumerable<KeyValuePair<byte, uint>> Read(byte[] termios, bool isLinux)
    {
        var word = isLinux ? 4 : IntPtr.Size;
        var characters = 4 * word + (isLinux ? 1 : 0);
        var speeds = isLinux ? 52 : 56;
        yield return new(InputSpeed, Speed(Word(termios, speeds), isLinux));
        yield return new(OutputSpeed, Speed(Word(termios, speeds + word), isLinux));
        foreach (var (opcode, linux, bsd) in Characters)
        {
            if ((isLinux ? linux : bsd) is >= 0 and var place)
            {
                // _POSIX_VDISABLE is 0 on Linux and 255 elsewhere; on the wire it's 255.
                var character = termios[characters + place];
                yield return new(opcode, isLinux && character == 0 ? NoCharacter : character);
            }
        }
        foreach (var (opcode, which, linux, bsd) in Flags)
        {
            if ((isLinux ? linux : bsd) is not 0 and var bit)
                yield return new(opcode, (Word(termios, which * word) & bit) != 0 ? 1u : 0);
        }
        var (mask, seven, eight) = isLinux ? LinuxSize : BsdSize;
        var size = Word(termios, ControlFlags * word) & mask;
        yield return new(90, size == seven ? 1u : 0);
        yield return new(91, size == eight ? 1u : 0);
    }

    private static uint Word(byte[] termios, int at) => BinaryPrimitives.ReadUInt32LittleEndian(termios.AsSpan(at));

    private static uint Speed(uint code, bool isLinux) => !isLinux ? code
        : code < LinuxSpeeds.Length ? LinuxSpeeds[code]
        : code - FirstFastSpeed < LinuxFastSpeeds.Length ? LinuxFastSpeeds[code - FirstFastSpeed]
        : 0;
}
