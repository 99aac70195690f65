using System.Globalization;

namespace Culvert.Broker.Config;

/// <summary>Values that add up, or of which each half has its own first one.</summary>
internal static class ListSyntax
{
    /// <summary>OpenSSH's usual key files. Those of kinds that culvert can't read itself are only printed.</summary>
    public static IEnumerable<(string Path, Origin Origin)> UsualIdentities { get; } =
        ((string[])["rsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk", "xmss", "dsa"]).Select(kind => ($"~/.ssh/id_{kind}", Origin.SystemFile));

    /// <summary>A file to add.</summary>
    public static ValueSyntax<IReadOnlyList<(string Path, Origin Origin)>> File { get; } = new(
        a => [(a.Required(), a.Origin)], files => files.Select(file => file.Path));

    /// <summary>Bytes and a time, each with its own first value; zero is the engine's own limit.</summary>
    public static ValueSyntax<(long? Bytes, TimeSpan? Time)> RekeyLimit { get; } = new(ReadRekeyLimit, limit => [string.Create(
        CultureInfo.InvariantCulture, $"{limit.Bytes ?? 0} {(long)(limit.Time?.TotalSeconds ?? 0)}")]);

    /// <summary>A chain of SSH servers.</summary>
    public static ValueSyntax<JumpChain?> Jump { get; } = new(ReadJump, chain => chain is null ? [] : [chain.ToString()]);

    /// <summary>A forward in OpenSSH's form.</summary>
    public static ValueSyntax<IReadOnlyList<(ForwardSpec Spec, Origin Origin)>> Forward(ForwardKind kind) => new(
        a => [(ForwardSpec.Read(kind, a), a.Origin)], forwards => forwards.Select(forward => forward.Spec.ToString()));

    /// <summary>A forward in our form, in one word as it is typed or in two as in ssh_config.</summary>
    public static ValueSyntax<IReadOnlyList<(ForwardSpec Spec, Origin Origin)>> OwnForward(Func<string, TunnelSpec> parse) => new(
        a => [(ForwardSpec.Of(parse(a.Required() + (a.Next() is { } target ? ":" + target : ""))), a.Origin)], _ => []);

    /// <summary>Adds forwards, each once.</summary>
    public static Draft Add(Draft draft, IReadOnlyList<(ForwardSpec Spec, Origin Origin)> forwards) =>
        forwards.Aggregate(draft, (before, forward) => before.Add(forward.Spec, forward.Origin));

    /// <summary>Keeps what was said first of each half.</summary>
    public static Draft SetRekeyLimit(Draft draft, (long? Bytes, TimeSpan? Time) limit) => draft with
    {
        Connection = draft.Connection with { RekeyBytes = draft.Connection.RekeyBytes ?? limit.Bytes, RekeyTime = draft.Connection.RekeyTime ?? limit.Time },
    };

    // As in OpenSSH, ProxyJump none keeps a later ProxyJump from counting, but no ProxyCommand.
    private static JumpChain? ReadJump(Arguments arguments)
    {
        var chain = JumpChain.Parse(arguments.Verbatim(), arguments.Machine);
        arguments.IsOfItsOwn = chain is null;
        return chain;
    }

    private static (long? Bytes, TimeSpan? Time) ReadRekeyLimit(Arguments arguments)
    {
        const string shape = "the form is RekeyLimit bytes [time], for example \"RekeyLimit 1G 1h\"";
        var text = arguments.Required();
        long? bytes = text == "default" ? 0 : Integers.Bytes(text, out var problem) ?? throw new ConfigException($"Bad number '{text}': {problem}", shape);
        // No packet is that small; a limit near it is a slip of the pen.
        if (bytes is not 0 and < 16)
            throw new ConfigException("RekeyLimit too small", shape);
        if (arguments.Left == 0)
            return (bytes, null);
        var time = ValueSyntax.ReadTime(arguments);
        arguments.IsForgotten = false;
        return (bytes, time);
    }
}
