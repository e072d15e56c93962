import type { BigQuery } from '@google-cloud/bigquery';
import { printError, reasonOf, UserError } from '@records/cli';
import { amendmentKey, MAX_AMENDMENTS, MAX_CORRECTIONS } from '@records/records-schema';
import { quotedTable, type Target } from '@records/stack';
import { bigqueryClient } from '@records/stack/clients';
import { discard, list, Mailbox } from '@records/stack/dead-letters';
import { statements, type Values } from './statements.ts';

/** Dead letters to look at, at most. */
const DEAD_LETTERS = 100_000;
const WAIT_MS = 1_000;
/** The share of a limit from which every change tells how near it is. */
const WARNED = 0.8;
/** https://docs.cloud.google.com/bigquery/docs/data-manipulation-language#limitations */
const STREAMING_BUFFER = /streaming buffer/;

type Row = Readonly<Record<string, string | null>>;

interface AmendmentRow {
  readonly what: string;
  readonly at: string;
  /** The corrected values. */
  readonly values: Values;
}

/** Every copy of one record in the stack. */
export interface Copies {
  readonly key: string;
  /** The different rows, and how often each is stored. */
  readonly rows: readonly { readonly values: Row; readonly copies: number }[];
  readonly amendments: readonly AmendmentRow[];
  readonly deadLetters: number;
  readonly lists: Lists;
}

/** The tables of the API's lists, of which each may have a copy. */
export interface Lists {
  readonly count: number;
  /** When the last of them deletes itself, RFC 3339; undefined when there is none. */
  readonly until: string | undefined;
}

/** The result of a change of rows; undefined when some are in the streaming buffer. */
export type Changed = number | undefined;

/** The people in the table of a stack. */
export class People {
  readonly #target: Target;
  readonly #client: BigQuery;
  readonly #amendments: string;
  readonly #statements: ReturnType<typeof statements>;

  /** Throws UserError when the stack has no table of amendments. */
  constructor(target: Target) {
    const { table, amendments } = target;
    if (amendments === undefined) {
      throw new UserError('the stack names no table of amendments', {
        hint: 'deploy the current program of infra/ to that stack',
      });
    }
    this.#target = target;
    this.#client = bigqueryClient(target);
    this.#amendments = amendments;
    this.#statements = statements({ records: quotedTable(table), amendments: quotedTable(amendments) });
  }

  get project(): string {
    return this.#target.projectId;
  }

  /** The id of the only record with these values. Throws UserError when there is none, or more than one. */
  async idOf(values: Values): Promise<string> {
    const [first, ...more] = await this.#ask(this.#statements.search(Object.keys(values)), values);
    const wanted = Object.entries(values).map(([name, value]) => `${name}=${value}`);
    if (!first) throw new UserError(`no record has ${wanted.join(' ')}`, { hint: 'case and accents count' });
    const id = String(first.id);
    if (more.length === 0) return id;
    const ids = [id, ...more.map((row) => String(row.id))];
    const some = ids.length > 5 ? `${ids.slice(0, 5).join(', ')} and more` : ids.join(', ');
    throw new UserError(`several records have ${wanted.join(' ')}: ${some}`, { hint: 'name one by its id' });
  }

