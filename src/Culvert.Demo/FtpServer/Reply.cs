using System.Globalization;
using System.Text;

namespace Culvert.Demo.FtpServer;

/// <summary>A reply (RFC 959 §4.2): a code and a text, or several lines of it.</summary>
internal readonly record struct Reply(int Code, string Text)
{
    /// <summary>Lines between the first and the last. Each gets a leading blank, so that none can be taken for the end (RFC 2389 §3.2).</summary>
    public IReadOnlyList<string> Between { get; init; } = [];

    /// <summary>The first line of several.</summary>
    public string First { get; init; } = "";

    /// <summary>As it goes over the wire.</summary>
    public byte[] ToBytes()
    {
        var text = new StringBuilder();
        if (Between.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{Code}-{First}\r\n");
            foreach (string line in Between) text.Append(CultureInfo.InvariantCulture, $" {line}\r\n");
        }
        text.Append(CultureInfo.InvariantCulture, $"{Code} {Text}\r\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Code} {Text}");
}
