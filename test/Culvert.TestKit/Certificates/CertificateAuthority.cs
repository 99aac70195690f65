using Culvert.Ssh.Crypto;
using Culvert.Ssh.Wire;

namespace Culvert.TestKit.Certificates;

/// <summary>Signs whatever it is asked to, in the form of PROTOCOL.certkeys.</summary>
internal sealed class CertificateAuthority(Signer key) : IDisposable
{
    /// <summary>The authority's own key.</summary>
    public PublicKey PublicKey => key.PublicKey;

    /// <summary>What the certificate says; without a change it is valid for every host for ever.</summary>
    internal sealed record Wish
    {
        public ulong Serial { get; init; } = 1;
        public uint Kind { get; init; } = 2;
        public string KeyId { get; init; } = "id";
        public IReadOnlyList<string> Principals { get; init; } = [];
        public ulong ValidAfter { get; init; }
        public ulong ValidBefore { get; init; } = ulong.MaxValue;
        public IReadOnlyList<string> CriticalOptions { get; init; } = [];
        public IReadOnlyList<string> Extensions { get; init; } = [];
    }

    public async Task<Certificate> IssueAsync(PublicKey certified, Wish wish, CancellationToken cancellationToken)
    {
        var reader = new SshReader(certified.Blob.Span, "key");
        var type = reader.Text("type");
        var unsigned = new SshWriter().String(CertificateNames.Of(type)).String("nonce").Raw(reader.Rest).UInt64(wish.Serial).UInt32(wish.Kind).String(wish.KeyId)
            .String(Packed(wish.Principals, null)).UInt64(wish.ValidAfter).UInt64(wish.ValidBefore)
            .String(Packed(wish.CriticalOptions, "x")).String(Packed(wish.Extensions, "")).String("").String(key.PublicKey.Blob.Span).ToArray();
        var signature = await key.SignAsync(key.PublicKey.SignatureAlgorithms[0], unsigned, cancellationToken);
        return Certificate.Parse(new SshWriter().Raw(unsigned).String(signature).WrittenSpan);
    }

    public void Dispose() => key.Dispose();

    private static byte[] Packed(IReadOnlyList<string> names, string? data)
    {
        var writer = new SshWriter();
        foreach (var name in names)
        {
            writer.String(name);
            if (data is not null)
                writer.String(data);
        }
        return writer.ToArray();
    }
}
