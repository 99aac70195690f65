using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Net;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Tests.Broker;

public sealed class AdmissionTests
{
    private static readonly UserId Me = new("1000");
    private static readonly UserId Other = new("1001");
    private static readonly Endpoint Loopback = new("127.0.0.1", 4242);

    private static TunnelConfig Tunnel(TunnelKind kind, params string[]? users) =>
        new(TunnelSpec.Parse(kind, "ftp/1234:localhost:21")) { AllowUsers = users is { Length: > 0 } ? users : null };

    private static Admission Rule(TunnelConfig tunnel, bool superuser = false) =>
        Admission.For(tunnel, superuser ? new UserId("0") : Me, superuser, name => name switch { "me" => Me, "other" => Other, _ => null });

    private static Peer Local(UserId? owner) => new(Loopback, AddressKnowledge.Observed, owner, new Endpoint("127.0.0.1", 1234));

    [Fact]
    [Proves(ProofTables.Attacks, Attack.ControlPortTheft)]
    public void By_default_only_the_user_who_started_it_may_enter()
    {
        var rule = Rule(Tunnel(TunnelKind.Local));
        Assert.True(rule.Admits(Local(Me), out _));
        Assert.False(rule.Admits(Local(Other), out var reason));
        Assert.Contains("1001", reason, StringComparison.Ordinal);
        Assert.False(rule.Admits(Local(new UserId("0")), out _));
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.ControlPortTheft)]
    public void A_local_user_who_could_not_be_told_is_refused_even_by_root()
    {
        Assert.False(Rule(Tunnel(TunnelKind.Local)).Admits(Local(null), out _));
        Assert.False(Rule(Tunnel(TunnelKind.Local), superuser: true).Admits(Local(null), out _));
    }

    [Fact]
    public void Started_by_root_it_admits_every_local_user_unless_some_are_named()
    {
        Assert.True(Rule(Tunnel(TunnelKind.Local), superuser: true).Admits(Local(Other), out _));
        var narrowed = Rule(Tunnel(TunnelKind.Local, "me"), superuser: true);
        Assert.True(narrowed.Admits(Local(Me), out _));
        Assert.False(narrowed.Admits(Local(Other), out _));
    }

    [Fact]
    public void Naming_users_widens_too()
    {
        var rule = Rule(Tunnel(TunnelKind.Local, "me", "other"));
        Assert.True(rule.Admits(Local(Other), out _));
        Assert.False(rule.Admits(Local(new UserId("1002")), out _));
    }

    [Fact]
    public void A_name_that_nobody_has_is_a_mistake() =>
        Assert.Equal("no such user: nobody-here", Assert.Throws<ConfigException>(() => Rule(Tunnel(TunnelKind.Local, "nobody-here"))).Message);

    [Fact]
    public void What_comes_from_another_machine_or_through_the_server_has_no_user_here()
    {
        var elsewhere = new Peer(new Endpoint("192.0.2.7", 4242), AddressKnowledge.Observed, null, new Endpoint("192.0.2.1", 1234));
        Assert.True(Rule(Tunnel(TunnelKind.Local)).Admits(elsewhere, out _));
        Assert.True(Rule(Tunnel(TunnelKind.Remote)).Admits(new Peer(Loopback, AddressKnowledge.Claimed, null, null), out _));
    }

    [Fact]
    public void This_machine_by_its_own_address_is_still_this_machine()
    {
        var self = new Peer(new Endpoint("192.0.2.1", 4242), AddressKnowledge.Observed, Other, new Endpoint("192.0.2.1", 1234));
        Assert.False(Rule(Tunnel(TunnelKind.Local)).Admits(self, out _));
    }
}
