using System.Globalization;
using System.Text;
using Culvert.Interop.Processes;

namespace Culvert.Interop.Proofs;

/// <summary>A page below <c>docs/proof</c>: what was run, when, where, and what came of it. Only the full forms write one.</summary>
internal sealed class ProofPage(string title, string filter)
{
    private readonly StringBuilder _text = new();

    public ProofPage Paragraph(string text)
    {
        _text.Append(text).Append("\n\n");
        return this;
    }

    public ProofPage Heading(string text) => Paragraph("## " + text);

    /// <summary>A table; numbers are cells of their own, aligned by the reader's browser.</summary>
    public ProofPage Table(IReadOnlyList<string> head, IEnumerable<IReadOnlyList<object>> rows)
    {
        Row(head);
        Row(head.Select(_ => "---"));
        foreach (var row in rows)
        {
            Row(row);
        }

        _text.Append('\n');
        return this;

        void Row(IEnumerable<object> cells) => _text.Append("| ")
            .AppendJoin(" | ", cells.Select(cell => Convert.ToString(cell, CultureInfo.InvariantCulture))).Append(" |\n");
    }

    /// <summary>Writes the page when this is a full run; a shortened one proves too little to be kept.</summary>
    public async Task SaveAsync(string name, CancellationToken cancellation)
    {
        if (!InteropConfiguration.IsLong)
        {
            return;
        }

        var today = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var machine = string.Concat((await Machine.DescribeAsync(cancellation)).Select(line => $"- {line}\n"));
        var folder = Directory.CreateDirectory(Path.Combine(Peers.Repository, "docs", "proof"));
        await File.WriteAllTextAsync(
            Path.Combine(folder.FullName, name),
            $"# {title}\n\nWritten by the tests on {today}; the same again: `{ProofRun.CommandFor(filter)}`\n\n{machine}\n{_text.ToString().TrimEnd()}\n",
            cancellation);
    }
}
