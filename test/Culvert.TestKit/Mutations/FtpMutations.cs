namespace Culvert.TestKit.Mutations;

/// <summary>The defences of the FTP relay, each without its one check. A check that changes its words changes them here, too; a new defence comes with
/// a line here.</summary>
public static partial class FtpMutations
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Mutation> All => [.. OfReading, .. OfDialogue, .. OfTransfers, .. OfShell];
}
