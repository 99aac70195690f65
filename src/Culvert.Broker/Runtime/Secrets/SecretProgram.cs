using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Culvert.Broker.Runtime;

/// <summary>Runs a program whose first line of output is a secret. No shell sees its words, nothing of its output is kept, and it never outlives the wait for it.</summary>
internal static class SecretProgram
{
    /// <summary>What a program may complain of; more is not read by people.</summary>
    private const int LongestComplaint = 4096;

    /// <summary>A password manager that waits for somebody to unlock it takes this long; nobody waits longer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Runs it to its end.</summary>
    /// <param name="words">The program's full path, and its arguments.</param>
    /// <param name="patience">How long it may take, or <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="complain">Told what the program says on its error output, a line each, fit to show; null: it goes where ours goes.</param>
    /// <param name="cancellationToken">Kills the program.</param>
    /// <returns>The first line; null when the program ended with another status than 0, or said nothing.</returns>
    /// <exception cref="BrokerException">It can't be started, took too long, or said too much. The message never holds what it said.</exception>
    public static async ValueTask<string?> RunAsync(IReadOnlyList<string> words, TimeSpan patience, TimeProvider time, Action<string>? complain, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(words[0], words.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = complain is not null,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        // An answer is wanted, not a confirmation (ssh(1), SSH_ASKPASS_PROMPT).
        start.Environment.Remove("SSH_ASKPASS_PROMPT");
        using var limit = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var process = Start(start);
        try
        {
            process.StandardInput.Close();
            var complaints = complain is null ? Task.CompletedTask : RelayAsync(process.StandardError.BaseStream, complain, both.Token);
            var line = await ReadLineAsync(process.StandardOutput.BaseStream, words[0], both.Token).ConfigureAwait(false);
            await complaints.ConfigureAwait(false);
            await process.WaitForExitAsync(both.Token).ConfigureAwait(false);
            return process.ExitCode == 0 ? line : null;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new BrokerException(Message.Error(
                string.Create(CultureInfo.InvariantCulture, $"'{words[0]}' took longer than {patience.TotalSeconds:0} s and was ended."), "run it by hand to see what it waits for"));
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Splits a command at blanks; double quotes keep blanks together. Nothing else means anything: no variables, no patterns, no pipes.</summary>
    /// <exception cref="BrokerException">A quote isn't closed, there is no word, or the program's path isn't whole.</exception>
    public static IReadOnlyList<string> Words(string command)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var (quoted, started) = (false, false);
        foreach (var c in command)
        {
            if (c == '"')
            {
                (quoted, started) = (!quoted, true);
            }
            else if (c is ' ' or '\t' && !quoted)
            {
                if (started)
                    words.Add(word.ToString());
                word.Clear();
                started = false;
            }
            else
            {
                word.Append(c);
                started = true;
            }
        }
        if (quoted)
            throw new BrokerException(Message.Error("The command that prints the password has a quote that isn't closed.", "close it"));
        if (started)
            words.Add(word.ToString());
        // A bare name would be looked for in the current folder, too.
        return words.Count > 0 && Path.IsPathFullyQualified(words[0])
            ? words
            : throw new BrokerException(Message.Error("The program that prints the password must be named by its full path.", "say for instance --password-program '/usr/bin/pass show ftp'"));
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new Win32Exception("it did not start");
        }
        catch (Win32Exception e)
        {
            throw new BrokerException(Message.Error($"Can't run '{start.FileName}': {e.Message}", "check the program's path and that it may be executed"), e);
        }
    }

    /// <summary>Reads to the end, so that the program isn't stopped by a full pipe.</summary>
    private static async Task<string?> ReadLineAsync(Stream output, string program, CancellationToken cancellationToken)
    {
        var buffer = GC.AllocateArray<byte>(PasswordFile.LongestPassword + 1, pinned: true);
        try
        {
            var length = await output.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            if (length == buffer.Length)
                throw new BrokerException(Message.Error($"'{program}' printed more than {PasswordFile.LongestPassword} bytes.", "it is to print the password alone"));
            var line = buffer.AsSpan(0, length);
            if (line.IndexOfAny((byte)'\n', (byte)'\r') is var end and >= 0)
                line = line[..end];
            return line.IsEmpty ? null : Encoding.UTF8.GetString(line);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    private static async Task RelayAsync(Stream errors, Action<string> complain, CancellationToken cancellationToken)
    {
        var buffer = new byte[LongestComplaint];
        var length = await errors.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        await errors.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
        foreach (var line in Encoding.UTF8.GetString(buffer, 0, length).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            complain(Shown(line));
    }

    private static string Shown(string text) => string.Concat(text.Select(c =>
        char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}")
            : c.ToString()));
}
