using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Xunit;

namespace Culvert.Tests.Broker;

public sealed class FilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("culvert-files").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string content, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        var path = Path.Combine(_folder, "password");
        File.WriteAllText(path, content);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
        return path;
    }

    [Theory]
    [InlineData("secret", "secret")]
    [InlineData("secret\n", "secret")]
    [InlineData("secret\r\nmore\n", "secret")]
    [InlineData(" with blanks \n", " with blanks ")]
    [InlineData("pässword\n", "pässword")]
    public async Task A_password_is_the_first_line_of_its_file(string content, string password) =>
        Assert.Equal(password, await PasswordFile.ReadAsync(Write(content), TestContext.Current.CancellationToken));

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public async Task A_password_that_others_may_read_is_refused_without_naming_it(UnixFileMode more)
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("Windows has no such modes");
        var path = Write("secret\n", UnixFileMode.UserRead | more);
        var e = await Assert.ThrowsAsync<BrokerException>(() => PasswordFile.ReadAsync(path, TestContext.Current.CancellationToken).AsTask());
        Assert.Equal($"Permissions for '{path}' are too open.", e.Reason.Text);
        Assert.Contains("chmod 600", e.Reason.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\nsecond")]
    public async Task An_empty_password_is_none(string content) =>
        await Assert.ThrowsAsync<BrokerException>(() => PasswordFile.ReadAsync(Write(content), TestContext.Current.CancellationToken).AsTask());

    [Fact]
    public async Task A_missing_file_is_told_as_such()
    {
        var e = await Assert.ThrowsAsync<BrokerException>(() => PasswordFile.ReadAsync(Path.Combine(_folder, "none"), TestContext.Current.CancellationToken).AsTask());
        Assert.EndsWith("No such file or directory", e.Reason.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/a/b", "/a/b")]
    [InlineData("~", "/home/me/")]
    [InlineData("~/.ssh/%h_%p", "/home/me/.ssh/real_2222")]
    [InlineData("%d/%n-%r-%u-%i%%", "/home/me/alias-them-me-1000%")]
    [InlineData("/a/~", "/a/~")]
    public void Shorthand_in_file_names_is_that_of_ssh_config(string path, string expanded)
    {
        var config = new ConnectionConfig { Host = "alias", HostName = "real", Port = 2222, User = "them" };
        Assert.Equal(expanded, Tokens.Of(config, new FakeMachine().Machine).Path(path));
    }

    [Theory]
    [InlineData("%x")]
    [InlineData("a%")]
    public void Unknown_shorthand_is_a_mistake(string path) =>
        Assert.Throws<ConfigException>(() => Tokens.Of(new ConnectionConfig { Host = "h" }, new FakeMachine().Machine).Path(path));
}
