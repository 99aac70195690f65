namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>The random numbers of one dialogue. Each step draws from its own, so that a dialogue that was shrunk by some steps does in the
/// others what it did before.</summary>
internal sealed class Choices(uint[] steps)
{
    private int _step;
    private uint _state;

    /// <summary>Begins the next step.</summary>
    /// <returns>False when there is none; drawing goes on all the same.</returns>
    public bool NextStep()
    {
        if (_step == steps.Length)
            return false;
        _state = steps[_step++];
        return true;
    }

    /// <summary>A number from 0 to <paramref name="below"/> − 1 (PCG-RXS-M-XS).</summary>
    public int Next(int below)
    {
        _state = (_state * 747796405u) + 2891336453u;
        var word = ((_state >> (int)((_state >> 28) + 4)) ^ _state) * 277803737u;
        return (int)(((word >> 22) ^ word) % (uint)below);
    }

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => Next(times) == 0;

    /// <summary>One of these.</summary>
    public T Of<T>(ReadOnlySpan<T> any) => any[Next(any.Length)];
}
