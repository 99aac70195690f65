namespace Culvert.Ssh;

/// <summary>How a channel stands at one moment, for people who look after a connection.</summary>
/// <param name="Number">Our number of it.</param>
/// <param name="IsSession">A program runs in it; otherwise it's a forwarded connection.</param>
/// <param name="Waiting">Bytes that came and nobody has taken yet.</param>
/// <param name="Window">Bytes that the server may have on their way to us.</param>
/// <param name="ServerWindow">Bytes that the server takes before it gives more credit.</param>
public readonly record struct ChannelFigures(uint Number, bool IsSession, int Waiting, int Window, uint ServerWindow);
