import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const TIMEOUT_MS = 10_000;
const POLL_MS = 50;
/** A list is the newest for as long as it says, and its successor takes up to as long. */
const PERIODS = 2;
/** The longest wait for the periods of a list. Milliseconds. */
const MAX_PERIODS_MS = 120_000;
/** How often a patient caller repeats a request whose answer has `Retry-After`. */
const REPEATS = 5;

interface Answer {
  /** A status, or the code of the error that came instead of an answer. */
  readonly status: string;
  readonly total: number;
  /** How long the answer is fresh. Milliseconds. */
  readonly freshMs: number;
  /** `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

export async function statusOf(url: string, path: string): Promise<string> {
  return (await ask(url, path)).status;
}

/** The status for a caller that repeats a request when `Retry-After` says so: on a busy machine an API may refuse it, or be late. */
export async function patientStatusOf(url: string, path: string, localAddress?: string): Promise<string> {
  for (let repeats = 0; ; repeats++) {
    const { status, retryAfterMs } = await ask(url, path, localAddress);
    if (retryAfterMs === undefined || repeats === REPEATS) return status;
    await delay(retryAfterMs);
  }
}

/**
 * What an API owes after a fault. Its list has at least so many records after `withinMs` and the periods that it announces. A patient
 * caller is answered, whatever is requested. Answers a sentence for each of these that does not hold, also when `/health/ready` hides it.
 */
export async function problemsAt(url: string, records: number, withinMs: number): Promise<string[]> {
  const began = performance.now();
  let allowedMs = withinMs;
  for (;;) {
    const { status, total, freshMs } = await ask(url, '/records?limit=1');
    allowedMs = Math.max(allowedMs, withinMs + Math.min(PERIODS * freshMs, MAX_PERIODS_MS));
    if (status === '200' && total >= records) break;
    if (performance.now() - began > allowedMs) {
      const list = status === '200' ? `has ${total} of ${records} records` : `is answered with ${status}`;
      return [`after ${allowedMs / 1_000} s the list ${list}${await readiness(url)}`];
    }
    await delay(POLL_MS);
  }
  const middle = Math.floor(records / 2);
  const paths = [`/records?offset=${middle}`, '/records?pais=Chile', '/countries', '/records/nobody'];
  const problems: string[] = [];
  for (const path of paths) {
    const status = await patientStatusOf(url, path);
    if (status === '200' || status === '404') continue;
    problems.push(`${path} is answered with ${status}${await readiness(url)}`);
  }
  return problems;
}

/** Says when a service that does not work calls itself ready. */
async function readiness(url: string): Promise<string> {
  return (await statusOf(url, '/health/ready')) === '200' ? ', and /health/ready with 200' : '';
}

function ask(url: string, path: string, localAddress?: string): Promise<Answer> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException) =>
      resolve({ status: error.code ?? error.name, total: 0, freshMs: 0, retryAfterMs: undefined });
    const options = { agent: false, signal: AbortSignal.timeout(TIMEOUT_MS), localAddress };
    const request = get(url + path, options, (response) => {
      const { headers } = response;
      const retryAfter = headers['retry-after'];
      response.once('error', failed);
      response.once('end', () =>
        resolve({
          status: String(response.statusCode),
          total: Number(headers['x-total-count'] ?? 0),
          freshMs: 1_000 * Number(/max-age=(\d+)/.exec(headers['cache-control'] ?? '')?.[1] ?? 0),
          retryAfterMs: retryAfter === undefined ? undefined : 1_000 * Number(retryAfter),
        }),
      );
      response.resume();
    });
    request.once('error', failed);
  });
}
