using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Culvert.Cli.Terminal;

/// <summary>The console of Windows, reached by <c>CONIN$</c> and <c>CONOUT$</c> whatever standard input is.</summary>
[SupportedOSPlatform("windows")]
internal sealed partial class WindowsTerminal : ITerminal
{
    /// <summary>More than any passphrase.</summary>
    private const int LongestLine = 4096;

    private const uint GenericReadWrite = 0xC0000000, ShareReadWrite = 3, OpenExisting = 3, EchoInput = 4;

    private readonly SafeFileHandle _input;
    private readonly SafeFileHandle _output;

    private WindowsTerminal(SafeFileHandle input, SafeFileHandle output) => (_input, _output) = (input, output);

    /// <summary>The console, or null when there is none.</summary>
    public static WindowsTerminal? TryOpen()
    {
        var input = CreateFile("CONIN$", GenericReadWrite, ShareReadWrite, 0, OpenExisting, 0, 0);
        var output = CreateFile("CONOUT$", GenericReadWrite, ShareReadWrite, 0, OpenExisting, 0, 0);
        if (!input.IsInvalid && !output.IsInvalid)
            return new WindowsTerminal(input, output);
        input.Dispose();
        output.Dispose();
        return null;
    }

    public void Write(string text) => _ = WriteConsole(_output, text, (uint)text.Length, out _, 0);

    public async ValueTask<string?> ReadLineAsync(string prompt, bool echo, CancellationToken cancellationToken)
    {
        var known = GetConsoleMode(_input, out var mode);
        if (!echo && known)
            _ = SetConsoleMode(_input, mode & ~EchoInput);
        Write(prompt);
        try
        {
            // A console read can't be cancelled: it's left behind, and ends with the process or with the next Enter.
            return await Task.Run(ReadLine, CancellationToken.None).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (!echo && known)
            {
                _ = SetConsoleMode(_input, mode);
                Write("\r\n");
            }
        }
    }

    public void Dispose()
    {
        _input.Dispose();
        _output.Dispose();
    }

    private string? ReadLine()
    {
        var line = new byte[LongestLine * sizeof(char)];
        try
        {
            // Ctrl-Z at the beginning of a line is the end of input here.
            return ReadConsole(_input, line, LongestLine, out var count, 0) && count > 0 && line[0] != 0x1a
                ? Encoding.Unicode.GetString(line, 0, (int)count * sizeof(char)).TrimEnd('\r', '\n')
                : null;
        }
        finally
        {
            Array.Clear(line);
        }
    }

    [LibraryImport("kernel32.dll", EntryPoint = "CreateFileW", StringMarshalling = StringMarshalling.Utf16, SetLastError = true)]
    private static partial SafeFileHandle CreateFile(string name, uint access, uint share, nint security, uint disposition, uint flags, nint template);

    [LibraryImport("kernel32.dll", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetConsoleMode(SafeFileHandle console, out uint mode);

    [LibraryImport("kernel32.dll", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetConsoleMode(SafeFileHandle console, uint mode);

    [LibraryImport("kernel32.dll", EntryPoint = "ReadConsoleW", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool ReadConsole(SafeFileHandle console, [Out] byte[] buffer, uint count, out uint read, nint control);

    [LibraryImport("kernel32.dll", EntryPoint = "WriteConsoleW", StringMarshalling = StringMarshalling.Utf16, SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool WriteConsole(SafeFileHandle console, string text, uint count, out uint written, nint reserved);
}
