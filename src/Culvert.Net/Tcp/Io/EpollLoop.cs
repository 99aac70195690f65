using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Culvert.Net.Tcp.Io;

/// <summary>One thread that waits for many sockets (epoll, Linux) and runs right there what waited for them. Level-triggered: a socket that goes on waiting costs no
/// system call, one for which nobody waits is left out at its next event.</summary>
internal sealed partial class EpollLoop
{
    public const uint Readable = 0x001, Writable = 0x004;

    /// <summary>Error or hang-up: told whether one asked or not.</summary>
    private const uint Broken = 0x008 | 0x010;

    private const int Add = 1, Delete = 2, Modify = 3;
    private const int CloseOnExec = 0x80000;
    private const int Interrupted = 4;

    /// <summary>Sockets that are ready at a time; those beyond it come next.</summary>
    private const int MaximumEvents = 64;

    private static readonly Lazy<EpollLoop?> s_shared = new(Start);

    private readonly int _epoll;
    private readonly Lock _gate = new();
    private readonly Dictionary<long, Registration> _registrations = [];
    private long _lastKey;
    private long _turns;

    private EpollLoop(int epoll)
    {
        _epoll = epoll;
        new Thread(Run) { IsBackground = true, Name = "Culvert I/O" }.Start();
    }

    /// <summary>The loop of this process, begun with its first socket; null where the system has no epoll.</summary>
    public static EpollLoop? Shared => s_shared.Value;

    /// <summary>How many sockets it knows, for tests that look for leaks.</summary>
    public int Sockets
    {
        get
        {
            lock (_gate)
                return _registrations.Count;
        }
    }

    /// <summary>How often the loop was told of something, for tests that count it.</summary>
    public long Turns => Interlocked.Read(ref _turns);

    /// <summary>Takes a socket in; nothing is waited for yet.</summary>
    public Registration Register(SafeSocketHandle socket)
    {
        lock (_gate)
        {
            var registration = new Registration(this, socket, ++_lastKey);
            _registrations.Add(registration.Key, registration);
            return registration;
        }
    }

    /// <summary>A loop of its own, for tests that count its turns.</summary>
    internal static EpollLoop? Start() =>
        OperatingSystem.IsLinux() && EpollCreate(CloseOnExec) is var epoll and >= 0 ? new(epoll) : null;

    private void Run()
    {
        Span<byte> events = stackalloc byte[MaximumEvents * Event.Size];
        while (true)
        {
            var count = EpollWait(_epoll, ref events[0], MaximumEvents, Timeout.Infinite);
            if (count < 0 && Marshal.GetLastPInvokeError() is var error and not Interrupted)
                throw new InvalidOperationException($"epoll_wait failed with error {error}");
            Interlocked.Increment(ref _turns);
            Turn.Begin();
            for (var i = 0; i < count; i++)
            {
                var (ready, key) = Event.Read(events[(i * Event.Size)..]);
                if (Find(key) is { } registration)
                    registration.OnReady(ready);
            }
            Turn.End();
        }
    }

    private Registration? Find(long key)
    {
        lock (_gate)
            return _registrations.GetValueOrDefault(key);
    }

    private void Forget(long key)
    {
        lock (_gate)
            _registrations.Remove(key);
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollControl(int epoll, int operation, SafeSocketHandle socket, ref byte change);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int EpollWait(int epoll, ref byte events, int maximum, int timeout);

    /// <summary>A socket of the loop and the two that may wait for it: its receiver and its sender.</summary>
    internal sealed class Registration(EpollLoop loop, SafeSocketHandle socket, long key)
    {
        private readonly Lock _gate = new();
        private readonly Signal _readable = new();
        private readonly Signal _writable = new();
        private uint _awaited;
        private uint _watched;
        private bool _isKnown;
        private bool _isClosed;

        public long Key => key;

        /// <summary>Waits until it is ready in one of both ways. It may come back too early; whoever waited tries, and waits again.</summary>
        /// <exception cref="ObjectDisposedException">It was closed.</exception>
        public ValueTask WaitAsync(uint way, CancellationToken cancellationToken)
        {
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_isClosed, this);
                _awaited |= way;
                if ((_watched & way) == 0)
                    Watch(_watched | way);
            }
            return (way == Readable ? _readable : _writable).WaitAsync(cancellationToken);
        }

        /// <summary>On the loop: wakes who waits for it. A receiver will mostly wait again; room to send is rarely waited for, and what nobody waits for would be told
        /// again and again: those are watched no longer.</summary>
        public void OnReady(uint ready)
        {
            uint woken;
            lock (_gate)
            {
                if (_isClosed)
                    return;
                var happened = (ready & Broken) != 0 ? Readable | Writable : ready & (Readable | Writable);
                woken = happened & _awaited;
                _awaited &= ~woken;
                try
                {
                    if ((ready & Broken) != 0 && woken == 0)
                        Leave();
                    else if ((happened & _watched & ~(woken & Readable)) is var idle and not 0)
                        Watch(_watched & ~idle);
                }
                catch (Exception e) when (e is ObjectDisposedException or SocketException)
                {
                    // Gone, or not to be watched any more. The loop belongs to all sockets and goes on; who waits for this one tries it, and finds out.
                    woken = Readable | Writable;
                    _awaited = 0;
                }
            }
            if ((woken & Readable) != 0)
                _readable.Set(here: true);
            if ((woken & Writable) != 0)
                _writable.Set(here: true);
        }

        /// <summary>Closes the socket, which takes it out of the loop. Whoever waits is woken, and finds it closed.</summary>
        public void Close(Socket owner)
        {
            lock (_gate)
            {
                if (_isClosed)
                    return;
                _isClosed = true;
            }
            owner.Dispose();
            loop.Forget(key);
            _readable.Set();
            _writable.Set();
        }

        private void Watch(uint ways)
        {
            _watched = ways;
            Control(_isKnown ? Modify : Add);
            _isKnown = true;
        }

        /// <summary>Broken, and nobody wants to know: it would be told again and again.</summary>
        private void Leave()
        {
            _watched = 0;
            _isKnown = false;
            Control(Delete);
        }

        private void Control(int operation)
        {
            Span<byte> change = stackalloc byte[Event.Size];
            Event.Write(change, _watched, key);
            if (EpollControl(loop._epoll, operation, socket, ref change[0]) < 0)
                throw new SocketException((int)SocketError.NoBufferSpaceAvailable); // the only reasons: out of memory, or of what one user may watch
        }
    }

    /// <summary><c>struct epoll_event</c>: uint32 events, uint64 data; packed on x86-64 alone.</summary>
    private static class Event
    {
        private static readonly int s_data = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

        public static int Size => s_data + 8;

        public static (uint Events, long Key) Read(ReadOnlySpan<byte> of) => (MemoryMarshal.Read<uint>(of), MemoryMarshal.Read<long>(of[s_data..]));

        public static void Write(Span<byte> into, uint events, long key)
        {
            MemoryMarshal.Write(into, events);
            MemoryMarshal.Write(into[s_data..], key);
        }
    }
}
