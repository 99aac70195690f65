using System.Text;
using Culvert.Broker.Config;
using Xunit;

namespace Culvert.Tests.Broker;

/// <summary>In which encodings a configuration file may come.</summary>
public sealed class TextFileTests
{
    public static TheoryData<string, string, bool> Encodings => new()
    {
        { "utf-8", "UTF-8", false }, { "utf-8", "UTF-8", true }, { "utf-16", "UTF-16", true }, { "utf-16", "UTF-16", false }, { "utf-16BE", "UTF-16", true }, { "utf-16BE", "UTF-16", false },
        { "iso-8859-1", "ISO-8859-1", false }, { "iso-8859-1", "windows-1252", false },
    };

    [Theory]
    [MemberData(nameof(Encodings))]
    public void Every_usual_one_is_read(string encoding, string name, bool hasMark)
    {
        var how = Encoding.GetEncoding(encoding);
        var bytes = how.GetBytes($"<?xml version=\"1.0\" encoding=\"{name}\"?>\r\n<profiles name=\"Müller\"/>\n");
        using var file = new MemoryStream([.. hasMark ? how.GetPreamble() : [], .. bytes]);
        Assert.Equal([$"<?xml version=\"1.0\" encoding=\"{name}\"?>", "<profiles name=\"Müller\"/>"], TextFile.Read(file, 1000));
    }

    [Fact]
    public void What_never_ends_is_given_up()
    {
        using var endless = new Endless();
        Assert.Null(TextFile.Read(endless, 100_000));
    }

    private sealed class Endless : MemoryStream
    {
        public override int Read(Span<byte> buffer)
        {
            buffer.Fill((byte)'a');
            return buffer.Length;
        }
    }
}
