using System.Runtime.InteropServices;
using Culvert.Broker.Service;
using Xunit;

namespace Culvert.Tests.Broker.Service;

/// <summary>What Windows' service control manager says and is told, as its header has it.</summary>
public sealed class WindowsServiceTests
{
    [Theory]
    [InlineData(1, 0, "Stop")]
    [InlineData(5, 0, "Stop")]
    [InlineData(15, 0, "Stop")]
    [InlineData(6, 0, "Reload")]
    [InlineData(4, 0, "Tell")]
    [InlineData(13, 18, "Retry")]
    [InlineData(13, 7, "Retry")]
    [InlineData(13, 4, "Nothing")]
    [InlineData(13, 10, "Nothing")]
    [InlineData(2, 0, "Unknown")]
    [InlineData(14, 5, "Unknown")]
    [InlineData(128, 0, "Unknown")]
    public void A_code_has_a_meaning(uint control, uint kind, string wish) => Assert.Equal(wish, ServiceControls.Read(control, kind).ToString());

    [Fact]
    public void The_status_lies_in_memory_as_the_header_has_it()
    {
        var stopped = ServiceState.First.To(ServicePhase.Running).To(ServicePhase.Stopped, 255);
        Assert.Equal([0x10u, 2, 0, 0, 0, 1, 30_000], Words(ServiceState.First));
        Assert.Equal([0x10u, 2, 0, 0, 0, 2, 30_000], Words(ServiceState.First.To(ServicePhase.Starting)));
        Assert.Equal([0x10u, 4, 0x149, 0, 0, 0, 0], Words(ServiceState.First.To(ServicePhase.Running)));
        Assert.Equal([0x10u, 3, 0, 0, 0, 1, 30_000], Words(ServiceState.First.To(ServicePhase.Running).To(ServicePhase.Stopping)));
        Assert.Equal([0x10u, 1, 0, 1066, 255, 0, 0], Words(stopped));
        Assert.Equal([0x10u, 1, 0, 0, 0, 0, 0], Words(ServiceState.First.To(ServicePhase.Stopped)));

        static uint[] Words(ServiceState state) => MemoryMarshal.Cast<ServiceState, uint>(MemoryMarshal.CreateReadOnlySpan(in state, 1)).ToArray();
    }

    [Fact]
    public void Nothing_leads_back()
    {
        var stopping = ServiceState.First.To(ServicePhase.Stopping);
        Assert.Equal(stopping, stopping.To(ServicePhase.Running));
        Assert.Equal(2u, stopping.To(ServicePhase.Stopping).Step);
        var stopped = stopping.To(ServicePhase.Stopped, 3);
        Assert.Equal(stopped, stopped.To(ServicePhase.Stopped));
        Assert.Equal(stopped, stopped.To(ServicePhase.Running));
    }
}