  async copiesOf(id: string): Promise<Copies> {
    const key = amendmentKey(id);
    const [rows, amendments, deadLetters, lists] = await Promise.all([
      this.#ask(this.#statements.rows, { key }),
      this.#ask(this.#statements.amendments, { key }),
      this.#mailbox((mailbox) =>
        list(
          mailbox,
          selectionOf((record) => record === id),
        ),
      ),
      this.#lists(),
    ]);
    return {
      key,
      rows: rows.map(({ copies, ...values }) => ({ values: values as Row, copies: Number(copies) })),
      amendments: amendments.map(({ what, amended_at, ...values }) => ({
        what: String(what),
        at: timeOf(amended_at),
        values: Object.fromEntries(
          Object.entries(values as Row).filter((entry): entry is [string, string] => entry[1] !== null),
        ),
      })),
      deadLetters: deadLetters.length,
      lists,
    };
  }

  /** Changes values for all readers, then in the rows. Answers how many rows were changed. */
  async correct(id: string, values: Values): Promise<Changed> {
    const key = amendmentKey(id);
    await this.#assertRoom();
    const [corrected] = await this.#ask(this.#statements.corrected, {});
    assertBelow(Number(corrected?.corrections), MAX_CORRECTIONS, 'corrections');
    await this.#change(this.#statements.correct(Object.keys(values)), { key, ...values });
    return await this.#changeRows(this.#statements.update(Object.keys(values)), { key, ...values });
  }

  /** Hides the record from all readers for good, then deletes its rows and dead letters. */
  async forget(id: string): Promise<{ readonly rows: Changed; readonly deadLetters: number }> {
    const key = amendmentKey(id);
    await this.#assertRoom();
    await this.#change(this.#statements.forget, { key });
    const rows = await this.#changeRows(this.#statements.delete, { key });
    return { rows, deadLetters: await this.#discard((record) => record === id, false) };
  }

  /** What arrived again of people who were forgotten: deletes it, or, in a dry run, counts it. */
  async sweep(dryRun: boolean): Promise<{ readonly rows: Changed; readonly deadLetters: number }> {
    const keys = new Set(
      (await this.#ask(this.#statements.forgotten.keys, {})).map(({ key }) => String(key)),
    );
    if (keys.size === 0) return { rows: 0, deadLetters: 0 };
    const isForgotten = (record: string | undefined) =>
      record !== undefined && keys.has(amendmentKey(record));
    const [counted] = await this.#ask(this.#statements.forgotten.count, {});
    const rows = Number(counted?.copies ?? 0);
    return {
      rows: dryRun || rows === 0 ? rows : await this.#changeRows(this.#statements.forgotten.delete, {}),
      deadLetters: await this.#discard(isForgotten, dryRun),
    };
  }

  async #discard(record: (id: string | undefined) => boolean, dryRun: boolean): Promise<number> {
    return await this.#mailbox((mailbox) => discard(mailbox, selectionOf(record), { dryRun }));
  }

  async #mailbox<T>(use: (mailbox: Mailbox) => Promise<T>): Promise<T> {
    await using mailbox = new Mailbox(this.#target, WAIT_MS);
    return await use(mailbox);
  }

  async #ask(query: string, params: Values): Promise<Readonly<Record<string, unknown>>[]> {
    const [rows] = await this.#client.query({ query, params });
    return rows;
  }

  /** The number of rows that a statement changed. */
  async #change(query: string, params: Values): Promise<number> {
    const [job] = await this.#client.createQueryJob({ query, params });
    await job.getQueryResults();
    const [{ statistics }] = await job.getMetadata();
    return Number(statistics?.query?.numDmlAffectedRows ?? 0);
  }

  async #changeRows(query: string, params: Values): Promise<Changed> {
    try {
      return await this.#change(query, params);
    } catch (error) {
      if (STREAMING_BUFFER.test(reasonOf(error))) return undefined;
      throw error;
    }
  }

  async #lists(): Promise<Lists> {
    const { scratch } = this.#target;
    if (scratch === undefined) return { count: 0, until: undefined };
    const [projectId = '', datasetId = ''] = scratch.split('.');
    const [tables] = await this.#client.dataset(datasetId, { projectId }).getTables();
    const ends = tables.map(({ metadata }) => Number(metadata.expirationTime)).filter(Number.isFinite);
    return {
      count: tables.length,
      until: ends.length > 0 ? new Date(Math.max(...ends)).toISOString() : undefined,
    };
  }

  /** The API serves nobody above the limit. */
  async #assertRoom(): Promise<void> {
    const [projectId = '', datasetId = '', tableId = ''] = this.#amendments.split('.');
    const table = this.#client.dataset(datasetId, { projectId }).table(tableId);
    const [{ numRows }] = await table.getMetadata();
    assertBelow(Number(numRows), MAX_AMENDMENTS, 'amendments');
  }
}

function assertBelow(count: number, limit: number, what: string): void {
  const hint = 'delete corrections that the publisher has made, too';
  if (count >= limit)
    throw new UserError(`the stack has ${count} ${what}, and the API reads ${limit}`, { hint });
  if (count < limit * WARNED) return;
  printError(new UserError(`the stack has ${count} ${what} of the ${limit} that the API reads`, { hint }));
}

function selectionOf(record: (id: string | undefined) => boolean) {
  return { filter: { record }, limit: DEAD_LETTERS };
}

function timeOf(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? Reflect.get(value, 'value') : value;
  return String(text);
}
