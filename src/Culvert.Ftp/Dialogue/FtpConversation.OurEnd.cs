using Culvert.Ftp.Wire;

namespace Culvert.Ftp.Dialogue;

// When the server of a download hears that nothing comes the other way. Some wait for that with their verdict, so it must be told soon; but the SSH server answers it, and sshd
// up to 10.0 then holds up what comes behind that answer for a round trip. Mostly the verdict is right behind the data, and our end can go with the close.
internal sealed partial class FtpConversation
{
    /// <summary>After so many more downloads whose verdict didn't come by itself than those where it did, the server is told at once that nothing comes the other way.</summary>
    private const int MaxSilentEnds = 3;

    /// <summary>And so many times, before one more is given the moment to see whether it's still so: rarely, because that moment is lost.</summary>
    private const int EndsToldAtOnce = 256;

    private int _silentEnds;
    private int _endsToTellAtOnce;

    /// <summary>A download's data has ended.</summary>
    private void MindOurEnd(PathState path)
    {
        if (_endsToTellAtOnce > 0 || _options.Originates) // in TLS servers wait for it
        {
            _endsToTellAtOnce = Math.Max(0, _endsToTellAtOnce - 1);
            TellEnd(path);
        }
        else
        {
            Decide(new Decision.Arm(path.Id, TimerKind.End));
        }
    }

    /// <summary>The verdict doesn't come by itself: ProFTPD waits for our end, vsftpd until its own is acknowledged, which our end does at once and a system after 40 ms.</summary>
    private void OnEndDue(PathState path)
    {
        if (path is not { Transfer.Kind: VerbKind.Download, Far: PathEnd.Ended, ToldEnd: false })
            return;
        if (++_silentEnds >= MaxSilentEnds)
            (_silentEnds, _endsToTellAtOnce) = (MaxSilentEnds - 1, EndsToldAtOnce);
        TellEnd(path);
    }

    private void TellEnd(PathState path)
    {
        path.ToldEnd = true;
        Decide(new Decision.EndFar(path.Id));
    }

    /// <summary>A verdict came. One of a server that has not heard our end shows that it doesn't wait for that; or that this machine is busy, and so it counts no more than a silence.</summary>
    private void LearnWhoWaits(Exchange exchange, PathState path, int code)
    {
        if (code < 400 && exchange.Kind == VerbKind.Download && path is { ToldEnd: false, Near: not PathEnd.Ended })
            _silentEnds = Math.Max(0, _silentEnds - 1);
    }
}
