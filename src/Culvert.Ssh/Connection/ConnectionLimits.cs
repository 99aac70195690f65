namespace Culvert.Ssh.Connection;

/// <summary>The limits of RFC 4254's layer, each with its reason; those that concern packets stand in <see cref="Wire.Limits"/>.</summary>
internal static class ConnectionLimits
{
    /// <summary>What a channel's receive window may grow to, where each step is shown to pay. 16 MiB carry 168 MB/s over 100 ms; these carry 330, which sshd can send
    /// (docs/performance.md).</summary>
    public const int MaximumWindow = 32 * 1024 * 1024;

    /// <summary>What a channel for a dialogue begins with: more than is ever said at once, and it grows like any other where it's the limit. What is granted counts as
    /// used, so a thousand clients that only talk mustn't take the windows from those that move files.</summary>
    public const int DialogueWindow = 64 * 1024;

    /// <summary>The window of a channel that a full budget left nothing for: one packet, so that it still moves.</summary>
    public const int MinimumWindow = 32 * 1024;

    /// <summary>Channels of one connection at a time: 100 sessions on several tunnels with control and data connections fit; what a flooding peer
    /// costs stays at this many times the minimum window.</summary>
    public const int MaximumChannels = 2048;

    /// <summary>A channel beside so many that may move files takes no large packets: sshd takes fresh memory for each that does, and a hundred downloads at once were a fifth
    /// slower than with small ones. Up to 32 it makes no difference that shows (docs/performance.md); one download alone gains.</summary>
    public const int MaximumLargePacketChannels = 8;

    /// <summary>Packets of one channel that wait for the writer: 256 KiB, what one large send takes. More would only delay the other channels.</summary>
    public const int MaximumUnsentSlots = 8;

    /// <summary>Packets of all channels that wait for the writer (8 MiB); beyond it each channel has one.</summary>
    public const int MaximumUnsentSlotsOfAll = 256;

    /// <summary>Data packets between two nudges of a peer that holds credit back: a quarter of sshd's window.</summary>
    public const int SlotsForNudge = 16;

    /// <summary>Messages without data that wait for the writer. Only a peer that asks without reading our answers makes them this many.</summary>
    public const int MaximumQueuedMessages = 16 * 1024;

    /// <summary>Interactive packets that may overtake a bulk packet that waits: priority must not become starvation.</summary>
    public const int MaximumInteractiveRun = 32;

    /// <summary>Data that a channel gathers before its reader is woken while more packets lie ready: what one send to a socket takes.</summary>
    public const int GatheredBytes = 256 * 1024;

    /// <summary>Connections that a remote listener holds until somebody accepts them; the kernel's backlog is of this order too.</summary>
    public const int MaximumAcceptBacklog = 128;

    /// <summary>Channels whose end waits for something to go out with. Each holds a number and a socket at the server; a client that fetches one file after the other has one.</summary>
    public const int MaximumEndsAtLeisure = 16;

    /// <summary>How long such an end waits: the next open comes a round trip after the end of the channel before it, and few paths need more than a second for one.</summary>
    public static readonly TimeSpan LeisureTime = TimeSpan.FromSeconds(1);

    /// <summary>How long a DISCONNECT may take to go out where nothing else is owed, before the connection is just dropped.</summary>
    public static readonly TimeSpan FarewellTime = TimeSpan.FromSeconds(2);

    /// <summary>How long the transport may take nothing in an end in order, before the connection is dropped with what is queued. A send that is under way is of up to
    /// <see cref="Wire.Limits.MaximumSendBuffer"/>, and only its end is seen: a path of 26 KB/s still carries that.</summary>
    public static readonly TimeSpan FarewellSilence = TimeSpan.FromSeconds(10);

    /// <summary>How long an end in order may take altogether: a peer that reads a little now and then mustn't keep a program that was told to stop from stopping, and
    /// service managers wait for 90 s. What one channel may have queued gets through in it at 9 KB/s.</summary>
    public static readonly TimeSpan LongestFarewell = TimeSpan.FromMinutes(1);
}
