using Culvert.Ssh.Connection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Ssh;

/// <summary>When credit is held back can be seen from when it comes.</summary>
public sealed class HeldCreditTests
{
    private const int KiB = 1024;
    private const int Window = 2048 * KiB;

    private static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(100);

    private readonly FakeTimeProvider _time = new();
    private readonly HeldCredit _credit;

    public HeldCreditTests() => _credit = new HeldCredit(Window, _time);

    [Fact]
    public void Sshd_that_waits_for_acknowledgements_is_seen_through()
    {
        // OpenSSH 9.2 over a way of 100 ms, as it was recorded: how much came at once, each 100 to 102 ms after the one before.
        Assert.False(Clusters(isSpent: false, 128, 125));
        Assert.False(Clusters(isSpent: true, 256, 512, 1152, 896));
        Assert.True(Clusters(isSpent: true, 1152, 800, 1152));
    }

    [Fact]
    public void So_is_a_peer_whose_first_credit_alone_leaves_at_once() => Assert.True(Clusters(isSpent: true, 96, 1952, 96, 1952, 96, 1952));

    [Fact]
    public void Whole_windows_are_not_held_back() => Assert.False(Clusters(isSpent: true, [.. Enumerable.Repeat(2048, 20)]));

    [Fact]
    public void A_reader_that_takes_a_little_in_each_round_trip_is_only_slow() => Assert.False(Clusters(isSpent: true, [.. Enumerable.Repeat(96, 60)]));

    [Fact]
    public void A_sender_that_is_not_held_up_loses_nothing() => Assert.False(Clusters(isSpent: false, [.. Enumerable.Repeat(1024, 20)]));

    [Fact]
    public void Silences_by_chance_are_not_enough()
    {
        for (var i = 0; i < 5; i++)
        {
            Assert.False(Clusters(isSpent: true, [.. Enumerable.Repeat(1024, HeldCredit.Silences - 1)]));
            Assert.False(Clusters(isSpent: true, 2048, 2048));
        }
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.7)]
    [InlineData(1.6)]
    [InlineData(5)]
    public void Nor_are_silences_that_last_no_round_trip_or_longer(double roundTrips) =>
        Assert.False(Clusters(isSpent: true, RoundTrip * roundTrips, [.. Enumerable.Repeat(1024, 20)]));

    [Fact]
    public void Credit_that_streams_in_is_not_held_back()
    {
        for (var i = 0; i < 100; i++)
        {
            _time.Advance(RoundTrip / 20);
            Assert.False(_credit.Came(96 * KiB, isSpent: true, RoundTrip));
        }
    }

    private bool Clusters(bool isSpent, params IEnumerable<int> sizes) => Clusters(isSpent, RoundTrip + TimeSpan.FromMilliseconds(1), sizes);

    /// <summary>So much credit, in KiB, at once, each after such a silence; and whether that told of credit held back in the end.</summary>
    private bool Clusters(bool isSpent, TimeSpan silence, IEnumerable<int> sizes)
    {
        var isHeld = false;
        foreach (var size in sizes)
        {
            _time.Advance(silence);
            isHeld |= _credit.Came((uint)(size / 2 * KiB), isSpent, RoundTrip);
            isHeld |= _credit.Came((uint)((size - size / 2) * KiB), isSpent: false, RoundTrip);
        }
        return isHeld;
    }
}
