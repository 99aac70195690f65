using System.Xml.Linq;
using Culvert.Ssh.Trust;

namespace Culvert.Broker.Config;

/// <summary>What the elements of default-settings, of a profile and of general mean, in terms of the one table of settings: XML is another way to say the same.</summary>
/// <param name="file">The file that they stand in.</param>
/// <param name="builder">Takes the settings; of two values the first wins, so what counts most comes first.</param>
/// <param name="machine">Where it is read.</param>
/// <param name="findings">Takes what is wrong.</param>
internal sealed class XmlSettings(XmlFile file, ConfigBuilder builder, Machine machine, XmlFindings findings)
{
    /// <summary>The keyword of one of our own settings by its name with dashes; null: there is none.</summary>
    public static string? OwnKeyword(string name) =>
        ConfigBuilder.OwnSettings.FirstOrDefault(keyword => string.Equals(keyword, Keywords.Ours + name.Replace("-", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase));

    /// <summary>Takes our own settings from an element's attributes.</summary>
    public void TakeOwn(XElement element)
    {
        foreach (var attribute in element.Attributes().Where(attribute => attribute.Name.NamespaceName == XmlGrammar.Ours))
        {
            if (OwnKeyword(attribute.Name.LocalName) is { } keyword)
                Set(attribute, keyword, Value(attribute));
        }
    }

    /// <summary>Takes the settings of a profile, or those for all.</summary>
    public void Take(XElement scope)
    {
        TakeOwn(scope);
        if (scope.Attribute("user") is { } user && Value(user) is { Length: > 0 } name and not "*")
            Set(user, "User", name);
        foreach (var element in scope.Elements())
            TakeSetting(element);
    }

    /// <summary>Takes what general says.</summary>
    public void TakeGeneral(XElement general)
    {
        TakeKnownHosts([.. general.Elements("known-hosts")]);
        if (general.Element("key-stores") is { } stores)
        {
            foreach (var keys in stores.Elements("user-keys"))
                TakeFolder(keys);
            if (stores.Element("identification")?.Attribute("file") is { } list)
                Set(list, "CulvertIdentification", Value(list));
        }
        TakeOldPolicy(general);
    }

    /// <summary>An attribute's value, with its variables in full.</summary>
    public string Value(XAttribute attribute) => XmlVariables.Expand(attribute.Value, machine);

    /// <summary>Whether an attribute says yes; null: it isn't there.</summary>
    public bool? IsYes(XElement? element, string attribute)
    {
        if (element?.Attribute(attribute) is not { } said)
            return null;
        switch (said.Value.ToUpperInvariant())
        {
            case "YES" or "TRUE" or "ON":
                return true;
            case "NO" or "FALSE" or "OFF":
                return false;
            default:
                findings.Mistake(file.Name, said, $"{attribute} is yes or no, not \"{said.Value}\"");
                return null;
        }
    }

    /// <summary>A number in an attribute; null: it isn't there, or isn't one.</summary>
    public int? Number(XElement element, string attribute, int from, int to)
    {
        if (element.Attribute(attribute) is not { } said)
            return null;
        if (int.TryParse(Value(said), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) && number >= from && number <= to)
            return number;
        findings.Mistake(file.Name, said, FormattableString.Invariant($"{attribute} is a number from {from} to {to}, not \"{said.Value}\""));
        return null;
    }

    private void TakeSetting(XElement element)
    {
        switch (element.Name.LocalName)
        {
            case "ciphers": List(element, "Ciphers"); break;
            case "macs": List(element, "MACs"); break;
            case "kexs": List(element, "KexAlgorithms"); break;
            case "hostkey-algorithms": List(element, "HostKeyAlgorithms"); break;
            case "rekey": Simple(element, "bytes", "RekeyLimit"); break;
            case "authentication-methods": TakeMethods(element); break;
            case "hostkey": TakeHostKey(element); break;
            case "password": TakePassword(element); break;
            case "compression": Word(element, "name", "Compression", ("none", "no"), ("zlib", "yes")); break;
            case "tcp-connect-timeout": Simple(element, "time", "ConnectTimeout"); break;
            case "keepalive-interval": Simple(element, "time", "ServerAliveInterval"); break;
            case "address-family": Word(element, "type", "AddressFamily", ("any", "any"), ("inet", "inet"), ("inet6", "inet6")); break;
            case "server-banners" when IsYes(element, "visible") is { } shown: builder.SetBanners(shown); break;
            case "quiet-mode" when IsYes(element, "enable") == true: Set(element, "LogLevel", "QUIET"); break;
            case "server-authentication-methods" when element.Element("auth-server-publickey") is { } policy:
                Word(policy, "policy", "StrictHostKeyChecking", ("ask", "ask"), ("strict", "yes"), ("trust-on-first-use", "accept-new"), ("tofu", "accept-new"), ("advisory", "no"));
                break;
            case "user-identities":
                foreach (var identity in element.Elements("identity"))
                    TakeIdentity(identity);
                break;
        }
    }

    private void TakeMethods(XElement element)
    {
        var methods = new List<string>();
        foreach (var method in element.Elements())
        {
            switch (method.Name.LocalName)
            {
                case "auth-publickey": methods.Add("publickey"); break;
                case "auth-keyboard-interactive": methods.Add("keyboard-interactive"); break;
                case "auth-password":
                    methods.Add("password");
                    if (method.Element("password") is { } password)
                        TakePassword(password);
                    break;
                case "authentication-method" when method.Attribute("name") is { } name: methods.Add(Value(name).ToLowerInvariant()); break;
            }
        }
        if (methods.Count > 0)
            Set(element, "PreferredAuthentications", string.Join(',', methods));
    }

    private void TakePassword(XElement element)
    {
        if (builder.HasPassword)
            return;
        if (element.Attribute("string") is { } literal && !file.IsPrivate)
            findings.Note(file.Name, literal, "password string", $"the password is ignored: others may read this file (chmod 600 {file.Name})");
        else if (element.Attribute("string") is { } password)
            builder.SetPassword(new Secret(password.Value));
        else if (element.Attribute("file") is { } path)
            Set(path, "CulvertPasswordFile", Value(path));
        else if (element.Attribute("command") is { } command)
            Set(command, "CulvertPasswordProgram", Value(command));
    }

    private void TakeHostKey(XElement element)
    {
        var said = element.Attribute("file");
        var path = said is null ? null : Value(said);
        var text = path is null ? element.Value : string.Join('\n', machine.Read(path).Lines ?? []);
        if (PinnedHostKey.TryParse(path ?? file.Name, text, out var key))
            builder.AddHostKey(key);
        else
            findings.Mistake(file.Name, (XObject?)said ?? element, path is null ? "<hostkey> holds no public key in Base64" : $"{path}: {machine.Read(path).Problem ?? "it holds no public key"}");
    }

    private void TakeIdentity(XElement identity)
    {
        if ((identity.Attribute("identity-file") ?? identity.Attribute("file")) is { } path)
            Set(path, "IdentityFile", Value(path));
        else
            findings.Note(file.Name, identity, "identity", "<identity> without a file is ignored: name the key's file");
    }

    // Every private key of the folder, which is a file with a public key of its name beside it.
    private void TakeFolder(XElement keys)
    {
        if (keys.Attribute("directory") is not { } said || Value(said) is not { Length: > 0 } folder)
            return;
        var names = machine.List(folder);
        foreach (var name in names.Where(name => names.Contains(name + ".pub")).Order(StringComparer.Ordinal))
            Set(said, "IdentityFile", $"{folder.TrimEnd('/')}/{name}");
    }

    private void TakeKnownHosts(IReadOnlyList<XElement> all)
    {
        var folders = all.Select(element => element.Attribute("directory") ?? element.Attribute("path")).OfType<XAttribute>().ToList();
        if (folders.Count > 0)
            SetWords(folders[0], "CulvertHostKeyFolders", [.. folders.Select(Value)]);
        var files = all.Select(element => element.Attribute("file")).OfType<XAttribute>().ToList();
        // Tectia writes new keys to the last one, the table to the first; an empty name means none at all.
        if (files.Count > 0)
            SetWords(files[0], "UserKnownHostsFile", files.Exists(one => one.Value.Length == 0) ? ["none"] : [.. files.Select(Value).Reverse()]);
    }

    // Before there was a policy, three elements said it.
    private void TakeOldPolicy(XElement general)
    {
        var strict = IsYes(general.Element("strict-host-key-checking"), "enable") == true;
        var asks = IsYes(general.Element("host-key-always-ask"), "enable") == true;
        var accepts = IsYes(general.Element("accept-unknown-host-keys"), "enable") == true;
        if (!asks && (strict || accepts))
            Set(general, "StrictHostKeyChecking", strict ? "yes" : "accept-new");
    }

    private void List(XElement element, string keyword)
    {
        var names = element.Elements().Select(one => one.Attribute("name")).OfType<XAttribute>().Select(Value).ToList();
        if (names.Count > 0)
            Set(element, keyword, TectiaAlgorithms.InStandardNames(string.Join(',', names)));
    }

    private void Simple(XElement element, string attribute, string keyword)
    {
        if (element.Attribute(attribute) is { } said)
            Set(said, keyword, Value(said));
    }

    private void Word(XElement element, string attribute, string keyword, params ReadOnlySpan<(string Theirs, string Ours)> words)
    {
        if (element.Attribute(attribute) is not { } said)
            return;
        var known = new List<string>();
        foreach (var (theirs, ours) in words)
        {
            known.Add(theirs);
            if (!string.Equals(theirs, said.Value, StringComparison.OrdinalIgnoreCase))
                continue;
            Set(said, keyword, ours);
            return;
        }
        findings.Mistake(file.Name, said, $"{attribute} is {string.Join(", ", known)}, not \"{said.Value}\"");
    }

    private void Set(XObject at, string keyword, string value) => SetWords(at, keyword, [value]);

    private void SetWords(XObject at, string keyword, IReadOnlyList<string> words)
    {
        try
        {
            builder.SetWords(keyword, words);
        }
        catch (ConfigException e)
        {
            findings.Mistake(file.Name, at, string.Join(": ", e.Lines) + (e.Hint is { } hint ? $" ({hint})" : ""));
        }
    }
}
