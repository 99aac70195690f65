using System.Net;
using Culvert.Broker.Config;

namespace Culvert.Tests.Broker;

/// <summary>A machine in memory: files, variables, and commands that are written down instead of being run.</summary>
internal sealed class FakeMachine
{
    private readonly Dictionary<string, ConfigText> _files = [];

    public Dictionary<string, string> Variables { get; } = [];

    public List<string> Commands { get; } = [];

    /// <summary>Of the network interfaces.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>What the commands end with.</summary>
    public int Status { get; set; }

    public Machine Machine => new()
    {
        Home = "/home/me",
        UserName = "me",
        UserNumber = "1000",
        Group = () => ("100", "users"),
        Name = "desk.example.org",
        Variable = name => Variables.GetValueOrDefault(name),
        HomeOf = user => user == "you" ? "/home/you" : null,
        PortOf = service => service == "http" ? 80 : null,
        Read = path => _files.GetValueOrDefault(path, ConfigText.Missing),
        Exists = path => _files.ContainsKey(path),
        List = folder => [.. _files.Keys.Where(path => path.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal)).Select(path => path[(folder.TrimEnd('/').Length + 1)..].Split('/')[0]).Distinct()],
        Addresses = () => [.. Addresses.Select(IPAddress.Parse)],
        Run = command =>
        {
            Commands.Add(command);
            return Status;
        },
    };

    public FakeMachine With(string path, string content, bool isSafe = true, bool isPrivate = true)
    {
        _files[path] = new ConfigText(content.Split('\n'), null, isSafe, isPrivate);
        return this;
    }

    public FakeMachine WithUnreadable(string path)
    {
        _files[path] = new ConfigText(null, "Permission denied");
        return this;
    }
}
