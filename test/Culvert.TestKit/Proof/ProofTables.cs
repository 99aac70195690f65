using System.Reflection;

namespace Culvert.TestKit.Proof;

/// <summary>The tables of <c>docs/proof/ftp-conformance.md</c> to which tests in memory and tests with real peers add, and the rows that they must prove.</summary>
public static class ProofTables
{
    /// <summary>The heading of the column that names tests.</summary>
    public const string Test = "Test";

    /// <summary>The heading of the column that names real peers.</summary>
    public const string With = "With";

    /// <summary>Each verb, and what becomes of it.</summary>
    public const string Commands = "Commands";

    /// <summary>Each attack, and what stops it.</summary>
    public const string Attacks = "Attacks";

    /// <summary>Behaviour that is neither: out-of-band data, pipelining, sizes, events.</summary>
    public const string Dialogue = "Dialogue";

    /// <summary>How a test is named on a page.</summary>
    public static string NameOf(MethodInfo method)
    {
        ArgumentNullException.ThrowIfNull(method);
        return $"{method.ReflectedType!.Name}.{method.Name}";
    }
}
