namespace Culvert.Ssh.Transport;

/// <summary>Carries whole SSH payloads (RFC 4253 §6, without length, padding and MAC) in order, both ways. What wraps it
/// (rekeying, a test's fault at the n-th packet) is one itself.</summary>
/// <remarks>One task receives, one task writes; the two may run at once.</remarks>
internal interface IPacketTransport : IAsyncDisposable
{
    /// <summary>Waits for the next payload. It is lent: valid until the next call.</summary>
    /// <exception cref="SshConnectionException">The connection is dead; every later call says the same.</exception>
    ValueTask<ReadOnlyMemory<byte>> ReceiveAsync(CancellationToken cancellationToken);

    /// <summary>Seals a payload into the send buffer; the caller may reuse its memory when the task has completed. Completes at once
    /// unless the buffer is full (it is then sent first) or the keys are being changed (it then waits).</summary>
    /// <exception cref="SshConnectionException">The connection is dead.</exception>
    ValueTask WriteAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken);

    /// <summary>Sends what was sealed.</summary>
    /// <exception cref="SshConnectionException">The connection is dead.</exception>
    ValueTask FlushAsync(CancellationToken cancellationToken);
}
