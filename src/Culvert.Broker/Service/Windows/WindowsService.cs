using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Culvert.Broker.Runtime;

namespace Culvert.Broker.Service;

/// <summary>This process as a Windows service. The service control manager started it, is told of each change, and says when it's to stop, to reload, or that the machine woke up. Thread-safe.</summary>
/// <remarks>One a process: the system calls back without saying whom.</remarks>
[SupportedOSPlatform("windows")]
public sealed partial class WindowsService : ServiceManager, IDisposable
{
    /// <summary>ERROR_FAILED_SERVICE_CONTROLLER_CONNECT: somebody typed it.</summary>
    private const int NotStartedByManager = 1063;

    // Answers to the manager: NO_ERROR, ERROR_CALL_NOT_IMPLEMENTED.
    private const uint Done = 0, NotImplemented = 120;

    private static WindowsService? s_this;

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ServiceState _state = ServiceState.First;
    private nint _handle;

    private WindowsService()
    {
    }

    /// <inheritdoc/>
    public override CancellationToken Stop => _stop.Token;

    /// <summary>Runs as a service, until that ends.</summary>
    /// <param name="run">What it does, from its start to its end; gives the exit code.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="BrokerException">It wasn't the service control manager who started this process.</exception>
    public static async Task<int> RunAsync(Func<WindowsService, Task<int>> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        using var service = new WindowsService();
        s_this = service;
        // The manager wants a thread to call from, for as long as the service runs.
        new Thread(service.Dispatch) { IsBackground = true, Name = "service control" }.Start();
        await (await Task.WhenAny(service._begun.Task, service._over.Task).ConfigureAwait(false)).ConfigureAwait(false);
        var code = 1;
        try
        {
            code = await run(service).ConfigureAwait(false);
        }
        finally
        {
            service.Tell(ServicePhase.Stopped, code);
        }
        await service._over.Task.ConfigureAwait(false);
        return code;
    }

    /// <inheritdoc/>
    public override void Ready(string status) => Tell(ServicePhase.Running);

    /// <inheritdoc/>
    /// <remarks>It serves from the first word on: a profile that waits for an answer must not hold up the machine's start.</remarks>
    public override void Status(string status) => Tell(ServicePhase.Running);

    /// <inheritdoc/>
    public override void Reloading(long monotonicMicroseconds)
    {
        // To this manager a service that reloads is one that runs.
    }

    /// <inheritdoc/>
    public override void Stopping() => Tell(ServicePhase.Stopping);

    /// <inheritdoc/>
    public override void Alive()
    {
        // This manager asks for no sign of life.
    }

    /// <summary>The manager calls no more.</summary>
    public void Dispose() => _stop.Dispose();

    private void Tell(ServicePhase phase, int exitCode = 0)
    {
        lock (_lock)
        {
            var next = _state.To(phase, exitCode);
            if (next == _state)
                return;
            _state = next;
            Report();
        }
    }

    private unsafe void Report()
    {
        lock (_lock)
        {
            var state = _state;
            // A manager that doesn't take it is gone, and the machine with it.
            _ = SetServiceStatus(_handle, &state);
        }
    }

    private unsafe void Dispatch()
    {
        fixed (char* name = WindowsServices.Name)
        {
            var table = stackalloc ServiceEntry[2];
            table[0] = new ServiceEntry { Name = name, Main = &OnStart };
            table[1] = default;
            if (StartServiceCtrlDispatcher(table))
                _over.TrySetResult();
            else
                _over.TrySetException(NotDispatched(Marshal.GetLastPInvokeError()));
        }
    }

    private static BrokerException NotDispatched(int error) => new(error == NotStartedByManager
        ? Message.Error("service run is for the service control manager to start.", "culvert broker runs one in the foreground; culvert service install makes a service of it")
        : Message.Error($"The service control manager can't be reached: {new Win32Exception(error).Message}", null));

    private unsafe void Begin()
    {
        fixed (char* name = WindowsServices.Name)
            _handle = RegisterServiceCtrlHandlerEx(name, &OnControl, 0);
        if (_handle == 0)
        {
            _over.TrySetException(NotDispatched(Marshal.GetLastPInvokeError()));
            return;
        }
        Report();
        _begun.TrySetResult();
    }

    private uint Control(uint control, uint kind)
    {
        switch (ServiceControls.Read(control, kind))
        {
            case ServiceWish.Stop:
                Tell(ServicePhase.Stopping);
                _stop.Cancel();
                return Done;
            case ServiceWish.Reload:
                WantReload();
                return Done;
            case ServiceWish.Retry:
                HaveWoken();
                return Done;
            case ServiceWish.Tell:
                Report();
                return Done;
            case ServiceWish.Nothing:
                return Done;
            default:
                return NotImplemented;
        }
    }

    // ServiceMain may return as soon as the handler is registered: the service runs until it says that it's stopped.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvStdcall)])]
    private static unsafe void OnStart(uint count, char** words) => s_this!.Begin();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvStdcall)])]
    private static unsafe uint OnControl(uint control, uint kind, void* data, void* context) => s_this!.Control(control, kind);

    [LibraryImport("advapi32.dll", EntryPoint = "StartServiceCtrlDispatcherW", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static unsafe partial bool StartServiceCtrlDispatcher(ServiceEntry* table);

    [LibraryImport("advapi32.dll", EntryPoint = "RegisterServiceCtrlHandlerExW", SetLastError = true)]
    private static unsafe partial nint RegisterServiceCtrlHandlerEx(char* name, delegate* unmanaged[Stdcall]<uint, uint, void*, void*, uint> handler, nint context);

    [LibraryImport("advapi32.dll", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static unsafe partial bool SetServiceStatus(nint handle, ServiceState* state);

    /// <summary>SERVICE_TABLE_ENTRY.</summary>
    private unsafe struct ServiceEntry
    {
        public char* Name;
        public delegate* unmanaged[Stdcall]<uint, char**, void> Main;
    }
}
