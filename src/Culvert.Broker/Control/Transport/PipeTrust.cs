namespace Culvert.Broker.Control;

/// <summary>Whom a broker's pipe lets in, and whose pipe a client believes; users by their SIDs. Pure.</summary>
internal static class PipeTrust
{
    /// <summary>The system's own account.</summary>
    public const string System = "S-1-5-18";

    /// <summary>The administrators: those who run as such, not all who could.</summary>
    public const string Administrators = "S-1-5-32-544";

    /// <summary>Everybody who comes over the network.</summary>
    public const string Network = "S-1-5-2";

    /// <summary>The access list of the pipe of a user's broker: the user, and those who may read its memory anyway, as root may use any broker; nobody from another machine.</summary>
    /// <returns>Whom a rule concerns, and whether it lets them in.</returns>
    public static IReadOnlyList<(string User, bool Allows)> Rules(string self) => [(Network, false), (self, true), (System, true), (Administrators, true)];

    /// <summary>Who owns the pipe: the administrators, when whoever makes it acts as one of them, else the user alone. What else a token may say, a group of many users, is nobody's business.</summary>
    /// <param name="self">The user.</param>
    /// <param name="usual">Who owns what the user makes, when nobody says otherwise.</param>
    public static string OwnerOf(string self, string? usual) => usual == Administrators ? Administrators : self;

    /// <summary>Whether a user believes a pipe that has this owner. Nobody can give a thing to another account without being an administrator; and who the service runs as, they have chosen.</summary>
    /// <param name="owner">The pipe's owner.</param>
    /// <param name="self">The client's user.</param>
    /// <param name="service">The account of Culvert's service; null: there is none.</param>
    public static bool Believes(string owner, string self, Func<string?> service) => owner == self || owner is System or Administrators || owner == service();
}
