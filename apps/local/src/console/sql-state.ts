// Types only: the page imports them, too.

/** What a query costs at Google, in the region of the stack. */
export interface QueryPrice {
  readonly region: string;
  readonly usdPerTib: number;
}

export interface SqlForm {
  /** A first query. */
  readonly sql: string;
  readonly price: QueryPrice;
}

/** The answer to a query, or why BigQuery refuses it. */
export type SqlAnswer =
  | {
      readonly columns: readonly { readonly name: string; readonly type: string }[];
      /** The first rows. A value is a text, NULL, or JSON of an array or a struct. */
      readonly rows: readonly (readonly (string | null)[])[];
      readonly totalRows: number;
      readonly bytesProcessed: number;
      readonly bytesBilled: number;
      readonly milliseconds: number;
      /** Rows that INSERT, UPDATE, DELETE or MERGE changed. */
      readonly changedRows?: number;
    }
  | {
      readonly refusal: string;
      /** Where, both from 1; absent when BigQuery names no place. */
      readonly line?: number;
      readonly column?: number;
    };

/** A job of anybody. */
export interface ShownJob {
  readonly id: string;
  /** When it began: milliseconds since the epoch. */
  readonly at: number;
  /** The e-mail of its account. */
  readonly user: string;
  /** Shortened when it is long; the type of a job without SQL. */
  readonly sql: string;
  readonly error?: string;
  /** Undefined while it runs. */
  readonly milliseconds: number | undefined;
  readonly bytesBilled: number;
}

export interface JobsUpdate {
  /** The last ones, newest first. */
  readonly jobs: readonly ShownJob[];
  /** Of all queries since `pnpm dev` started. */
  readonly bytesBilled: number;
  /** Requests to the API since it started; undefined while it does not answer. */
  readonly requests: number | undefined;
}
