using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Culvert.Broker.Config;

/// <summary>The shorthand of ssh_config(5) in values: <c>~</c>, <c>${VARIABLE}</c> and the tokens <c>%% %C %d %h %i %k %L %l %n %p %r %u</c>.</summary>
/// <param name="machine">Knows homes, users and variables.</param>
internal sealed class Tokens(Machine machine)
{
    /// <summary>The host as it was typed (<c>%n</c>).</summary>
    public required string TypedHost { get; init; }

    /// <summary>Where the connection goes (<c>%h</c>).</summary>
    public required string Host { get; init; }

    /// <summary>The server's port (<c>%p</c>).</summary>
    public required int Port { get; init; }

    /// <summary>The user there (<c>%r</c>).</summary>
    public required string RemoteUser { get; init; }

    /// <summary>The name of the host's key (<c>%k</c>).</summary>
    public required string KeyAlias { get; init; }

    /// <summary>For a configuration that is complete.</summary>
    public static Tokens Of(ConnectionConfig config, Machine machine) => new(machine)
    {
        TypedHost = config.Host,
        Host = config.ConnectHost,
        Port = config.Port,
        RemoteUser = config.User ?? machine.UserName,
        KeyAlias = config.HostKeyAlias ?? config.Host,
    };

    /// <summary>A file's name in full: home, tokens, variables.</summary>
    /// <exception cref="ConfigException">It can't be: an unknown token, user or variable.</exception>
    public string Path(string text) => Expand(AtHome(text), Token, machine.Variable);

    /// <summary>A file's name in which OpenSSH expands no variable (IdentityFile and CertificateFile do).</summary>
    public string Percent(string text) => Expand(text, Token, null);

    /// <summary>HostName, whose only token is the host as typed.</summary>
    public static string HostName(string text, string typed) => Expand(text, token => token == 'h' ? typed : null, null);

    /// <summary>Variables only.</summary>
    public static string Variables(string text, Machine machine) => Expand(text, null, machine.Variable);

    /// <summary><c>~</c> and <c>~user</c> at the beginning.</summary>
    public string AtHome(string text)
    {
        if (!text.StartsWith('~'))
            return text;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var user = slash < 0 ? text[1..] : text[1..slash];
        var home = user.Length == 0 ? machine.Home : machine.HomeOf(user)
            ?? throw new ConfigException($"No such user {user}", "write the folder's name in full");
        return (home.EndsWith('/') ? home : home + "/") + (slash < 0 ? "" : text[slash..].TrimStart('/'));
    }

    private string? Token(char token) => token switch
    {
        'C' => ConnectionHash(),
        'd' => machine.Home,
        'h' => Host,
        'i' => machine.UserNumber,
        'k' => KeyAlias,
        'L' => machine.Name.Split('.')[0],
        'l' => machine.Name,
        'n' => TypedHost,
        'p' => Port.ToString(CultureInfo.InvariantCulture),
        'r' => RemoteUser,
        'u' => machine.UserName,
        _ => null,
    };

    [SuppressMessage("Security", "CA5350", Justification = "OpenSSH's short name for a connection; nothing is proved by it")]
    private string ConnectionHash() =>
        Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{machine.Name}{Host}{Port}{RemoteUser}"))));

    private static string Expand(string text, Func<char, string?>? token, Func<string, string?>? variable)
    {
        var full = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (variable is not null && text[i] == '$' && i + 1 < text.Length && text[i + 1] == '{')
            {
                var close = text.IndexOf('}', i);
                if (close < 0)
                    throw new ConfigException($"environment variable '{text[(i + 2)..]}' missing closing '}}'", "close the brace");
                var name = text[(i + 2)..close];
                if (name.Length == 0)
                    throw new ConfigException("zero-length environment variable", "name the variable between the braces");
                full.Append(variable(name) ?? throw new ConfigException($"env var ${{{name}}} has no value", $"set {name}, or write the value itself"));
                i = close;
            }
            else if (token is null || text[i] != '%')
            {
                full.Append(text[i]);
            }
            else if (++i == text.Length)
            {
                throw new ConfigException("invalid format", "a percent sign is written %%");
            }
            else
            {
                full.Append(text[i] == '%' ? "%" : token(text[i])
                    ?? throw new ConfigException($"unknown key %{text[i]}", "ssh_config(5) lists the tokens that can stand here"));
            }
        }
        return full.ToString();
    }
}
