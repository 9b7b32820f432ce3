import pino from 'pino';
import type { TelemetryNode } from '../../schema/graph/graph.ts';
import type { LineDestination } from './destination.ts';
import { prettyLine } from './pretty-line.ts';
import { redactLine, SECRET_FIELDS } from './redact.ts';
import { escapeInvisible } from './safe-text.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What belongs to a message. An Error goes under `error` or `cause`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Tells operators what happens. Messages are lowercase facts; what varies is in the fields. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose lines all carry these fields. */
  child(fields: LogFields): Log;
}

/** The log that the process has one of. */
export interface RootLog extends Log {
  /** Takes over level and format; logs made by `child` follow. */
  configure(node: TelemetryNode['log']): void;
}

const wrap = (level: () => string, logger: pino.Logger): Log => {
  const at =
    (name: LogLevel) =>
    (message: string, fields?: LogFields): void => {
      if (logger.level !== level()) logger.level = level();
      if (fields === undefined) logger[name](message);
      else logger[name](fields, message);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => wrap(level, logger.child(fields)),
  };
};

/** Logs to `destination` as one JSON object a line, or as text for terminals. Credentials never get into it. */
export const createLog = (node: TelemetryNode['log'], destination: LineDestination): RootLog => {
  let { level, format } = node;
  const line = (json: string): string => {
    const safe = escapeInvisible(redactLine(json));
    return format === 'pretty' ? prettyLine(safe) : safe;
  };
  const { err } = pino.stdSerializers;
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: err, cause: err },
      redact: { paths: SECRET_FIELDS, censor: '[redacted]' },
      hooks: { streamWrite: line },
    },
    destination,
  );
  return {
    ...wrap(() => level, logger),
    configure: (next) => {
      ({ level, format } = next);
    },
  };
};
