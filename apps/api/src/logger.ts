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
 * Logs JSON lines for Cloud Logging: severity, message, time, and `stack_trace` for Error Reporting. Google's
 * @google-cloud/pino-logging-gcp-config does the same but depends on the Cloud Logging client.
 * https://docs.cloud.google.com/logging/docs/structured-logging
 */
export function createLogger(config: Pick<Config, 'logLevel'>, destination: DestinationStream): Logger {
  return pino(
    {
      level: config.logLevel,
      // Cloud Run adds labels for the process and host.
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: {
        level: (label) => ({ severity: SEVERITIES[label] ?? 'DEFAULT' }),
        log: (line) => (line.err instanceof Error ? { ...line, stack_trace: line.err.stack } : line),
      },
      serializers: { err: describeError },
    },
    destination,
  );
}

interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  readonly code?: unknown;
  readonly cause?: ErrorDescription;
}

/** Selected fields only: errors of Google clients also carry the request's headers and the response's rows. */
function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  return {
    type: error.name,
    message: error.message,
    ...('code' in error && { code: error.code }),
    ...(error.cause instanceof Error && { cause: describeError(error.cause) }),
  };
}
