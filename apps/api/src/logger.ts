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
    destination ?? pino.destination({ fd: 1, sync: true }),
  );
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
