import { setImmediate } from 'node:timers/promises';
import { type Amendment, amendmentColumns, MAX_AMENDMENTS, MAX_CORRECTIONS } from '@records/records-schema';
import type { TableName } from '@records/runtime';
import type { BigQueryClient } from './bigquery-client.ts';
import type { Calls } from './calls/calls.ts';
import { withDeadline } from './calls/deadline.ts';
import { toWarehouseError, WarehouseError } from './errors.ts';
import { Amendments } from './lists/amendments.ts';
import { WALK_MS } from './lists/list-names.ts';
import { isUnchanged, type TableState } from './lists/table-state.ts';
import type { RawRow } from './record-json.ts';
import type { Timing } from './timing.ts';

const COLUMNS = amendmentColumns.map(({ name }) => name);
/** Rows of one call, about 4 MB: BigQuery answers at most 10 MB, and a call has a few seconds. */
const ROWS_AT_ONCE = 20_000;
/** Rows that are added before other requests get a turn. */
const ROWS_IN_A_ROW = 2_000;
/** How long requests wait for a renewal while earlier amendments are known. Milliseconds. */
const WAIT_MS = 2_000;
/** The pause after a failed renewal, and between renewals that tokens cause. Milliseconds. */
const PAUSE_MS = 1_000;

/** What is served, and since when. */
export interface Amended {
  readonly amendments: Amendments;
  /** When they last changed, rounded up to a second, as HTTP dates are: later than what was served before. Milliseconds since the epoch; 0 without any. */
  readonly changedAt: number;
}

/** Where the lists and the look-ups get the amendments. */
export interface AmendmentSource {
  /** Those of this window; undefined when none were read in it. Never throws, and renews them in the background. */
  readonly fresh: Amended | undefined;
  /** Milliseconds since they were verified. */
  readonly ageMs: number;
  /** Those of this window, or earlier ones while BigQuery does not answer. Throws WarehouseError. */
  current(): Promise<Amended>;
  /** The same, read again unless that was just done: another instance knows other ones. */
  renewed(): Promise<Amended>;
}

export const NO_AMENDMENTS: AmendmentSource = (() => {
  const fresh = { amendments: Amendments.none, changedAt: 0 };
  return { fresh, ageMs: 0, current: async () => fresh, renewed: async () => fresh };
})();

export interface AmendmentReaderOptions {
  readonly client: Pick<BigQueryClient, 'getTable' | 'listRows'>;
  readonly calls: Pick<Calls, 'call' | 'inTime'>;
  readonly timing: Timing;
  readonly table: TableName;
  readonly windowMs: number;
  /** Called when a renewal failed and earlier amendments stay in force. */
  onStale(error: WarehouseError): void;
}

interface Held extends Amended {
  readonly state: TableState;
  /** By `timing.now()`. */
  readonly verifiedAt: number;
}

/**
 * Reads the table of amendments once per window and instance, free of charge: its metadata, and its rows only after a change. An instance that
 * cannot read them at first, or may not, serves no record; one that BigQuery stops answering serves with those that it knows.
 */
export class AmendmentReader implements AmendmentSource {
  readonly #options: AmendmentReaderOptions;
  #held: Held | undefined;
  #renewal: Promise<Held> | undefined;
  #trouble: { readonly error: WarehouseError; readonly until: number } | undefined;

  constructor(options: AmendmentReaderOptions) {
    this.#options = options;
  }

  get ageMs(): number {
    return this.#held ? this.#options.timing.now() - this.#held.verifiedAt : Number.POSITIVE_INFINITY;
  }

  get fresh(): Amended | undefined {
    const { windowMs } = this.#options;
    const { ageMs } = this;
    // Early, so that busy instances never wait for it.
    if (ageMs >= windowMs / 2) this.#renew().catch(() => {});
    return ageMs < windowMs ? this.#held : undefined;
  }

