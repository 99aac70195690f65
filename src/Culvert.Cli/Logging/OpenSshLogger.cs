using Culvert.Broker.Config;
using Culvert.Cli.Terminal;
using Microsoft.Extensions.Logging;

namespace Culvert.Cli.Logging;

/// <summary>Messages of the libraries in OpenSSH's manner: <c>debug1: …</c> for <c>-v</c>, more with each further one, plain text above that.
/// Where they go is the screen's affair.</summary>
internal sealed class OpenSshLogger(Screen screen, Verbosity verbosity) : ILoggerProvider, ILogger, ILoggerFactory
{
    /// <summary>One for all categories: OpenSSH's lines name none.</summary>
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("everything goes to one place");

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => Needed(logLevel) is { } needed && verbosity >= needed;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        var text = Prefix(logLevel) + Printable.Line(formatter(state, exception));
        // What broke is named by type and message; where, only for those who look that deep.
        if (exception is not null)
            text += verbosity >= Verbosity.Debug2 ? Environment.NewLine + exception : $" ({exception.GetType().Name}: {Printable.Line(exception.Message)})";
        screen.WriteLine(text);
    }

    public void Dispose()
    {
        // Owns nothing.
    }

    // What the libraries call information is a step of the work: a user who asked for nothing wants none of it.
    private static Verbosity? Needed(LogLevel level) => level switch
    {
        LogLevel.Trace => Verbosity.Debug2,
        LogLevel.Debug => Verbosity.Debug1,
        LogLevel.Information => Verbosity.Verbose,
        LogLevel.Warning => Verbosity.Info,
        LogLevel.Error => Verbosity.Error,
        LogLevel.Critical => Verbosity.Fatal,
        _ => null,
    };

    private static string Prefix(LogLevel level) => level switch
    {
        LogLevel.Trace => "debug2: ",
        LogLevel.Debug => "debug1: ",
        LogLevel.Warning => "Warning: ",
        _ => "",
    };
}
