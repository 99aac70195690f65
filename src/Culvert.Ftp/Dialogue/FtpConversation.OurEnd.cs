using Culvert.Ftp.Wire;

namespace Culvert.Ftp.Dialogue;

// When the server of a download hears that nothing comes the other way. Some wait for that with their verdict, so it must be told soon; but the SSH server answers it, and sshd
// up to 10.0 then holds up what comes behind that answer for a round trip. Mostly the verdict is right behind the data, and our end can go with the close.
// vsftpd waits with its verdict until the end of its data is acknowledged, which a system puts off for 40 ms unless the other half has ended before. It never reads from a download's
// connection, so it is told together with the command; others may take an early end for a client that is gone (Twisted's server does).
internal sealed partial class FtpConversation
{
    /// <summary>After so many more downloads whose verdict didn't come by itself than those where it did, the server is told at once that nothing comes the other way.</summary>
    private const int MaxSilentEnds = 3;

    /// <summary>And so many times, before one more is given the moment to see whether it's still so: rarely, because that moment is lost.</summary>
    private const int EndsToldAtOnce = 256;

    private int _silentEnds;
    private int _endsToTellAtOnce;

    /// <summary>A download's command has gone out. A data connection that stands only later is told later: alone, an end would hold up what sshd sends behind its answer.</summary>
    private void TellEndAhead(PathState path)
    {
        if (_isVsftpd && path is { Far: PathEnd.Open, Settled: false } && !_options.Originates && !EndIsInData)
            TellEnd(path);
    }

    /// <summary>A download's data has ended.</summary>
    private void MindOurEnd(PathState path)
    {
        if (path.ToldEnd)
            return;
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
