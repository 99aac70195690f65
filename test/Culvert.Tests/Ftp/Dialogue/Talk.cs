using System.Net;
using System.Text;
using Culvert.Ftp;
using Culvert.Ftp.Dialogue;
using Culvert.Ftp.Wire;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Ftp.Dialogue;

/// <summary>A conversation under test. Every call returns what was decided, as text: <c>C&lt; line</c> to the client, <c>S&lt; line</c> to
/// the server, and the names of the other decisions. What is only told (log, audit) is kept apart.</summary>
internal sealed class Talk
{
    private readonly FtpConversation _conversation;
    private readonly List<byte[]> _lent = [];

    public Talk(FtpRelayOptions? options = null, Peer? client = null, string near = "127.0.0.1", string destination = "ftp.example", bool greet = true)
    {
        client ??= new Peer(new(near, 50000), AddressKnowledge.Observed, new UserId("1000"), new(near, 1234));
        _conversation = new(options ?? new(), client, IPAddress.Parse(near), new(destination, 21));
        if (greet)
            Server("220 ready");
    }

    public List<string> Told { get; } = [];

    /// <summary>What was told of the transfers, beginnings and corrections.</summary>
    public List<TransferFacts> Facts { get; } = [];

    public bool Holds => _conversation.HoldsReplies;

    public bool WantsCommands => _conversation.WantsCommands;

    public bool IsClosed => _conversation.IsClosed;

    /// <summary>Lines of the client.</summary>
    public string[] Client(params string[] lines)
    {
        foreach (var line in lines)
            _conversation.OnCommand(Lend(line));
        return Decided();
    }

    public string[] ClientFault(LineFault fault)
    {
        _conversation.OnCommand(new(default, fault));
        return Decided();
    }

    /// <summary>Lines of the server.</summary>
    public string[] Server(params string[] lines)
    {
        foreach (var line in lines)
        {
            Assert.False(_conversation.HoldsReplies, $"'{line}' must not be read yet");
            _conversation.OnReply(Lend(line));
        }
        return Decided();
    }

    public string[] ServerFault(LineFault fault)
    {
        _conversation.OnReply(new(default, fault));
        return Decided();
    }

    public string[] News(params PathEvent[] news)
    {
        foreach (var one in news)
            _conversation.OnPath(one);
        return Decided();
    }

    public string[] ClientGone()
    {
        _conversation.ClientGone();
        return Decided();
    }

    public string[] ServerGone(bool lost = false)
    {
        _conversation.ServerGone(lost);
        return Decided();
    }

    public string[] ClientEncrypted()
    {
        _conversation.ClientEncrypted();
        return Decided();
    }

    public string[] ServerEncrypted()
    {
        _conversation.ServerEncrypted();
        return Decided();
    }

    public string[] EncryptionFailed(bool client)
    {
        _conversation.EncryptionFailed(client, "no");
        return Decided();
    }

    public string[] Shutdown()
    {
        _conversation.Shutdown();
        return Decided();
    }

    /// <summary>A path that stands on both sides, number <paramref name="path"/>, asked for by EPSV.</summary>
    public Talk Standing(int path = 1)
    {
        Client("EPSV");
        Server($"229 ok (|||{5000 + path}|)");
        News(new PathEvent.NearListening(path, new("127.0.0.1", 6000 + path)), new PathEvent.FarOpen(path), new PathEvent.NearOpen(path));
        return this;
    }

    /// <summary>As a reader lends it: it's gone when what was decided is done.</summary>
    private FtpLine Lend(string line)
    {
        _lent.Add(Encoding.ASCII.GetBytes(line));
        return new(_lent[^1]);
    }

    private static string Raw(FtpLine line) => Encoding.Latin1.GetString(line.Bytes.Span);

    private string[] Decided()
    {
        var decided = new List<string>();
        while (_conversation.TryDecide(out var decision))
        {
            switch (decision)
            {
                case Decision.ToClient(var line): decided.Add($"C< {Raw(line)}"); break;
                case Decision.ToServer(var line): decided.Add($"S< {Raw(line)}"); break;
                case Decision.DialFar(var path, var port, var host): decided.Add($"dial far {path} {host}:{port}"); break;
                case Decision.DialNear(var path, var at) dial: decided.Add($"dial near {path} {at}{(dial.Encrypted ? " encrypted" : "")}"); break;
                case Decision.ListenNear(var path) listen: decided.Add($"listen near {path}{(listen.Encrypted ? " encrypted" : "")}"); break;
                case Decision.EncryptClient: decided.Add("encrypt client"); break;
                case Decision.EncryptServer: decided.Add("encrypt server"); break;
                case Decision.StepAside(var lines): decided.Add($"step aside {string.Join(" / ", lines)}"); break;
                case Decision.ListenFar(var path, var at): decided.Add($"listen far {path} {at}"); break;
                case Decision.EndFar(var path): decided.Add($"end far {path}"); break;
                case Decision.EndNear(var path): decided.Add($"end near {path}"); break;
                case Decision.Settle(var path, var how): decided.Add($"settle {path} {how}"); break;
                case Decision.Arm(var path, var timer): decided.Add($"arm {path} {timer}"); break;
                case Decision.EndServer: decided.Add("end server"); break;
                case Decision.Close: decided.Add("close"); break;
                case Decision.Began(var path, var verb, var name, _, _, _, var size, var facts):
                    Told.Add($"began {path} {verb} {name} {size}".TrimEnd());
                    Facts.Add(facts);
                    break;
                case Decision.Corrected(_, var facts): Facts.Add(facts); break;
                case Decision.Finished(var path, var result, var reply, _): Told.Add($"finished {path} {result} {reply}".TrimEnd()); break;
                case Decision.Expect(var path, var size, var exactly): Told.Add($"expect {path} {size}{(exactly ? " exactly" : "")}"); break;
                case Decision.Rewrote(var from, var to): Told.Add($"rewrote {from} -> {to}"); break;
                case Decision.Notice(var what, _): Told.Add($"notice {what}"); break;
            }
        }
        _lent.ForEach(Array.Clear);
        _lent.Clear();
        return [.. decided];
    }
}
