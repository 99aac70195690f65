using System.Text;
using Culvert.Ftp.Wire;

namespace Culvert.Ftp.Dialogue;

// TLS (RFC 4217): which side is encrypted when. Until a side that asked for it is, nothing else goes over it; and nothing that came before counts after.
internal sealed partial class FtpConversation
{
    /// <summary>The client was promised TLS, or waits for the server's word on it: no command is read until it has begun.</summary>
    private bool _awaitsTls;

    private bool _serverReached;
    private bool _clientTls;
    private bool _clientBuffers;
    private bool _clientProtects;
    private bool _serverTls;
    private bool _serverProtects;

    /// <summary>The client's side is encrypted.</summary>
    public void ClientEncrypted()
    {
        (_clientTls, _awaitsTls) = (true, false);
        EncryptServerFirst();
    }

    /// <summary>The server's side is encrypted: its data is to be as well, before anything of the client goes out. Where TLS came before the greeting, that is
    /// said after it.</summary>
    public void ServerEncrypted()
    {
        _serverTls = true;
        if (_greeted && !_closed)
            ProtectServersData();
    }

    /// <summary>TLS could not begin. Whoever expected it on the client's side can't be told; whoever speaks plain can.</summary>
    /// <param name="client">Whose side it was.</param>
    /// <param name="why">For people; one line.</param>
    public void EncryptionFailed(bool client, string why)
    {
        if (_closed)
            return; // it was decided before the end, and came to nothing
        Notice(client ? "TLS with the client" : "TLS with the FTP server", why);
        if (client)
            Close($"TLS with the client failed: {why}");
        else
            CloseWith($"No TLS with the FTP server: {why}.", $"TLS with the server failed: {why}");
    }

    /// <summary>The ports for the data of a session that steps aside can't be had, or bytes stood where none may.</summary>
    public void CannotStepAside(string why) => CloseWith($"TLS can't go through: {why}.", why);

    /// <summary>A session that stepped aside is over.</summary>
    public void SteppedAside() => Close("the encrypted session ended");

    /// <summary>The server isn't safe yet, and has to be.</summary>
    private bool IsSecuring => _options.Originates && !_serverProtects;

    private bool OffersTls => _options.Terminates || _options.Ftps == Ftps.Opaque;

    private void SecureServer()
    {
        if (_serverTls)
            ProtectServersData();
        else
            AskFirst("AUTH TLS", 0);
    }

    private void ProtectServersData()
    {
        AskFirst("PBSZ 0", 0);
        AskFirst("PROT P", 1);
    }

    /// <summary>A server whose TLS begins with the connection waits for it; but not for a client that gets no further.</summary>
    private void EncryptServerFirst()
    {
        if (_options is { ImplicitTls: true, Originates: true } && _serverReached && !_awaitsTls && !_closed)
            Decide(new Decision.EncryptServer());
    }

    /// <summary>A client whose TLS begins with the connection expects it on data connections without having said so.</summary>
    private void EncryptClientFirst()
    {
        (_awaitsTls, _clientBuffers, _clientProtects) = (true, true, true);
        Decide(new Decision.EncryptClient());
    }

    private void AskFirst(string line, int at)
    {
        var own = new Exchange(FtpCommand.Parse(FtpLine.Of(line))) { Own = true };
        _exchanges.Insert(at, own);
        Send(own, own.Command.Line);
    }

    /// <summary>AUTH, and the commands of mechanisms that nobody has (RFC 2228).</summary>
    private void OnSecurity(FtpCommand command)
    {
        if (!OffersTls)
            Refuse(command, 534, "Refused: SSH encrypts this connection already; go on without TLS.");
        else if (command.Name != "AUTH")
            Refuse(command, 503, "Bad sequence: only AUTH TLS is offered.");
        else if (_clientTls)
            Refuse(command, 503, "TLS is on already.");
        else if (!IsTls(command.Argument.Span))
            Refuse(command, 504, "Only AUTH TLS is offered.");
        else
        {
            _awaitsTls = true;
            if (_options.Terminates)
                Append(new(command) { State = ExchangeState.Answered, Answer = FtpReply.Of(234, "Begin TLS."), BeginsTls = true });
            else
                Append(new(command));
        }
    }

    /// <summary>PBSZ, PROT and CCC on the client's side; towards the server the relay says its own.</summary>
    private void OnProtection(FtpCommand command)
    {
        if (!OffersTls)
            Refuse(command, 503, "Bad sequence: AUTH was refused.");
        else if (!_clientTls)
            Refuse(command, 503, "Bad sequence: AUTH TLS comes first.");
        else if (command.Name == "CCC")
            Refuse(command, 534, "The control connection stays encrypted.");
        else if (command.Name == "PBSZ")
        {
            _clientBuffers = true;
            Answer(command, FtpReply.Of(200, "PBSZ=0"));
        }
        else if (!_clientBuffers)
            Refuse(command, 503, "Bad sequence: PBSZ 0 comes first.");
        else
            Protect(command, Letter(command.Argument.Span));
    }

