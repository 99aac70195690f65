using Culvert.Broker.Audit;
using Culvert.Broker.Config;
using Culvert.Cli.Terminal;
using Microsoft.Extensions.Logging;

namespace Culvert.Cli.Logging;

/// <summary>Messages of the libraries in a broker's log, as much as is wanted at the moment.</summary>
internal sealed class BrokerLogger(AuditLog log, Func<Verbosity> verbosity) : ILogger, ILoggerFactory
{
    /// <summary>One for all categories.</summary>
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("everything goes to one place");

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel switch
    {
        LogLevel.Trace => verbosity() >= Verbosity.Debug2,
        LogLevel.Debug => verbosity() >= Verbosity.Debug1,
        LogLevel.Information => verbosity() >= Verbosity.Verbose,
        LogLevel.None => false,
        _ => verbosity() >= Verbosity.Error,
    };

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        var text = Printable.Line(formatter(state, exception));
        if (exception is not null)
            text = $"{text} ({exception.GetType().Name}: {Printable.Line(exception.Message)})";
        log.Write(new AuditEvent(AuditNames.Debug, logLevel switch
        {
            LogLevel.Error or LogLevel.Critical => AuditSeverity.Error,
            LogLevel.Warning => AuditSeverity.Warning,
            _ => AuditSeverity.Informational,
        }, [new("id", eventId.Id), new("text", text)]));
    }

    public void Dispose()
    {
        // Owns nothing.
    }
}
