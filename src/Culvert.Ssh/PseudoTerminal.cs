namespace Culvert.Ssh;

/// <summary>How large a terminal is. Pixels may be 0: not known.</summary>
/// <param name="Columns">Characters a line.</param>
/// <param name="Rows">Lines.</param>
/// <param name="Width">Pixels a line.</param>
/// <param name="Height">Pixels from top to bottom.</param>
public readonly record struct TerminalSize(uint Columns, uint Rows, uint Width = 0, uint Height = 0);

/// <summary>A terminal as a session asks for it (RFC 4254 §6.2).</summary>
/// <param name="Type">What it understands: the value of TERM.</param>
/// <param name="Size">How large it is at first.</param>
/// <param name="Modes">Its modes as <see cref="TerminalModes.Encode"/> writes them.</param>
public sealed record PseudoTerminal(string Type, TerminalSize Size, ReadOnlyMemory<byte> Modes);
