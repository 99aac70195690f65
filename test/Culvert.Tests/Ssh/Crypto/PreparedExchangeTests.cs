using Culvert.Ssh.Crypto;
using Culvert.Tests.Ssh.Transport;
using Xunit;

namespace Culvert.Tests.Ssh.Crypto;

public sealed class PreparedExchangeTests
{
    private const string Sntrup = "sntrup761x25519-sha512", MlKem = "mlkem768x25519-sha256", Curve = "curve25519-sha256";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Sntrup, MlKem, Sntrup, Curve)]
    [InlineData("sntrup761x25519-sha512@openssh.com", "sntrup761x25519-sha512@openssh.com", Sntrup)]
    [InlineData(MlKem, MlKem, Curve, Sntrup)]
    [InlineData(Curve, Curve, Sntrup)]
    public void The_dearest_preferred_method_is_prepared(string chosen, params string[] methods) => Assert.Equal(chosen, PreparedExchange.Choose(methods));

    [Fact]
    public async Task A_run_is_handed_out_once_and_only_under_its_name()
    {
        await using var prepared = PreparedExchange.Start(new() { KeyExchange = [Sntrup] });
        Assert.Null(await prepared.TakeAsync(Curve));
        using var run = await prepared.TakeAsync(Sntrup);
        Assert.NotNull(run);
        Assert.Null(await prepared.TakeAsync(Sntrup));
    }

    [Theory]
    [InlineData(Sntrup)]
    [InlineData(Curve)]
    [InlineData("ecdh-sha2-nistp256")]
    [InlineData("diffie-hellman-group-exchange-sha256")]
    public async Task The_prepared_run_is_the_first_exchange_and_no_later_one(string method)
    {
        var algorithms = new AlgorithmPreferences { KeyExchange = [method] };
        await using var prepared = PreparedExchange.Start(algorithms);
        await using var pair = await TransportPair.CreateAsync(new() { Algorithms = algorithms, Prepared = prepared }, new() { Algorithms = algorithms }, Cancelled);
        Assert.Null(await prepared.TakeAsync(method));
        var (near, far) = (pair.ClientSide.ReceiveAsync(Cancelled).AsTask(), pair.ServerSide.ReceiveAsync(Cancelled).AsTask());
        await pair.ClientSide.RekeyAsync(Cancelled);
        Assert.Equal(2, pair.ClientSide.KeyExchanges);
        await pair.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => near);
        await Assert.ThrowsAnyAsync<Exception>(() => far);
    }

    [Fact]
    public async Task A_wrong_guess_does_no_harm()
    {
        var algorithms = new AlgorithmPreferences { KeyExchange = [MlKem, Sntrup, Curve] };
        await using var prepared = PreparedExchange.Start(algorithms);
        await using var pair = await TransportPair.CreateAsync(
            new() { Algorithms = algorithms, Prepared = prepared }, new() { Algorithms = new() { KeyExchange = [Curve] } }, Cancelled);
        Assert.Equal(Curve, pair.ClientSide.Negotiated.KeyExchange);
        using var left = await prepared.TakeAsync(Sntrup);
        Assert.NotNull(left);
    }
}
