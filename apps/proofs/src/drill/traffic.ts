import { setTimeout as delay } from 'node:timers/promises';
import type { PubSub } from '@google-cloud/pubsub';
import { encodeRecord } from '@records/records-schema';
import { digest } from '../chaos/plan.ts';
import { personOf } from '../shared/people.ts';

const REQUESTS_PER_SECOND = 100;
const RECORDS_PER_SECOND = 20;
const TICK_MS = 50;
/** One request in so many is for a record that does not exist, which needs a query. */
export const ONE_UNKNOWN_IN = 50;
/** While so many requests wait for answers, no more are sent. */
const MAX_IN_FLIGHT = 500;
const PAGES = 10;
const PAGE = 20;

export interface TrafficOptions {
  readonly apiUrl: string;
  readonly pubsub: PubSub;
  readonly topic: string;
  /** Ids that are in the table. */
  readonly knownIds: readonly string[];
  readonly seed: number;
}

/** Answers by status, and requests that broke. */
export interface Counts {
  readonly answers: number;
  readonly serverErrors: number;
  readonly broken: number;
}

/** Readers and a publisher at an even pace. The seed determines the requests. */
export class Traffic implements AsyncDisposable {
  readonly #options: TrafficOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #inFlight = new Set<Promise<void>>();
  #counts: Counts = { answers: 0, serverErrors: 0, broken: 0 };
  #requests = 0;
  #records = 0;
  #publishes = true;
  #published = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** The counts since the last call. */
  takeCounts(): Counts {
    const counts = this.#counts;
    this.#counts = { answers: 0, serverErrors: 0, broken: 0 };
    return counts;
  }

  publish(): void {
    this.#publishes = true;
  }

  /** Stops publishing. Resolves with the number of published records once Pub/Sub has them all. */
  async publishNoMore(): Promise<number> {
    this.#publishes = false;
    await Promise.all(this.#inFlight);
    return this.#published;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await Promise.all(this.#inFlight);
  }

  async #run(): Promise<void> {
    const began = performance.now();
    while (!this.#stop.signal.aborted) {
      // Catches up when the timer was late.
      const seconds = (performance.now() - began) / 1_000;
      for (; this.#requests < seconds * REQUESTS_PER_SECOND; this.#requests++) {
        const n = this.#requests;
        this.#send(() => this.#ask(n));
      }
      for (; this.#records < seconds * RECORDS_PER_SECOND; this.#records++) {
        const n = this.#records;
        if (this.#publishes) this.#send(() => this.#publish(n));
      }
      await delay(TICK_MS, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }

  #send(work: () => Promise<void>): void {
    if (this.#inFlight.size >= MAX_IN_FLIGHT) return;
    const one = work().finally(() => this.#inFlight.delete(one));
    this.#inFlight.add(one);
  }

  async #ask(n: number): Promise<void> {
    const status = await fetch(`${this.#options.apiUrl}${pathOf(n, this.#options)}`).then(
      async (response) => {
        await response.arrayBuffer();
        return response.status;
      },
      () => undefined,
    );
    const { answers, serverErrors, broken } = this.#counts;
    this.#counts = {
      answers: answers + (status === undefined ? 0 : 1),
      serverErrors: serverErrors + (status !== undefined && status >= 500 ? 1 : 0),
      broken: broken + (status === undefined ? 1 : 0),
    };
  }

  async #publish(n: number): Promise<void> {
    const { pubsub, topic, seed } = this.#options;
    const record = personOf(`drill-${seed}-${n}`);
    await pubsub.topic(topic).publishMessage({ data: Buffer.from(encodeRecord(record)) });
    this.#published++;
  }
}

/** The path of request n: in each run of `ONE_UNKNOWN_IN` one unknown record; half of the others are pages. */
export function pathOf(n: number, { seed, knownIds }: Pick<TrafficOptions, 'seed' | 'knownIds'>): string {
  const run = Math.floor(n / ONE_UNKNOWN_IN);
  if (n % ONE_UNKNOWN_IN === chosenBy(seed, run) % ONE_UNKNOWN_IN) return `/records/nobody-${seed}-${n}`;
  const chosen = chosenBy(seed, n + 1);
  const id = knownIds[chosen % knownIds.length];
  return n % 2 === 0 && id !== undefined
    ? `/records/${encodeURIComponent(id)}`
    : `/records?limit=${PAGE}&offset=${(chosen % PAGES) * PAGE}`;
}

function chosenBy(seed: number, n: number): number {
  return digest(seed, 'request', n).readUInt32BE();
}
