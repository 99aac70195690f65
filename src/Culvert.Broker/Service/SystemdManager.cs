using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Culvert.Net.Unix;

namespace Culvert.Broker.Service;

/// <summary>Tells systemd how things are (sd_notify(3)): a datagram to the socket that it named. Without one, nobody is told. Thread-safe.</summary>
public sealed class SystemdManager : ServiceManager
{
    private readonly string? _socket;
    private readonly Action<string> _complain;
    private readonly TimeSpan? _watchdog;
    private int _hasComplained;

    /// <param name="socket">The socket's path or, with an @ in front, its abstract name; null: nobody wants to know.</param>
    /// <param name="watchdog">A sign of life is wanted within this time; null: none is.</param>
    /// <param name="complain">Told once when it can't be reached.</param>
    public SystemdManager(string? socket, TimeSpan? watchdog, Action<string> complain) => (_socket, _watchdog, _complain) = (socket, watchdog, complain);

    /// <summary>How long a state waits for room in the queue, which is short (ten on Linux): a state that systemd never hears of is not told again, and it would end the service.
    /// A sign of life is.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public override TimeSpan? Watchdog => _watchdog;

    /// <summary>As the environment says it. Takes the words out of it: programs that we start aren't the service.</summary>
    public static SystemdManager FromEnvironment(Action<string> complain)
    {
        var socket = Environment.GetEnvironmentVariable("NOTIFY_SOCKET");
        var forUs = Environment.GetEnvironmentVariable("WATCHDOG_PID") is not { Length: > 0 } pid || pid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        TimeSpan? watchdog = forUs && long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0
            ? TimeSpan.FromMicroseconds(microseconds)
            : null;
        foreach (var name in (ReadOnlySpan<string>)["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"])
            Environment.SetEnvironmentVariable(name, null);
        return new SystemdManager(string.IsNullOrEmpty(socket) ? null : socket, watchdog, complain);
    }

    /// <inheritdoc/>
    public override void Ready(string status) => Send($"READY=1\nSTATUS={status}\n", Patience);

    /// <inheritdoc/>
    public override void Status(string status) => Send($"STATUS={status}\n", Patience);

    /// <inheritdoc/>
    public override void Reloading(long monotonicMicroseconds) => Send(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={monotonicMicroseconds}\n"), Patience);

    /// <inheritdoc/>
    public override void Stopping() => Send("STOPPING=1\nSTATUS=stopping\n", Patience);

    /// <inheritdoc/>
    public override void Alive() => Send("WATCHDOG=1\n", TimeSpan.Zero);

    private void Send(string state, TimeSpan patience)
    {
        if (_socket is null)
            return;
        try
        {
            UnixSockets.SendDatagram(_socket, Encoding.UTF8.GetBytes(state), patience);
        }
        catch (SocketException e)
        {
            if (Interlocked.Exchange(ref _hasComplained, 1) == 0)
                _complain($"the service manager at {_socket} can't be told: {e.Message}");
        }
    }
}
