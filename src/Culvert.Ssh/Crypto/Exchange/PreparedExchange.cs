namespace Culvert.Ssh.Crypto;

/// <summary>A client's run of the method that will probably be agreed upon, its key pair made on the pool while versions are exchanged: that of sntrup761 takes as long as all
/// the rest of a login on a short path. A guess about the method costs nothing but the work when it was wrong: nothing of it is sent before both sides have agreed.</summary>
/// <remarks>Whoever starts it disposes it, whether the run was taken or not.</remarks>
internal sealed class PreparedExchange : IAsyncDisposable
{
    private readonly string _name;
    private readonly Task<KeyExchange> _making;
    private bool _isTaken;

    private PreparedExchange(string name)
    {
        _name = name;
        _making = Task.Run(() => Make(name));
    }

    /// <summary>Begins with the method that <see cref="Choose"/> names.</summary>
    public static PreparedExchange Start(AlgorithmPreferences preferences) => new(Choose(preferences.KeyExchange));

    /// <summary>The dearest of the post-quantum methods that the client prefers to all others (servers that have none but it are many), otherwise the first method.</summary>
    internal static string Choose(IReadOnlyList<string> methods) =>
        methods.TakeWhile(Algorithms.IsPostQuantum).FirstOrDefault(name => name.StartsWith("sntrup", StringComparison.Ordinal)) ?? methods[0];

    /// <summary>The run, whose owner is now the caller, if it is of this method and was not taken before. Null: there is none.</summary>
    /// <exception cref="Exception">What went wrong while the key pair was made.</exception>
    public async ValueTask<KeyExchange?> TakeAsync(string name)
    {
        if (_isTaken || !StringComparer.Ordinal.Equals(name, _name))
            return null;
        _isTaken = true;
        return await _making;
    }

    /// <summary>Waits for the end of the work, and wipes what nobody took.</summary>
    public async ValueTask DisposeAsync()
    {
        await ((Task)_making).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_isTaken && _making.IsCompletedSuccessfully)
            (await _making).Dispose();
    }

    private static KeyExchange Make(string name)
    {
        var method = KeyExchange.Create(name);
        try
        {
            if (!method.AwaitsParameters)
                method.Begin();
            return method;
        }
        catch
        {
            method.Dispose();
            throw;
        }
    }
}
