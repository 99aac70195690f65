using CsCheck;
using Xunit;

namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>Random dialogues, of sane and of hostile peers.</summary>
public sealed class DialogueFuzzTests
{
    private const int ShortestDialogue = 20;
    private const int LongestDialogue = 120;

    private static readonly Gen<uint[]> Dialogues = Gen.UInt.Array[ShortestDialogue, LongestDialogue];

    [Fact]
    public void WhateverIsSaidAndHappensNoRuleIsBroken() => Dialogues.Sample(Dialogue.Hold, iter: 20_000);
}
