import { setTimeout } from 'node:timers/promises';
import { buildTestApi, closeAll, type Fault, googleError, openTestTable } from '@records/api/testing';
import { idOf, personOf } from '../shared/people.ts';
import { SkippingTiming } from './skipping-timing.ts';

const ROWS = 200_000;
const BATCH = 10_000;
/** Rows between two pages, so that each needs another block of the list. */
const BLOCK = 1_000;
const ROUNDS = 10;
const FRESHNESS_SECONDS = 60;
const SLOW_MS = 2_000;
const GONE_SECONDS = 300;
const STEP_SECONDS = 5;
/** The longest pause of the circuit breaker, and the time of a request. */
const MAX_RECOVERY_SECONDS = 5 + 2;

const KINDS = ['known page', 'other page', 'known record', 'new record'] as const;
type Kind = (typeof KINDS)[number];

interface Answer {
  readonly kind: Kind;
  readonly status: number;
  readonly ms: number;
  /** Seconds. */
  readonly age: number;
}

const FAULTS: Readonly<Record<string, () => Fault | undefined | Promise<Fault | undefined>>> = {
  works: () => undefined,
  [`is slower by ${SLOW_MS / 1_000} s`]: async () => {
    await setTimeout(SLOW_MS);
    return undefined;
  },
  'resets connections': () => 'reset',
  'answers 500': () => googleError(500, 'backendError'),
  'answers 403 rateLimitExceeded': () => googleError(403, 'rateLimitExceeded'),
  'answers 403 accessDenied': () => googleError(403, 'accessDenied'),
  'answers 429': () => ({ status: 429, body: 'slow down', type: 'text/plain' }),
};

/** The API before a BigQuery that is slow, fails or is down for five minutes. Time is skipped, not waited for. */
export async function benchTrouble(): Promise<string[]> {
  const timing = new SkippingTiming();
  const broken: string[] = [];
  try {
    const table = await openTestTable();
    const { front } = table;
    for (let start = 0; start < ROWS; start += BATCH) {
      const people = Array.from({ length: BATCH }, (_, n) => personOf(idOf(start + n)));
      await table.append(people.map((person) => ({ ...person })));
    }
    const { app } = await buildTestApi({
      bigQueryUrl: front.url,
      timing,
      freshnessSeconds: FRESHNESS_SECONDS,
      logLevel: 'error',
    });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    let unread = 1;
    const pathOf: Record<Kind, () => string> = {
      'known page': () => '/records?limit=100',
      'other page': () => `/records?limit=100&offset=${(unread++ % (ROWS / BLOCK)) * BLOCK}`,
      'known record': () => `/records/${idOf(0)}`,
      'new record': () => `/records/new-${unread++}`,
    };

    const ask = async (kind: Kind): Promise<Answer> => {
      const began = performance.now();
      const response = await fetch(url + pathOf[kind]());
      await response.arrayBuffer();
      const age = Number(response.headers.get('age') ?? 0);
      return { kind, status: response.status, ms: performance.now() - began, age };
    };
    const askAll = (rounds: number): Promise<Answer[]> =>
      Promise.all(Array.from({ length: rounds }, () => KINDS.map(ask)).flat());

    const print = (step: string, answers: readonly Answer[]): void => {
      const cells = KINDS.map((kind) => {
        const own = answers.filter((answer) => answer.kind === kind);
        const counts = [...Map.groupBy(own, ({ status }) => status)].map(
          ([status, { length }]) => `${length} × ${status}`,
        );
        return `${counts.join(' ')}, ${Math.round(Math.max(...own.map(({ ms }) => ms)))} ms`.padEnd(24);
      });
      const known = answers.filter(({ kind }) => kind === 'known page');
      const oldest = `${Math.max(...known.map(({ age }) => age))} s`;
      const calls = String(front.calls.length + front.refused);
      console.log(`${step.padEnd(30)} ${cells.join(' ')} ${calls.padStart(5)} ${oldest.padStart(7)}`);
      const missing = known.filter(({ status }) => status !== 200).length;
      if (missing > 0) broken.push(`BigQuery ${step}: the known page was not served ${missing} times`);
    };

    /** Seconds until every kind of request is answered as before. */
    const recovery = async (): Promise<number> => {
      front.reset();
      const began = timing.now();
      for (let n = 0; n < 200; n++) {
        if (isAsBefore(await askAll(1))) return (timing.now() - began) / 1_000;
        await setTimeout(50);
      }
      return Number.POSITIVE_INFINITY;
    };
    const measureRecovery = async (step: string): Promise<void> => {
      const seconds = await recovery();
      console.log(`  recovered after ${seconds.toFixed(1)} s`);
      if (seconds > MAX_RECOVERY_SECONDS)
        broken.push(
          `BigQuery ${step}: recovery took ${seconds} s; at most ${MAX_RECOVERY_SECONDS} s is promised`,
        );
    };

    console.log(
      `${ROWS} records; ${ROUNDS} concurrent requests of each kind; the list is older than two windows, so it must be read again\n`,
    );
    console.log(`${'BigQuery'.padEnd(30)} ${KINDS.map((kind) => kind.padEnd(24)).join(' ')} calls  oldest`);
    await recovery();
    for (const [step, fault] of Object.entries(FAULTS)) {
      timing.skip(2 * FRESHNESS_SECONDS * 1_000 + 1_000);
      front.reset();
      front.fault = fault;
      print(step, await askAll(ROUNDS));
      await measureRecovery(step);
    }
    front.reset();
    front.gone = true;
    const whileGone: Answer[] = [];
    for (let second = 0; second < GONE_SECONDS; second += STEP_SECONDS) {
      timing.skip(STEP_SECONDS * 1_000);
      whileGone.push(...(await askAll(1)));
    }
    const step = `is down for ${GONE_SECONDS / 60} minutes`;
    print(step, whileGone);
    await measureRecovery(step);
    await app.close();
  } finally {
    await closeAll();
  }
  return broken;
}

/** A known page or record is served and fresh, and a new record is not found. */
function isAsBefore(answers: readonly Answer[]): boolean {
  return answers.every(
    ({ kind, status, age }) => status === (kind === 'new record' ? 404 : 200) && age <= 2 * FRESHNESS_SECONDS,
  );
}
