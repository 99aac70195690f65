using System.Text;
using Culvert.Ssh.Crypto;

namespace Culvert.Tests.Ssh.Keys;

/// <summary>The committed test keys (see KeyFiles/README.md).</summary>
internal static class KeyFixture
{
    public const string Passphrase = "correct horse";

    public static readonly byte[] PassphraseBytes = Encoding.UTF8.GetBytes(Passphrase);

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Ssh", "KeyFiles");

    public static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(Folder, name));

    /// <summary>The public half of any form of a key.</summary>
    public static PublicKey PublicOf(string name)
    {
        var line = File.ReadAllText(Path.Combine(Folder, name.Split('.')[0] + ".pub"));
        return PublicKeys.TryParseLine(line, out var key) ? key : throw new InvalidDataException(line);
    }

    /// <summary>Copies keys to where the test may set their permissions; git keeps none.</summary>
    public static string Place(string folder, string name, bool withPublic = false)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllBytes(path, Read(name));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        if (withPublic)
            File.Copy(Path.Combine(Folder, name.Split('.')[0] + ".pub"), path + ".pub");
        return path;
    }
}