    private void Protect(FtpCommand command, char level)
    {
        if (level is 'S' or 'E')
            Refuse(command, 536, "Only C and P are offered.");
        else if (level is not ('C' or 'P'))
            Refuse(command, 504, "Say C or P.");
        else
        {
            // A listener that stands already was opened for the other level: the client asks for a new one, as after each transfer.
            if (_clientProtects != (level == 'P'))
                DiscardUnused(except: null);
            _clientProtects = level == 'P';
            Answer(command, FtpReply.Of(200, level == 'P' ? "Data connections are private." : "Data connections are clear."));
        }
    }

    private static char Letter(ReadOnlySpan<byte> argument)
    {
        argument = argument.TrimEnd(" \t"u8);
        return argument.Length == 1 ? char.ToUpperInvariant((char)argument[0]) : '\0';
    }

    // RFC 4217 §2 registers TLS and TLS-C; SSL is what its drafts had. TLS-P and SSL imply PROT P there, which clients say all the same.
    private static bool IsTls(ReadOnlySpan<byte> argument)
    {
        argument = argument.TrimEnd(" \t"u8);
        return Ascii.EqualsIgnoreCase(argument, "TLS"u8) || Ascii.EqualsIgnoreCase(argument, "TLS-C"u8) || Ascii.EqualsIgnoreCase(argument, "SSL"u8);
    }

    private void OnSecurityReply(Exchange exchange, int code, IReadOnlyList<FtpLine> lines)
    {
        if (!exchange.Own)
            OnServersWord(exchange, code, lines);
        else if (exchange.Kind == VerbKind.Security && code == 234)
        {
            _exchanges.Remove(exchange); // not Pop: nothing may go out in between
            Decide(new Decision.EncryptServer());
        }
        else if (exchange.Kind == VerbKind.Security)
            CloseWith($"The FTP server refuses TLS ({lines[0]}), and nothing is sent to it without.", "the server refuses TLS");
        else if (exchange.Command.Name == "PBSZ")
            Pop(exchange); // what counts is what it says to PROT
        else if (code < 300)
        {
            _serverProtects = true;
            Pop(exchange);
        }
        else
            CloseWith($"The FTP server refuses TLS for data ({lines[0]}), and nothing is sent to it without.", "the server refuses PROT P");
    }

    /// <summary>What the server says to an AUTH that was passed.</summary>
    private void OnServersWord(Exchange exchange, int code, IReadOnlyList<FtpLine> lines)
    {
        if (code == 234)
        {
            _exchanges.Remove(exchange);
            Decide(new Decision.StepAside(lines));
            return;
        }
        _awaitsTls = false;
        ToClient(lines);
        Pop(exchange);
    }

    /// <summary>A line of FEAT: what is refused here is left out, what is offered here is put in.</summary>
    private void FilterFeature(ReplyLine reply)
    {
        if (!reply.First && !reply.Last)
        {
            if (!IsHiddenFeature(reply.Line))
                ToClient(reply.Line);
            return;
        }
        if (!_options.Terminates || reply.Code != 211 || !reply.Last)
        {
            ToClient(reply.Line);
            return;
        }
        if (reply.First)
            ToClient(FtpLine.Of("211-Features:"));
        ToClient([FtpLine.Of(" AUTH TLS"), FtpLine.Of(" PBSZ"), FtpLine.Of(" PROT")]);
        ToClient(reply.First ? FtpLine.Of("211 End") : reply.Line);
    }

    /// <summary>A line of FEAT (RFC 2389) that names what is refused here. Servers write <c> LABEL</c>, more blanks, or <c>211-LABEL</c>.</summary>
    private bool IsHiddenFeature(FtpLine line)
    {
        var text = line.Bytes.Span;
        if (text.StartsWith("211-"u8))
            text = text[4..];
        text = text.TrimStart(" \t"u8);
        var end = text.IndexOfAny(" ;\t"u8);
        var label = end < 0 ? text : text[..end];
        if (_options.Ftps == Ftps.Opaque && (Ascii.EqualsIgnoreCase(label, "AUTH"u8) || Ascii.EqualsIgnoreCase(label, "PBSZ"u8) || Ascii.EqualsIgnoreCase(label, "PROT"u8)))
            return false;
        return FtpVerbs.IsHiddenFeature(label);
    }
}
