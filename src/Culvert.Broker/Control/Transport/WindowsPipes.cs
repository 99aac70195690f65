using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;
using Culvert.Broker.Service;

namespace Culvert.Broker.Control;

/// <summary>Windows' own named pipes.</summary>
[SupportedOSPlatform("windows")]
internal sealed partial class WindowsPipes : IPipes
{
    private const int Buffer = 64 * 1024, FileNotFound = 2;

    // A pipe that is busy is one that's there; 0 would mean the pipe's own default, half a second.
    private const uint ShortestWait = 1;

    /// <inheritdoc/>
    public bool IsServed(string name) => WaitNamedPipe(PipeName.Prefix + name, ShortestWait) || Marshal.GetLastPInvokeError() != FileNotFound;

    /// <inheritdoc/>
    public NamedPipeServerStream Serve(string name, bool isFirst) => NamedPipeServerStreamAcl.Create(
        name, PipeDirection.InOut, NamedPipeServerStream.MaxAllowedServerInstances, PipeTransmissionMode.Byte,
        PipeOptions.Asynchronous | (isFirst ? PipeOptions.FirstPipeInstance : PipeOptions.None), Buffer, Buffer, Access());

    // Whoever serves the name learns who we are, and can't act as us.
    public NamedPipeClientStream Client(string name) => new(".", name, PipeDirection.InOut, PipeOptions.Asynchronous, TokenImpersonationLevel.Identification);

    /// <inheritdoc/>
    public bool Believes(NamedPipeClientStream connected)
    {
        using var self = WindowsIdentity.GetCurrent();
        return connected.GetAccessControl().GetOwner(typeof(SecurityIdentifier)) is SecurityIdentifier owner
            && PipeTrust.Believes(owner.Value, self.User!.Value, () => WindowsServices.AccountOf(WindowsServices.Name));
    }

    private static PipeSecurity Access()
    {
        using var self = WindowsIdentity.GetCurrent();
        var access = new PipeSecurity();
        access.SetAccessRuleProtection(isProtected: true, preserveInheritance: false);
        access.SetOwner(new SecurityIdentifier(PipeTrust.OwnerOf(self.User!.Value, self.Owner?.Value)));
        foreach (var (user, allows) in PipeTrust.Rules(self.User!.Value))
            access.AddAccessRule(new PipeAccessRule(new SecurityIdentifier(user), PipeAccessRights.FullControl, allows ? AccessControlType.Allow : AccessControlType.Deny));
        return access;
    }

    [LibraryImport("kernel32.dll", EntryPoint = "WaitNamedPipeW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool WaitNamedPipe(string name, uint milliseconds);
}
