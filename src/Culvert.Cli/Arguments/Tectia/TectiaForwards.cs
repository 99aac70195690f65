using Culvert.Broker.Config;

namespace Culvert.Cli.Arguments;

/// <summary>Forwards as sshg3 takes them: <c>-g</c> opens the ports of the <c>-L</c> behind it to other machines. The manual's own example has it behind the
/// only <c>-L</c>: one that nothing follows means all that came before.</summary>
internal sealed class TectiaForwards
{
    private const string Socks = "socks/";

    private readonly List<(string Keyword, string Value, bool IsOpen)> _forwards = [];
    private bool _isOpen;
    private int _openSince = -1;

    /// <summary><c>-g</c> or <c>+g</c>.</summary>
    public void Gateway(bool isOpen)
    {
        _isOpen = isOpen;
        _openSince = isOpen ? _forwards.Count : -1;
    }

    /// <summary><c>-L</c>.</summary>
    public void Local(string value) => _forwards.Add((value.StartsWith(Socks, StringComparison.OrdinalIgnoreCase) ? "DynamicForward" : "CulvertLocalForward", value, _isOpen));

    /// <summary><c>-R</c>.</summary>
    public void Remote(string value)
    {
        if (value.StartsWith(Socks, StringComparison.OrdinalIgnoreCase))
            throw new ConfigException($"Bad remote forwarding specification '{value}'", "socks/ belongs to -L; -R takes tcp/ and ftp/");
        _forwards.Add(("CulvertRemoteForward", value, false));
    }

    /// <summary>Hands them over.</summary>
    public void AddTo(ConfigBuilder builder)
    {
        var opensAll = _openSince == _forwards.Count;
        foreach (var (keyword, value, isOpen) in _forwards)
        {
            builder.Set(keyword, keyword switch
            {
                "DynamicForward" => SocksAddress(value[Socks.Length..], isOpen || opensAll),
                "CulvertLocalForward" when isOpen || opensAll => Opened(value),
                _ => value,
            });
        }
    }

    private static string Opened(string value)
    {
        var spec = TunnelSpec.Parse(TunnelKind.Local, value);
        return (spec with { ListenHost = spec.ListenHost ?? TunnelSpec.EveryAddress }).ToString();
    }

    private static string SocksAddress(string address, bool isOpen) => isOpen && !address.Contains(':', StringComparison.Ordinal) ? $"{TunnelSpec.EveryAddress}:{address}" : address;
}
