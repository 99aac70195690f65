namespace Culvert.Tests.Demo;

/// <summary>Keeps what is written, and does something when it contains a text for the first time.</summary>
internal sealed class WatchedWriter(string watched, Action<string> seen) : StringWriter
{
    private bool _seen;

    public override void Write(string? value)
    {
        base.Write(value);
        if (_seen || !ToString().Contains(watched, StringComparison.Ordinal)) return;
        _seen = true;
        seen(ToString());
    }
}
