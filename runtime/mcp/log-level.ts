/** Levels of log messages (RFC 5424, 6.2.1; MCP, LoggingLevel), from the least to the worst. */
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

/** Whether a value is one of the levels. */
export const isLogLevel = (value: unknown): boolean => typeof value === 'string' && LEVELS.includes(value);

/** Whether a log message of `level` is asked for by a client that wants `wanted` and worse. */
export const wantsLevel = (level: unknown, wanted: string | undefined): boolean =>
  wanted !== undefined && typeof level === 'string' && LEVELS.indexOf(level) >= LEVELS.indexOf(wanted);
