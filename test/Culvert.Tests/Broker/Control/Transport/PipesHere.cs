using System.Collections.Concurrent;
using System.IO.Pipes;
using Culvert.Broker.Control;

namespace Culvert.Tests.Broker.Control.Transport;

/// <summary>Named pipes of the runtime, wherever the tests run: on Unix they lie in the temporary folder.</summary>
internal sealed class PipesHere : IPipes
{
    private readonly ConcurrentDictionary<string, int> _served = new();

    /// <summary>What a client thinks of whoever serves.</summary>
    public bool IsBelieved { get; set; } = true;

    public bool IsServed(string name) => _served.ContainsKey(name);

    public NamedPipeServerStream Serve(string name, bool isFirst)
    {
        var end = new NamedPipeServerStream(
            name, PipeDirection.InOut, NamedPipeServerStream.MaxAllowedServerInstances, PipeTransmissionMode.Byte,
            PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly | (isFirst ? PipeOptions.FirstPipeInstance : PipeOptions.None));
        _served.AddOrUpdate(name, 1, (_, count) => count + 1);
        return end;
    }

    public NamedPipeClientStream Client(string name) => new(".", name, PipeDirection.InOut, PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);

    public bool Believes(NamedPipeClientStream connected) => IsBelieved;
}
