using Microsoft.Extensions.Time.Testing;

namespace Culvert.Tests.Broker.Service;

/// <summary>A wall clock that can jump, and a monotonic one that doesn't follow: what a program sees that slept.</summary>
internal sealed class TwoClocks : FakeTimeProvider
{
    public TimeSpan WallOnly { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + WallOnly;
}
