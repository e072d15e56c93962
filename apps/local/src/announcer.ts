import type { Clock, Timer } from '@records/local-cloud';

/** Between two readings. Milliseconds. */
const TICK_MS = 2_000;
/** A count that still grows is announced after this time. Milliseconds. */
const PATIENCE_MS = 10_000;
/** After a line, the least time to the next about the same. Milliseconds. */
const SILENCE_MS = 30_000;
/** Requests that must be refused, or fail, within the patience: a single one is the caller's to notice. */
const WORTH_A_LINE = 10;

/** Counts since the start of what counts. */
export interface Counts {
  /** Messages forwarded to a dead-letter topic. */
  readonly deadLetters: number;
  /** Publish requests that were refused, by result: `invalid_argument`. */
  readonly refusals: ReadonlyMap<string, number>;
  /** Answers of the API by status; undefined while the API does not tell. */
  readonly statuses: ReadonlyMap<number, number> | undefined;
}

export interface AnnouncerOptions {
  readonly clock: Clock;
  readonly read: () => Promise<Counts>;
  readonly say: (line: string) => void;
  /** Receives an error of `read`, which ends the announcements. */
  readonly onError: (error: unknown) => void;
}

/**
 * Says in one line each when messages become dead letters, when publishes are refused, and when answers with 4xx or 5xx
 * rise; nothing otherwise. A burst is one line, once it is over or after ten seconds.
 */
export class Announcer implements Disposable {
  readonly #options: AnnouncerOptions;
  readonly #rises = {
    deadLetters: new Rise(1),
    refusals: new Rise(1),
    refused: new Rise(WORTH_A_LINE),
    failed: new Rise(WORTH_A_LINE),
  };
  #timer: Timer | undefined;
  #isOver = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#schedule();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    if (this.#isOver) return;
    const { clock, read, onError } = this.#options;
    this.#timer = clock.setTimeout(() => {
      read().then((counts) => {
        this.#look(counts);
        this.#schedule();
      }, onError);
    }, TICK_MS);
  }

  #look({ deadLetters, refusals, statuses }: Counts): void {
    if (this.#isOver) return;
    const { clock, say } = this.#options;
    const now = clock.now();
    const { deadLetters: dead, refusals: publishes, refused, failed } = this.#rises;
    const buried = dead.tell(new Map([['', deadLetters]]), now);
    if (buried)
      say(
        `${counted(buried.total, 'message')} became ${buried.total === 1 ? 'a dead letter' : 'dead letters'}; see why: pnpm ops dead-letters list`,
      );
    const unpublished = publishes.tell(refusals, now);
    if (unpublished)
      say(
        `Pub/Sub refused ${counted(unpublished.total, 'publish request')} (${unpublished.parts}); the publisher got the reason`,
      );
    if (!statuses) return;
    const between = (from: number, to: number) =>
      new Map([...statuses].filter(([status]) => status >= from && status < to));
    const wrong = refused.tell(between(400, 500), now);
    if (wrong) say(`The API refused ${counted(wrong.total, 'request')} (${wrong.parts})`);
    const broken = failed.tell(between(500, 600), now);
    if (broken) say(`The API failed ${counted(broken.total, 'request')} (${broken.parts})`);
  }
}

/** Finds when counts rise, and tells each rise once. */
class Rise {
  readonly #least: number;
  #told: ReadonlyMap<unknown, number> = new Map();
  #previous = 0;
  #since: number | undefined;
  #silentUntil = Number.NEGATIVE_INFINITY;

  /** A smaller rise within `PATIENCE_MS` is forgotten. */
  constructor(least: number) {
    this.#least = least;
  }

  /** The rise since the last one that was told, when it is time to tell it. `parts`: `200 × 404, 50 × 429`. */
  tell(
    counts: ReadonlyMap<unknown, number>,
    now: number,
  ): { readonly total: number; readonly parts: string } | undefined {
    // A count that falls starts again, as that of a process that restarts.
    if ([...this.#told].some(([key, told]) => (counts.get(key) ?? 0) < told)) this.#told = new Map();
    const risen = [...counts].map(([key, count]) => [key, count - (this.#told.get(key) ?? 0)] as const);
    const total = risen.reduce((sum, [, rise]) => sum + rise, 0);
    const isGrowing = total !== this.#previous;
    this.#previous = total;
    if (total === 0) this.#since = undefined;
    else this.#since ??= now;
    if (this.#since === undefined || now < this.#silentUntil) return undefined;
    const isLate = now - this.#since >= PATIENCE_MS;
    if (isGrowing && !isLate) return undefined;
    if (total < this.#least && !isLate) return undefined;
    this.#told = new Map(counts);
    this.#previous = 0;
    this.#since = undefined;
    if (total < this.#least) return undefined;
    this.#silentUntil = now + SILENCE_MS;
    const parts = risen.filter(([, rise]) => rise > 0).sort(([, a], [, b]) => b - a);
    return { total, parts: parts.map(([key, rise]) => `${rise} × ${key}`).join(', ') };
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
