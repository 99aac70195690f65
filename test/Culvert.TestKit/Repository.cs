namespace Culvert.TestKit;

/// <summary>The tree that the tests were built from.</summary>
public static class Repository
{
    /// <summary>Its root.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Culvert.slnx")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("no Culvert.slnx above the tests");
    }
}
