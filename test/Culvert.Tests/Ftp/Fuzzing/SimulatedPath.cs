using Culvert.Ftp.Dialogue;
using Culvert.Net;

namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>The sockets of one data connection, as far as a conversation can know them: what was asked of them, and what they have told. Their news
/// come in an order that sockets could have.</summary>
internal sealed class SimulatedPath(int id)
{
    private enum End { None, Listening, Waiting, Dialling, Open, Over, Failed }

    private End _near;
    private End _far;
    private bool _upSaid;
    private bool _downSaid;

    public int Id => id;
    public int NearPort => 50000 + (id % 10000);
    public int FarPort => 40000 + (id % 10000);

    public bool Settled { get; private set; }
    public bool Announced { get; set; }
    public bool NearEnded { get; private set; }
    public bool FarEnded { get; private set; }

    /// <summary>A side broke or failed while the conversation still cared.</summary>
    public bool Broke { get; private set; }

    /// <summary>The stall timer found a client that doesn't read.</summary>
    public bool ClientWasSlow { get; private set; }

    /// <summary>The transfer that the conversation says began here.</summary>
    public Said? Transfer { get; set; }
    public bool Began { get; set; }
    public bool IsUpload { get; set; }

    /// <summary>The timers that run.</summary>
    public List<TimerKind> Timers { get; } = [];

    /// <summary>The system owes an answer to a listen or a dial.</summary>
    public bool Opens => (_near is End.Listening or End.Waiting or End.Dialling || _far is End.Listening or End.Waiting or End.Dialling) && !Settled;

    public bool AwaitsNearListener => _near == End.Listening;
    public bool FarListens => _far == End.Waiting && !Settled;
    public bool DataMayEnd => _near == End.Open && _far == End.Open && !(_upSaid && _downSaid) && !Settled;
    public bool MaySpeak => Opens || DataMayEnd;

    public void Do(Decision decision)
    {
        RuleBrokenException.Unless(!Settled || decision is Decision.Settle, $"{decision} of a path that was settled");
        switch (decision)
        {
            case Decision.ListenNear:
                RuleBrokenException.Unless(_near == End.None, "two near sides");
                _near = End.Listening;
                break;
            case Decision.DialNear:
                RuleBrokenException.Unless(_near == End.None, "two near sides");
                _near = End.Dialling;
                break;
            case Decision.ListenFar:
                RuleBrokenException.Unless(_far is End.None or End.Failed, "two far sides");
                _far = End.Listening;
                break;
            case Decision.DialFar:
                RuleBrokenException.Unless(_far is End.None or End.Failed, "two far sides");
                _far = End.Dialling;
                break;
            case Decision.Settle:
                RuleBrokenException.Unless(!Settled, "a path was settled twice");
                Settled = true;
                break;
            case Decision.Arm arm:
                Timers.Add(arm.Timer);
                break;
        }
    }

    /// <summary>News that could come now; null when there is none.</summary>
    public PathEvent? Next(Choices choices)
    {
        var news = choices.OneIn(2) ? NextOfOpening(choices, near: true) ?? NextOfOpening(choices, near: false) : NextOfOpening(choices, near: false) ?? NextOfOpening(choices, near: true);
        return Note(news ?? (DataMayEnd ? NextOfData(choices) : null));
    }

    /// <summary>A timer that runs elapses.</summary>
    public PathEvent? Elapse(Choices choices)
    {
        if (Timers.Count == 0)
            return null;
        var timer = Timers[choices.Next(Timers.Count)];
        Timers.Remove(timer);
        var slow = choices.OneIn(2);
        ClientWasSlow |= timer == TimerKind.Stall && slow;
        return new PathEvent.TimerElapsed(id, timer, choices.OneIn(3) ? choices.Next(100) : 7, slow);
    }

    /// <summary>What a conversation that lost its wits about sockets could be told: anything.</summary>
    public PathEvent Wild(Choices choices) => Note(choices.Next(11) switch
    {
        0 => new PathEvent.NearListening(id, new("127.0.0.1", NearPort)),
        1 or 2 => new PathEvent.NearOpen(id),
        3 => new PathEvent.FarListening(id, new("127.0.0.1", FarPort)),
        4 => new PathEvent.FarOpen(id),
        5 => new PathEvent.NearFailed(id, new(FailureKind.Timeout, "late")),
        6 => new PathEvent.FarFailed(id, new(FailureKind.Refused, "refused")),
        7 => new PathEvent.NearEnded(id),
        8 => new PathEvent.FarEnded(id),
        9 => new PathEvent.NearBroken(id),
        _ => new PathEvent.FarBroken(id),
    })!;

    private PathEvent? NextOfOpening(Choices choices, bool near)
    {
        ref var end = ref near ? ref _near : ref _far;
        if (end is not (End.Listening or End.Waiting or End.Dialling))
            return null;
        if (choices.OneIn(10))
        {
            end = End.Failed;
            var failure = new Failure(FailureKind.Refused, "refused");
            return near ? new PathEvent.NearFailed(id, failure) : new PathEvent.FarFailed(id, failure);
        }
        if (end == End.Listening)
        {
            end = End.Waiting;
            return near ? new PathEvent.NearListening(id, new("127.0.0.1", NearPort)) : new PathEvent.FarListening(id, new("127.0.0.1", FarPort));
        }
        end = End.Open;
        return near ? new PathEvent.NearOpen(id) : new PathEvent.FarOpen(id);
    }

    private PathEvent NextOfData(Choices choices)
    {
        var up = !_upSaid && (_downSaid || choices.OneIn(2));
        (_upSaid, _downSaid) = (_upSaid || up, _downSaid || !up);
        return choices.Next(8) switch
        {
            0 => new PathEvent.NearBroken(id),
            1 => new PathEvent.FarBroken(id),
            _ => up ? new PathEvent.NearEnded(id) : new PathEvent.FarEnded(id),
        };
    }

    private PathEvent? Note(PathEvent? news)
    {
        if (Settled)
            return news;
        NearEnded |= news is PathEvent.NearEnded;
        FarEnded |= news is PathEvent.FarEnded;
        Broke |= news is PathEvent.NearBroken or PathEvent.FarBroken or PathEvent.NearFailed or PathEvent.FarFailed;
        return news;
    }
}
