using System.IO.Pipes;

namespace Culvert.Broker.Control;

/// <summary>The ends of named pipes that only their user can use.</summary>
internal interface IPipes
{
    /// <summary>Whether somebody serves a name: a cheap look that connects nothing.</summary>
    bool IsServed(string name);

    /// <summary>A server's end that waits for a client.</summary>
    /// <param name="name">The pipe's name.</param>
    /// <param name="isFirst">Nobody may serve the name already.</param>
    /// <exception cref="IOException">Somebody does, or there are too many.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    NamedPipeServerStream Serve(string name, bool isFirst);

    /// <summary>A client's end that isn't connected yet.</summary>
    NamedPipeClientStream Client(string name);

    /// <summary>Whether the other end, now connected, is served by somebody who may: this user, or who acts for the machine.</summary>
    bool Believes(NamedPipeClientStream connected);
}