  async current(): Promise<Amended> {
    return this.fresh ?? (await this.#newest());
  }

  async renewed(): Promise<Amended> {
    return this.ageMs < PAUSE_MS ? this.current() : await this.#newest();
  }

  async #newest(): Promise<Amended> {
    const { calls, timing } = this.#options;
    const held = this.ageMs < WALK_MS ? this.#held : undefined;
    // One request has waited in vain: the others do not. `onStale` reports the error.
    if (held && this.#trouble && this.#trouble.error.kind !== 'refused') {
      this.#renew().catch(() => {});
      return held;
    }
    try {
      const renewal = this.#renew();
      return await (held ? withDeadline(renewal, WAIT_MS, timing) : calls.inTime(renewal));
    } catch (cause) {
      const error = toWarehouseError(cause);
      // A refusal does not pass by itself, and what was forgotten meanwhile would stay visible.
      if (!held || error.kind === 'refused') throw error;
      this.#trouble ??= { error, until: timing.now() + PAUSE_MS };
      return held;
    }
  }

  #renew(): Promise<Held> {
    const { timing, onStale } = this.#options;
    if (this.#trouble && timing.now() < this.#trouble.until) return Promise.reject(this.#trouble.error);
    this.#renewal ??= this.#read()
      .then(
        (held) => {
          this.#held = held;
          this.#trouble = undefined;
          return held;
        },
        (cause: unknown) => {
          const error = toWarehouseError(cause);
          this.#trouble = { error, until: timing.now() + PAUSE_MS };
          if (this.#held) onStale(error);
          throw error;
        },
      )
      .finally(() => {
        this.#renewal = undefined;
      });
    return this.#renewal;
  }

  async #read(): Promise<Held> {
    const { client, calls, timing, table } = this.#options;
    const held = this.#held;
    const verifiedAt = timing.now();
    const metadata = await calls.call(() => client.getTable(table));
    const state = { ...metadata, rows: Number(metadata.numRows) };
    if (held && !state.streamingBuffer && isUnchanged(held.state, state)) return { ...held, verifiedAt };
    if (state.rows > MAX_AMENDMENTS) throw tooMany(state.rows, MAX_AMENDMENTS, 'amendments');
    const collector = Amendments.collector(state.rows);
    let read = 0;
    for (let hasMore = state.rows > 0 || state.streamingBuffer !== undefined; hasMore; ) {
      const range = { startIndex: read, maxResults: ROWS_AT_ONCE };
      const { rows, totalRows } = await calls.call(() => client.listRows(table, range, COLUMNS));
      if (totalRows > MAX_AMENDMENTS) throw tooMany(totalRows, MAX_AMENDMENTS, 'amendments');
      for (const [index, row] of rows.entries()) {
        if (index % ROWS_IN_A_ROW === 0) await setImmediate();
        collector.add(amendmentOf(row));
      }
      const { corrections } = collector;
      if (corrections > MAX_CORRECTIONS) throw tooMany(corrections, MAX_CORRECTIONS, 'corrections');
      read += rows.length;
      hasMore = rows.length > 0 && read < totalRows;
    }
    const amendments = read === 0 ? Amendments.none : collector.end();
    const changedAt = amendments.isEmpty ? 0 : Math.ceil(Number(metadata.lastModifiedTime) / 1_000) * 1_000;
    return { amendments, changedAt, state, verifiedAt };
  }
}

function amendmentOf({ f }: RawRow): Amendment {
  const [key, what, amendedAt, ...values] = f.map(({ v }) => v);
  // BigQuery writes a TIMESTAMP as seconds.
  return { key: key ?? '', what: what ?? '', amendedAt: Number(amendedAt) * 1_000, values };
}

function tooMany(total: number, limit: number, what: string): WarehouseError {
  return new WarehouseError(
    'refused',
    'tooManyAmendments',
    `${total} ${what} are more than the ${limit} that fit into memory`,
  );
}
