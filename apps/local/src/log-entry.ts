import { isObject, REPOSITORY } from '@records/stack';

/** Severities of Cloud Logging that need attention, and how they are shown. */
export const LOUD: Readonly<Record<string, 'warning' | 'error'>> = {
  WARNING: 'warning',
  ERROR: 'error',
  CRITICAL: 'error',
  ALERT: 'error',
  EMERGENCY: 'error',
};

/** A line in Cloud Logging's format, as the API writes it. */
export interface LogEntry {
  readonly severity: string;
  readonly message: string;
  readonly requestId: string | undefined;
  readonly error: LoggedError | undefined;
}

export interface LoggedError {
  /** `TypeError: …`, with its causes. */
  readonly summary: string;
  /** The frames of its stack inside the repository, as `apps/api/src/app.ts:12:3`. */
  readonly frames: readonly string[];
}

/** Its message, and its error with the frames. Nothing for an entry that needs no attention. */
export function textOf({ severity, message, error }: LogEntry): string[] {
  if (!(severity in LOUD)) return [];
  return [message, ...(error ? linesOf(error) : [])];
}

/** `TypeError: …`, and below it each frame. */
export function linesOf({ summary, frames }: LoggedError): string[] {
  return [summary, ...frames.map((frame) => `  at ${frame}`)];
}

/** Undefined for a line that is not an entry. */
export function parseEntry(line: string): LogEntry | undefined {
  if (!line.startsWith('{')) return undefined;
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return undefined; // Not JSON after all: shown as it is.
  }
  if (!isObject(entry)) return undefined;
  const { severity, message, requestId, err, stack_trace: stack } = entry;
  if (typeof severity !== 'string' || typeof message !== 'string') return undefined;
  return {
    ...{ severity, message },
    requestId: typeof requestId === 'string' ? requestId : undefined,
    error: isObject(err) ? { summary: summaryOf(err), frames: framesOf(stack) } : undefined,
  };
}

function summaryOf({ type, message, cause }: Readonly<Record<string, unknown>>): string {
  const own = `${type}: ${message}`;
  return isObject(cause) ? `${own}; caused by ${summaryOf(cause)}` : own;
}

function framesOf(stack: unknown): string[] {
  if (typeof stack !== 'string') return [];
  return stack.split('\n').flatMap((line) => {
    if (!line.startsWith('    at ') || line.includes('node_modules')) return [];
    const [before, place] = line.replace('file://', '').split(`${REPOSITORY}/`);
    const name = /at (?:async )?(.*) \($/.exec(before ?? '')?.[1];
    if (place === undefined) return [];
    return [`${place.replace(/\)$/, '')}${name === undefined ? '' : ` ${name}`}`];
  });
}
