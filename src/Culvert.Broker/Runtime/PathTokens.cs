using System.Globalization;
using System.Text;
using Culvert.Broker.Config;

namespace Culvert.Broker.Runtime;

/// <summary>The shorthand of ssh_config in file names: <c>~</c> and the tokens <c>%% %d %h %i %n %p %r %u</c> (ssh_config(5), TOKENS).</summary>
internal sealed class PathTokens(ConnectionConfig config, string home, string localUser, string userNumber)
{
    /// <summary>For whoever runs this process.</summary>
    public static PathTokens Of(ConnectionConfig config) => new(
        config, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), Environment.UserName, Net.LocalUsers.Current.Value);

    /// <summary>The user's home.</summary>
    public string Home => home;

    /// <summary>The name in full.</summary>
    /// <exception cref="BrokerException">It holds a token that isn't known.</exception>
    public string Expand(string path)
    {
        var full = new StringBuilder();
        if (path == "~" || path.StartsWith("~/", StringComparison.Ordinal))
        {
            full.Append(home);
            path = path[1..];
        }
        for (var i = 0; i < path.Length; i++)
        {
            if (path[i] != '%')
            {
                full.Append(path[i]);
                continue;
            }
            i++;
            full.Append((i < path.Length ? path[i] : '\0') switch
            {
                '%' => "%",
                'd' => home,
                'h' => config.ConnectHost,
                'i' => userNumber,
                'n' => config.Host,
                'p' => config.Port.ToString(CultureInfo.InvariantCulture),
                'r' => config.User ?? localUser,
                'u' => localUser,
                _ => throw new BrokerException(Message.Error($"unknown key %{(i < path.Length ? path[i] : ' ')} in '{path}'", "the tokens are %% %d %h %i %n %p %r %u")),
            });
        }
        return full.ToString();
    }
}
