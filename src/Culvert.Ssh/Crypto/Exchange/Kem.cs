using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Kems;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Prng;
using Org.BouncyCastle.Pqc.Crypto.NtruPrime;
using Org.BouncyCastle.Security;

namespace Culvert.Ssh.Crypto;

/// <summary>A key encapsulation mechanism: who has the public key makes a secret and a ciphertext of it, who has the private key opens that.
/// One instance serves one run.</summary>
internal abstract class Kem : IDisposable
{
    /// <summary>Bytes of a public key.</summary>
    public abstract int PublicKeyLength { get; }

    /// <summary>Bytes of a ciphertext.</summary>
    public abstract int CiphertextLength { get; }

    /// <summary>Makes a key pair, keeps the private key, and returns the public one.</summary>
    public abstract byte[] GenerateKeyPair();

    /// <summary>A fresh secret for the holder of a public key, and its ciphertext. The caller wipes the secret.</summary>
    /// <exception cref="ArgumentException">That is no public key.</exception>
    public abstract (byte[] Ciphertext, byte[] Secret) Encapsulate(ReadOnlySpan<byte> publicKey);

    /// <summary>The secret of a ciphertext, which the caller wipes. A forged ciphertext yields a secret that nobody knows.</summary>
    public abstract byte[] Decapsulate(ReadOnlySpan<byte> ciphertext);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>The system's generator, in the form that the library takes.</summary>
    protected static SecureRandom Random { get; } = new(new CryptoApiRandomGenerator());
}

/// <summary>ML-KEM-768 (FIPS 203). From BouncyCastle on every system: .NET has it only with OpenSSL 3.5 or a Windows of 2025, and two
/// implementations would be tested half as well.</summary>
internal sealed class MlKem768 : Kem
{
    private MLKemPrivateKeyParameters? _private;

    public override int PublicKeyLength => 1184;

    public override int CiphertextLength => 1088;

    public override byte[] GenerateKeyPair()
    {
        var generator = new MLKemKeyPairGenerator();
        generator.Init(new MLKemKeyGenerationParameters(Random, MLKemParameters.ml_kem_768));
        _private = (MLKemPrivateKeyParameters)generator.GenerateKeyPair().Private;
        return _private.GetPublicKeyEncoded();
    }

    public override (byte[] Ciphertext, byte[] Secret) Encapsulate(ReadOnlySpan<byte> publicKey)
    {
        // Checks length and modulus (FIPS 203 §7.2).
        var key = MLKemPublicKeyParameters.FromEncoding(MLKemParameters.ml_kem_768, publicKey.ToArray());
        var encapsulator = new MLKemEncapsulator(MLKemParameters.ml_kem_768);
        encapsulator.Init(new ParametersWithRandom(key, Random));
        var (ciphertext, secret) = (new byte[encapsulator.EncapsulationLength], new byte[encapsulator.SecretLength]);
        encapsulator.Encapsulate(ciphertext, secret);
        return (ciphertext, secret);
    }

    public override byte[] Decapsulate(ReadOnlySpan<byte> ciphertext)
    {
        var decapsulator = new MLKemDecapsulator(MLKemParameters.ml_kem_768);
        decapsulator.Init(_private ?? throw new InvalidOperationException("there is no key pair"));
        var secret = new byte[decapsulator.SecretLength];
        decapsulator.Decapsulate(ciphertext, secret);
        return secret;
    }

    // The library keeps the private key in arrays that it doesn't lend.
    public override void Dispose() => _private = null;
}

/// <summary>Streamlined NTRU Prime 761 (draft-ietf-sshm-ntruprime-ssh).</summary>
internal sealed class Sntrup761 : Kem
{
    private SNtruPrimePrivateKeyParameters? _private;

    public override int PublicKeyLength => 1158;

    public override int CiphertextLength => 1039;

    public override byte[] GenerateKeyPair()
    {
        var generator = new SNtruPrimeKeyPairGenerator();
        generator.Init(new SNtruPrimeKeyGenerationParameters(Random, SNtruPrimeParameters.sntrup761));
        var pair = generator.GenerateKeyPair();
        _private = (SNtruPrimePrivateKeyParameters)pair.Private;
        return ((SNtruPrimePublicKeyParameters)pair.Public).GetEncoded();
    }

    public override (byte[] Ciphertext, byte[] Secret) Encapsulate(ReadOnlySpan<byte> publicKey)
    {
        using var both = new SNtruPrimeKemGenerator(Random).GenerateEncapsulated(new SNtruPrimePublicKeyParameters(SNtruPrimeParameters.sntrup761, publicKey.ToArray()));
        return (both.GetEncapsulation(), both.GetSecret());
    }

    public override byte[] Decapsulate(ReadOnlySpan<byte> ciphertext) =>
        new SNtruPrimeKemExtractor(_private ?? throw new InvalidOperationException("there is no key pair")).ExtractSecret(ciphertext.ToArray());

    // As above.
    public override void Dispose() => _private = null;
}
