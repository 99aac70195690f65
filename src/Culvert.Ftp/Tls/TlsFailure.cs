using Culvert.Ftp.Wire;
using System.Text;

namespace Culvert.Ftp.Tls;

/// <summary>Why a handshake failed, in one line.</summary>
internal static class TlsFailure
{
    /// <summary>The innermost reason, which is the library's own; escaped, since it may quote a peer.</summary>
    public static string Words(Exception e)
    {
        while (e.InnerException is { } inner)
            e = inner;
        return Display.Escape(Encoding.UTF8.GetBytes(e.Message.TrimEnd('.')));
    }
}
