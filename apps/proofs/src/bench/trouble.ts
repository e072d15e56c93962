/**
 * pnpm bench:trouble: the API, by its real client, before a BigQuery that is slow, resets, refuses, and is gone for five
 * minutes; time is skipped, not waited for. Prints what four kinds of requests got at each step, how long they took, and how many
 * calls they caused. Ends with 1 when a page that is known was not served, or recovery took longer than a pause of the breaker.
 */
import { setTimeout } from 'node:timers/promises';
import { buildTestApi } from '../test/support/api.ts';
import { type Fault, googleError } from '../test/support/bigquery-front.ts';
import { closeAll } from '../test/support/cleanup.ts';
import { openTestTable } from '../test/support/table.ts';
import { SkippingTiming } from './skipping-timing.ts';

const ROWS = 200_000;
const BLOCK = 1_000;
const ROUNDS = 10;
const FRESHNESS_SECONDS = 60;
const SLOW_MS = 2_000;
const GONE_SECONDS = 300;
const STEP_SECONDS = 5;
/** The longest pause of the breaker, and what a request may take. */
const MAX_RECOVERY_SECONDS = 5 + 2;

const KINDS = ['known page', 'other page', 'known record', 'new record'] as const;
type Kind = (typeof KINDS)[number];

interface Answer {
  readonly kind: Kind;
  readonly status: number;
  readonly ms: number;
  readonly age: number;
}

const timing = new SkippingTiming();
const table = await openTestTable();
const { front } = table;
const idOf = (n: number): string => `r${String(n).padStart(7, '0')}`;
for (let start = 0; start < ROWS; start += 10_000) {
  await table.append(
    Array.from({ length: 10_000 }, (_, n) => ({
      id: idOf(start + n),
      nombre: 'Ana',
      apellido: 'Pérez',
      pais: 'Chile',
    })),
  );
}
const { app } = await buildTestApi({
  bigQueryUrl: front.url,
  timing,
  freshnessSeconds: FRESHNESS_SECONDS,
  logLevel: 'error',
});
const url = await app.listen({ port: 0, host: '127.0.0.1' });

let unread = 1;
const path: Record<Kind, () => string> = {
  'known page': () => '/records?limit=100',
  'other page': () => `/records?limit=100&offset=${(unread++ % (ROWS / BLOCK)) * BLOCK}`,
  'known record': () => `/records/${idOf(0)}`,
  'new record': () => `/records/new-${unread++}`,
};

async function ask(kind: Kind): Promise<Answer> {
  const began = performance.now();
  const response = await fetch(url + path[kind]());
  await response.arrayBuffer();
  const age = Number(response.headers.get('age') ?? 0);
  return { kind, status: response.status, ms: performance.now() - began, age };
}

const askAll = (rounds: number): Promise<Answer[]> =>
  Promise.all(Array.from({ length: rounds }, () => KINDS.map(ask)).flat());

/** A page that is there, and a record that is not: as when nothing had been. */
const isWell = (answers: readonly Answer[]): boolean =>
  answers.every(
    ({ kind, status, age }) => status === (kind === 'new record' ? 404 : 200) && age <= 2 * FRESHNESS_SECONDS,
  );

let failures = 0;

function print(step: string, answers: readonly Answer[]): void {
  const cells = KINDS.map((kind) => {
    const own = answers.filter((answer) => answer.kind === kind);
    const statuses = Map.groupBy(own, ({ status }) => status);
    const counts = [...statuses].map(([status, { length }]) => `${length} × ${status}`).join(' ');
    return `${counts}, ${Math.round(Math.max(...own.map(({ ms }) => ms)))} ms`.padEnd(24);
  });
  const known = answers.filter(({ kind }) => kind === 'known page');
  const calls = front.calls.length + front.refused;
  const oldest = Math.max(...known.map(({ age }) => age));
  console.log(
    `${step.padEnd(30)} ${cells.join(' ')} ${String(calls).padStart(5)} ${`${oldest} s`.padStart(7)}`,
  );
  if (known.some(({ status }) => status !== 200)) failures++;
}

/** Seconds until every kind of request is answered as before. */
async function recovery(): Promise<number> {
  front.reset();
  const began = timing.now();
  for (let n = 0; n < 200; n++) {
    if (isWell(await askAll(1))) return (timing.now() - began) / 1_000;
    await setTimeout(50);
  }
  return Number.POSITIVE_INFINITY;
}

async function step(
  name: string,
  fault: () => Fault | undefined | Promise<Fault | undefined>,
): Promise<void> {
  // The list of the window is over: it has to be asked for again.
  timing.skip(2 * FRESHNESS_SECONDS * 1_000 + 1_000);
  front.reset();
  front.fault = fault;
  print(name, await askAll(ROUNDS));
  await printRecovery();
}

async function printRecovery(): Promise<void> {
  const seconds = await recovery();
  console.log(`  back: all as before after ${seconds.toFixed(1)} s`);
  if (seconds > MAX_RECOVERY_SECONDS) failures++;
}

console.log(
  `${ROWS} records; ${ROUNDS} requests of each kind at once; the list is older than two windows, so it has to be asked for\n`,
);
console.log(`${'BigQuery'.padEnd(30)} ${KINDS.map((kind) => kind.padEnd(24)).join(' ')} calls  oldest`);
await recovery();
await step('answers', () => undefined);
await step(`is slower by ${SLOW_MS / 1_000} s`, async () => {
  await setTimeout(SLOW_MS);
  return undefined;
});
await step('resets connections', () => 'reset');
await step('answers 500', () => googleError(500, 'backendError'));
await step('answers 403 rateLimitExceeded', () => googleError(403, 'rateLimitExceeded'));
await step('answers 403 accessDenied', () => googleError(403, 'accessDenied'));
await step('answers 429', () => ({ status: 429, body: 'slow down', type: 'text/plain' }));

front.reset();
front.gone = true;
const gone: Answer[] = [];
for (let second = 0; second < GONE_SECONDS; second += STEP_SECONDS) {
  timing.skip(STEP_SECONDS * 1_000);
  gone.push(...(await askAll(1)));
}
print(`is gone for ${GONE_SECONDS / 60} minutes`, gone);
await printRecovery();

console.log(
  `\n${failures === 0 ? 'The known page was served at every step.' : `${failures} promises were broken.`}`,
);
if (failures > 0) process.exitCode = 1;
await app.close();
await closeAll();
