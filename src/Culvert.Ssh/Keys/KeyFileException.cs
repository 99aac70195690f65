namespace Culvert.Ssh.Keys;

/// <summary>A private key file can't be used. The message names the file and says what to do, in
/// several lines where OpenSSH's warning has them; nothing else is dead.</summary>
public sealed class KeyFileException(string message, Exception? inner = null) : SshException(message, inner);
