using System.Reflection;
using Xunit;
using Xunit.v3;

namespace Culvert.TestKit.Proof;

/// <summary>The test, when it passes, is a proof of a row of <c>docs/proof/ftp-conformance.md</c>.</summary>
/// <param name="table">The table; see <see cref="ProofTables"/>.</param>
/// <param name="row">The row, as it stands in the first column.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class ProvesAttribute(string table, string row) : BeforeAfterTestAttribute
{
    /// <summary>The table.</summary>
    public string Table => table;

    /// <summary>The row.</summary>
    public string Row => row;

    /// <summary>The real peers of the test; the tests in memory have none.</summary>
    public string With { get; init; } = "(in memory)";

    /// <inheritdoc/>
    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (TestContext.Current.TestState?.Result != TestResult.Passed)
            return;
        ProofLog.Add(table, row, ProofTables.Test, ProofTables.NameOf(methodUnderTest));
        if (table == ProofTables.Dialogue)
            ProofLog.Add(table, row, ProofTables.With, With);
    }
}
