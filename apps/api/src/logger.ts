import { type DestinationStream, type Logger, pino } from 'pino';
import type { Config } from './config.ts';

/** https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#logseverity */
const SEVERITIES: Readonly<Record<string, string>> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
};

/**
 * Writes lines of JSON that Cloud Logging understands: severity, message, time, `stack_trace` for Error Reporting.
 * Google's @google-cloud/pino-logging-gcp-config says the same, but brings the Cloud Logging client with it.
 * https://docs.cloud.google.com/logging/docs/structured-logging
 */
export function createLogger(config: Pick<Config, 'logLevel'>, destination?: DestinationStream): Logger {
  return pino(
    {
      level: config.logLevel,
      // Process and host are labels of the Cloud Run resource already.
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: {
        level: (label) => ({ severity: SEVERITIES[label] ?? 'DEFAULT' }),
        log: (line) => (line.err instanceof Error ? { ...line, stack_trace: line.err.stack } : line),
      },
      serializers: { err: describeError },
    },
    destination ?? standardOutput(),
  );
}

/** Lines that are held back at most. Bytes; then they are written at once. */
const MAX_HELD = 8 * 1024;

/**
 * Writes what was logged in one turn of the event loop together at its end: one call to the system for many requests,
 * and no line waits longer than those. A process that ends writes what is left.
 */
function standardOutput(): DestinationStream {
  const output = pino.destination({ fd: 1, sync: true, minLength: MAX_HELD });
  let scheduled = false;
  const flush = () => {
    scheduled = false;
    output.flushSync();
  };
  process.on('exit', flush);
  return {
    write(line: string) {
      output.write(line);
      if (scheduled) return;
      scheduled = true;
      setImmediate(flush);
    },
  };
}

interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  readonly code?: unknown;
  readonly cause?: ErrorDescription;
}

/** Named fields only: a Google client's error also carries the request with its headers, and the answer with its rows. */
function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  return {
    type: error.name,
    message: error.message,
    ...('code' in error && { code: error.code }),
    ...(error.cause instanceof Error && { cause: describeError(error.cause) }),
  };
}
