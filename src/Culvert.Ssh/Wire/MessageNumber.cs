namespace Culvert.Ssh.Wire;

/// <summary>SSH message numbers (RFC 4250 §4.1.2; 7: RFC 8308).</summary>
internal static class MessageNumber
{
    public const byte Disconnect = 1, Ignore = 2, Unimplemented = 3, Debug = 4, ServiceRequest = 5, ServiceAccept = 6, ExtInfo = 7;
    public const byte KexInit = 20, NewKeys = 21;

    /// <summary>30 and up belong to the key exchange method in use (RFC 5656 §7.1: 30 and 31; RFC 4419 §5: 31 to 34).</summary>
    public const byte KexFirst = 30, KexLast = 49, KexEcdhInit = 30, KexEcdhReply = 31, KexGexGroup = 31, KexGexInit = 32, KexGexReply = 33, KexGexRequest = 34;

    public const byte UserAuthRequest = 50, UserAuthFailure = 51, UserAuthSuccess = 52, UserAuthBanner = 53;

    /// <summary>60 to 79 belong to the authentication method in use: PK_OK, PASSWD_CHANGEREQ and INFO_REQUEST share 60.</summary>
    public const byte UserAuthPublicKeyOk = 60, UserAuthPasswordChangeRequest = 60, UserAuthInfoRequest = 60, UserAuthInfoResponse = 61;

    public const byte GlobalRequest = 80, RequestSuccess = 81, RequestFailure = 82;
    public const byte ChannelOpen = 90, ChannelOpenConfirmation = 91, ChannelOpenFailure = 92, ChannelWindowAdjust = 93, ChannelData = 94,
        ChannelExtendedData = 95, ChannelEof = 96, ChannelClose = 97, ChannelRequest = 98, ChannelSuccess = 99, ChannelFailure = 100;

    /// <summary>RFC 4251 §7: transport layer messages are below 50; during a key exchange nothing else may be sent (RFC 4253 §7.1).</summary>
    public static bool IsTransport(byte number) => number < 50;
}
