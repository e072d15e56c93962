import { subscribe } from 'node:diagnostics_channel';

const HEADER = 'grpc-timeout';
const MS_PER_UNIT: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000 };
/** The longest delay of Node's setTimeout. Milliseconds. */
const MAX_MS = 2 ** 31 - 1;

/** A deadline that grpc-js can wait for: it computes deadlines in 32 bits, so a longer one would be over at once. */
function clampedTimeout(timeout: string): string {
  const [, amount, unit = ''] = /^(\d{1,8})([HMS])$/.exec(timeout) ?? [];
  return Number(amount) * (MS_PER_UNIT[unit] ?? 0) > MAX_MS ? `${Math.floor(MAX_MS / 3_600_000)}H` : timeout;
}

// Before grpc-js reads the headers of a call: Python's publisher sends a deadline of 2^32 seconds.
subscribe('http2.server.stream.created', (event) => {
  const { headers } = event as { headers: Record<string, unknown> };
  const timeout = headers[HEADER];
  if (typeof timeout === 'string') headers[HEADER] = clampedTimeout(timeout);
});
