using System.Diagnostics;
using Culvert.Net;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Trust;
using Culvert.Tests.Ssh.Keys;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Culvert.Tests.Ssh.Trust;

public sealed class KnownHostsTests
{
    private static readonly PublicKey Key = KeyFixture.PublicOf("ed25519");
    private static readonly PublicKey Other = KeyFixture.PublicOf("openssl25519");
    private static readonly PublicKey Rsa = KeyFixture.PublicOf("rsa2048");

    private static KnownHostsAnswer Find(string text, string name, PublicKey? key = null) =>
        KnownHosts.Parse("kh", text, NullLogger.Instance).Find(name, (key ?? Key).Type, (key ?? Key).Blob);

    [Theory]
    [InlineData("h KEY", "h", "Matches")]
    [InlineData("h KEY a comment", "h", "Matches")]
    [InlineData("  h\tKEY", "h", "Matches")]
    [InlineData("H.Example KEY", "h.example", "Matches")]
    [InlineData("a,h,b KEY", "h", "Matches")]
    [InlineData("h KEY", "hh", "Unknown")]
    [InlineData("h,10.0.0.1 KEY", "10.0.0.1", "Matches")]
    [InlineData("::1 KEY", "::1", "Matches")]
    [InlineData("[h]:2222 KEY", "[h]:2222", "Matches")]
    [InlineData("[h]:2222 KEY", "h", "Unknown")]
    [InlineData("h KEY", "[h]:2222", "Unknown")]
    [InlineData("*.example KEY", "a.b.example", "Matches")]
    [InlineData("*.example KEY", "example", "Unknown")]
    [InlineData("h? KEY", "h1", "Matches")]
    [InlineData("h? KEY", "h", "Unknown")]
    [InlineData("[*]:2222 KEY", "[x]:2222", "Matches")]
    [InlineData("*,!bad KEY", "good", "Matches")]
    [InlineData("*,!bad KEY", "bad", "Unknown")]
    [InlineData("!bad,* KEY", "bad", "Unknown")]
    [InlineData("*.a,!*.b.a KEY", "x.b.a", "Unknown")]
    [InlineData("!h KEY", "h", "Unknown")]
    [InlineData("h OTHER", "h", "Changed")]
    [InlineData("h OTHER\nh KEY", "h", "Matches")]
    [InlineData("h RSA", "h", "OtherTypesOnly")]
    [InlineData("h RSA\nh OTHER", "h", "Changed")]
    [InlineData("@revoked h KEY", "h", "Revoked")]
    [InlineData("h KEY\n@revoked * KEY", "h", "Revoked")]
    [InlineData("@revoked h OTHER\nh KEY", "h", "Matches")]
    [InlineData("@revoked h OTHER", "h", "Unknown")]
    [InlineData("@revoked x KEY\nh KEY", "h", "Matches")]
    [InlineData("@cert-authority h KEY", "h", "Unknown")]
    [InlineData("@cert-authority h OTHER", "h", "Unknown")]
    [InlineData("@cert-authority * OTHER\nh KEY", "h", "Matches")]
    [InlineData("# h KEY", "h", "Unknown")]
    [InlineData("", "h", "Unknown")]
    [InlineData("\r\n\r\nh KEY\r\n", "h", "Matches")]
    [InlineData("garbage\nh KEY", "h", "Matches")]
    public void A_line_means_what_sshd_says(string text, string name, string verdict) =>
        Assert.Equal(verdict, Find(text.Replace("KEY", Key.ToString(), StringComparison.Ordinal).Replace("OTHER", Other.ToString(), StringComparison.Ordinal)
            .Replace("RSA", Rsa.ToString(), StringComparison.Ordinal), name).Verdict.ToString());

    [Fact]
    public void A_hash_matches_its_name_only()
    {
        var line = $"{HostNames.Hash("[h]:2222")} {Key}";
        Assert.Equal(KnownHostsVerdict.Matches, Find(line, "[h]:2222").Verdict);
        Assert.Equal(KnownHostsVerdict.Unknown, Find(line, "h").Verdict);
        Assert.Equal(KnownHostsVerdict.Changed, Find(line, "[h]:2222", Other).Verdict);
        Assert.NotEqual(HostNames.Hash("h"), HostNames.Hash("h"));
        foreach (var broken in (string[])["|1|", "|1|a", "|1|YQ==|", "|1|YQ==|YQ==|YQ==", "|2|YQ==|YQ=="])
            Assert.Equal(KnownHostsVerdict.Unknown, Find($"{broken} {Key}", "h").Verdict);
    }

    [Fact]
    public void Unreadable_lines_are_reported_with_their_place()
    {
        var log = new ListLogger();
        KnownHosts.Parse("kh", $"# fine\nh\nh ssh-ed25519 ???\nh ssh-rsa {Key.ToString().Split(' ')[1]}\n@what h {Key}\nh ssh-ed25519 AAAA\nh {Key}\n", log);
        Assert.Equal(["kh:2", "kh:3", "kh:4", "kh:5", "kh:6"], log.Lines.Select(l => string.Join(':', l.Split(':')[..2])));
    }

    [Fact]
    public void Known_types_become_algorithms()
    {
        var known = KnownHosts.Parse("kh", $"[h]:2222 {Rsa}\n[h]:2222 {Key}\n@revoked [h]:2222 {KeyFixture.PublicOf("ecdsa256")}\n", NullLogger.Instance);
        Assert.Equal(["rsa-sha2-512", "rsa-sha2-256", "rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com", "ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com"], known.KnownAlgorithms(new Endpoint("H", 2222)));
        Assert.Empty(known.KnownAlgorithms(new Endpoint("h", 22)));
    }

    [Fact]
    public async Task Files_are_read_in_order_and_missing_ones_are_empty()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("b"), $"h {Other}\n", TestContext.Current.CancellationToken);
        var known = await KnownHosts.LoadAsync([folder.File("a"), folder.File("no/such"), folder.File("b"), "/dev/null"], NullLogger.Instance, TimeProvider.System, TestContext.Current.CancellationToken);
        var answer = known.Find("h", Key.Type, Key.Blob);
        Assert.Equal(KnownHostsVerdict.Changed, answer.Verdict);
        Assert.Equal(folder.File("b") + ":1", answer.Lines[0].Place);
    }

    [Fact]
    public async Task Lines_hashed_by_the_installed_ssh_keygen_match()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("kh");
        await File.WriteAllTextAsync(path, $"alpha,10.1.2.3 {Key}\n[beta.example]:2022 {Rsa} c\n", TestContext.Current.CancellationToken);
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo("ssh-keygen") { ArgumentList = { "-H", "-f", path }, RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("ssh-keygen is not installed");
            return;
        }
        using (process)
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, process.ExitCode);
        }
        var text = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        Assert.DoesNotContain("alpha", text, StringComparison.Ordinal);
        Assert.Equal(KnownHostsVerdict.Matches, Find(text, "alpha").Verdict);
        Assert.Equal(KnownHostsVerdict.Matches, Find(text, "10.1.2.3").Verdict);
        Assert.Equal(KnownHostsVerdict.Matches, Find(text, "[beta.example]:2022", Rsa).Verdict);
        Assert.Equal(KnownHostsVerdict.Changed, Find(text, "alpha", Other).Verdict);
    }

    [Fact]
    public void Many_stars_take_no_time()
    {
        var pattern = string.Concat(Enumerable.Repeat("*a", 2000));
        Assert.False(HostNames.Match(pattern + "b", new string('a', 4000)));
    }

    private sealed class ListLogger : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }
}
