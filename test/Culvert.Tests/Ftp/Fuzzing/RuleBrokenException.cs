namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>Something that must hold of every dialogue does not.</summary>
internal sealed class RuleBrokenException(string rule, string? transcript = null) : Exception(transcript is null ? rule : $"{rule}\n{transcript}")
{
    public static void Unless(bool holds, string rule)
    {
        if (!holds)
            throw new RuleBrokenException(rule);
    }
}
