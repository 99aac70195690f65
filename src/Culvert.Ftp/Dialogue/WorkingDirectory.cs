using Culvert.Ftp.Wire;

namespace Culvert.Ftp.Dialogue;

/// <summary>The directory in which the server looks for relative names, as far as the dialogue tells. Where it doesn't, the answer is that it isn't
/// known: a wrong path in an audit log is worse than none.</summary>
/// <remarks>A server says where it is in its answer to PWD, <c>257 "path"</c> with quotation marks inside doubled (RFC 959, appendix II), and some
/// say the same after CWD with <c>250</c>. Otherwise CWD with a path that begins at the root says it, and one that doesn't leads on from
/// there. <c>..</c> stays in the path, because only the server knows where a link's parent is: what comes out names the file all the same.</remarks>
internal sealed class WorkingDirectory
{
    /// <summary>PATH_MAX of most systems; a path that has grown beyond it is given up.</summary>
    private const int MaxBytes = 4096;

    private byte[]? _path;

    /// <summary>Nobody knows any more.</summary>
    public void Forget() => _path = null;

    /// <summary>A command that tells or changes it was successful.</summary>
    /// <param name="command">PWD, CWD, CDUP, their old spellings, or SMNT.</param>
    /// <param name="reply">The first line of the server's reply.</param>
    public void Learn(FtpCommand command, ReadOnlySpan<byte> reply)
    {
        var said = Quoted(reply);
        if (command.Name is "PWD" or "XPWD")
            _path = said;
        else if (command.Name is "CDUP" or "XCUP")
            _path = said ?? Join(".."u8);
        else
            _path = said ?? (command.Name == "SMNT" ? null : Join(command.Argument.Span));
    }

    /// <summary>The whole path of a name; null when it isn't known.</summary>
    public byte[]? Resolve(ReadOnlySpan<byte> name) => Join(name);

    // "~" is a home directory to most servers, and a path that doesn't begin with "/" is another system's: "C:\" or 'USER.DATA'.
    private byte[]? Join(ReadOnlySpan<byte> name)
    {
        if (name.Length > 0 && name[0] == (byte)'~')
            return null;
        if (name.Length > 0 && name[0] == (byte)'/')
            return name.ToArray();
        if (_path is null || _path.Length + name.Length >= MaxBytes)
            return null;
        if (name.IsEmpty || name.SequenceEqual("."u8))
            return _path;
        return _path[^1] == (byte)'/' ? [.. _path, .. name] : [.. _path, (byte)'/', .. name];
    }

    /// <summary><c>257 "/a ""b"" c" is current</c> gives <c>/a "b" c</c>. Only a path from the root counts.</summary>
    private static byte[]? Quoted(ReadOnlySpan<byte> reply)
    {
        if (reply.Length < 7 || reply[4] != (byte)'"' || reply[5] != (byte)'/')
            return null;
        var path = new List<byte>();
        for (var i = 5; i < reply.Length; i++)
        {
            if (reply[i] != (byte)'"')
                path.Add(reply[i]);
            else if (i + 1 < reply.Length && reply[i + 1] == (byte)'"')
                path.Add(reply[i++]);
            else
                return [.. path];
        }
        return null;
    }
}
