using System.Net;

namespace Culvert.Ftp.Dialogue;

/// <summary>What is known of one end of a data path.</summary>
internal enum PathEnd
{
    /// <summary>Nothing was done for it yet.</summary>
    None,
    /// <summary>A listener waits, or a connection is under way.</summary>
    Opening,
    /// <summary>Connected and, on the near side, admitted.</summary>
    Open,
    /// <summary>Connected, and its peer has ended its half: all that it sends has come, and was written on the other side or is on its way there.</summary>
    Ended,
}

/// <summary>Why a data path can't be used, as a reply.</summary>
/// <param name="Code">425: it never stood; 426: it broke.</param>
/// <param name="Text">The reply's text.</param>
internal sealed record PathFault(int Code, string Text);

/// <summary>The conversation's knowledge of one data path: from PASV, EPSV, PORT or EPRT to the end of its transfer. The sockets are elsewhere
/// (<see cref="DataPath"/>) and are named by <see cref="Id"/>.</summary>
internal sealed class PathState(int id, DataMode asked)
{
    /// <summary>Names the sockets. Another try gets another number, so that late news of the earlier one finds nobody.</summary>
    public int Id { get; set; } = id;

    /// <summary>How the client asked.</summary>
    public DataMode Asked { get; } = asked;

    /// <summary>How the server was asked, last.</summary>
    public DataMode Used { get; set; } = asked;

    /// <summary>The address in the client's PORT or EPRT: the client is the one who listens.</summary>
    public IPEndPoint? ClientAddress { get; init; }

    /// <summary>The server's answer to the setup is still outstanding.</summary>
    public bool Asking { get; set; } = true;

    /// <summary>The server refused the setup: there is no path, and a transfer goes to the server without one.</summary>
    public bool Refused { get; set; }

    public PathEnd Near { get; set; }
    public PathEnd Far { get; set; }
    public PathFault? Fault { get; set; }

    /// <summary>A transfer took it. In stream mode a path serves one transfer.</summary>
    public bool Consumed { get; set; }

    /// <summary>An upload that waited for the client's data socket waits no longer.</summary>
    public bool HoldOver { get; set; }

    /// <summary>The timer for that runs.</summary>
    public bool HoldArmed { get; set; }

    /// <summary>The transfer whose final reply is outstanding.</summary>
    public Exchange? Transfer { get; set; }

    /// <summary>The server was told that nothing comes the other way.</summary>
    public bool ToldEnd { get; set; }

    /// <summary>Bytes that had reached the client when the stall timer last looked.</summary>
    public long Delivered { get; set; } = -1;

    /// <summary>How often in a row the stall timer saw nothing move.</summary>
    public int StallsInARow { get; set; }

    /// <summary>The sockets have been told how to end. Nothing more will be heard or wanted of them.</summary>
    public bool Settled { get; set; }
}
