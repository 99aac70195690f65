using System.Text.Json.Serialization;

namespace Culvert.Broker.Control;

// What the control API shows. The names are those of docs/openapi.json, and stable: programs read them.

/// <summary>The broker as a whole.</summary>
public sealed record StatusView(
    string Version, int Pid, DateTimeOffset Started, string? ConfigFile, int Profiles, IReadOnlyDictionary<string, int> Links, int Tunnels, int TunnelsListening,
    int Clients, int Transfers, int Questions, string LogLevel);

/// <summary>A link. Exclusive: it was made for one tunnel, and carries no other.</summary>
public sealed record ConnectionView(
    long Id, string Profile, string? Name, string Host, int Port, string User, string? Gateway, string State, DateTimeOffset Since, string? Cause, DateTimeOffset? NextTry,
    int FailedAttempts, int Reconnects, int Channels, long Received, long Sent, bool Exclusive, IReadOnlyList<long> Tunnels, LinkDetailsView? Details);

/// <summary>What two ends agreed upon. <c>HostKeyLine</c>: the server's key, as its line in known_hosts.</summary>
public sealed record LinkDetailsView(string ServerVersion, string KeyExchange, string HostKey, string? Fingerprint, string? HostKeyLine, string CipherOut, string CipherIn);

/// <summary>A connection through a link.</summary>
public sealed record ChannelView(long Id, long Connection, string Profile, string Type, string Destination, string? Originator, DateTimeOffset Opened, long Received, long Sent);

/// <summary>A tunnel.</summary>
public sealed record TunnelView(
    long Id, string Profile, string Kind, string Type, string Spec, IReadOnlyList<string> Listen, string Destination, string State, DateTimeOffset Since, string? Cause,
    bool Static, bool ByHand, int Clients);

/// <summary>A profile. Of several connections, the state is that of the one that most needs somebody.</summary>
public sealed record ProfileView(string Id, string? Name, string Host, int Port, string User, bool ConnectOnStartup, bool Connected, string State, string? Cause, int Connections, int Tunnels);

/// <summary>A client in a tunnel.</summary>
public sealed record ClientView(long Id, long Tunnel, string Profile, string? Address, string? Uid, DateTimeOffset Since);

/// <summary>A transfer that runs.</summary>
public sealed record TransferView(
    long Id, long Tunnel, string Profile, long Session, string? User, string Verb, string Path, string Direction, long Bytes, long? Expected, DateTimeOffset Started);

/// <summary>A question that waits.</summary>
public sealed record QuestionView(long Id, string Profile, string Kind, string Text, bool Echo, DateTimeOffset Asked, DateTimeOffset Until);

/// <summary>A key that the broker holds in memory.</summary>
public sealed record KeyView(long Id, string Type, string Fingerprint, string Path, DateTimeOffset Added);

/// <summary>A key's file that shall be read; its whole path.</summary>
public sealed record AddKeyView(string Path);

/// <summary>An answer to a question; null: there will be none.</summary>
public sealed record AnswerView(string? Answer);

/// <summary>A tunnel that shall be opened: as it's typed after <c>-L</c> or <c>-R</c>. <c>Profile</c>: a profile's id or name, or <c>[user@]server[#port]</c>.</summary>
public sealed record OpenTunnelView(string Profile, string Kind, string Spec, bool AllowRelay);

/// <summary>How much is logged.</summary>
public sealed record DebugView(string Level);

/// <summary>A server whose key is asked for.</summary>
public sealed record ProbeView(string Host, int Port);

/// <summary>A server's key; whether it's the right one, this doesn't tell. <c>Line</c> is its line in known_hosts.</summary>
public sealed record HostKeyView(string Host, int Port, string Type, string Fingerprint, string Line);

/// <summary>A value of the configuration.</summary>
public sealed record ValueView(string Path, IReadOnlyList<string> Lines);

/// <summary>Something that was done.</summary>
public sealed record DoneView(string Done);

/// <summary>Why something wasn't.</summary>
public sealed record ErrorView(string Error, string? Hint);

/// <summary>How they are written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(StatusView))]
[JsonSerializable(typeof(ConnectionView))]
[JsonSerializable(typeof(IReadOnlyList<ConnectionView>))]
[JsonSerializable(typeof(IReadOnlyList<ChannelView>))]
[JsonSerializable(typeof(TunnelView))]
[JsonSerializable(typeof(IReadOnlyList<TunnelView>))]
[JsonSerializable(typeof(ProfileView))]
[JsonSerializable(typeof(IReadOnlyList<ProfileView>))]
[JsonSerializable(typeof(IReadOnlyList<ClientView>))]
[JsonSerializable(typeof(IReadOnlyList<TransferView>))]
[JsonSerializable(typeof(IReadOnlyList<QuestionView>))]
[JsonSerializable(typeof(KeyView))]
[JsonSerializable(typeof(IReadOnlyList<KeyView>))]
[JsonSerializable(typeof(AddKeyView))]
[JsonSerializable(typeof(AnswerView))]
[JsonSerializable(typeof(OpenTunnelView))]
[JsonSerializable(typeof(DebugView))]
[JsonSerializable(typeof(ProbeView))]
[JsonSerializable(typeof(HostKeyView))]
[JsonSerializable(typeof(ValueView))]
[JsonSerializable(typeof(DoneView))]
[JsonSerializable(typeof(ErrorView))]
public sealed partial class ControlJson : JsonSerializerContext;
