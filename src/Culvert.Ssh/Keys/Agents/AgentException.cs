namespace Culvert.Ssh.Keys;

/// <summary>The agent can't be reached, answered nonsense, or refused to sign. The connection to the server isn't touched by it.</summary>
internal sealed class AgentException(string message, Exception? inner = null) : SshException(message, inner);
