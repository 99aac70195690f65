namespace Culvert.Broker.Runtime;

/// <summary>Why a file can't be used, in the system's words. The native program carries none of the runtime's texts, only their names, which mean nothing to people. Pure.</summary>
public static class FileCause
{
    /// <summary>The cause, without the file's name.</summary>
    public static string Of(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => "No such file or directory",
        UnauthorizedAccessException => "Permission denied",
        PathTooLongException => "File name too long",
        { Message: var message } => message.TrimEnd('.'),
        null => throw new ArgumentNullException(nameof(e)),
    };
}
