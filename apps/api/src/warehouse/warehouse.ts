/** JSON that is ready to send. */
export type JsonBytes = string | Uint8Array;

/** The values of a record in the order of the columns. */
export type Cells = readonly (string | null)[];

export interface PageRange {
  /** Maximum number of rows, at least 1. */
  readonly limit: number;
  /** Rows to skip, from 0. */
  readonly offset: number;
}

/** Accepted values by field, in canonical form. A record matches if the canonical form of each named field is one of them. */
export type RecordFilter = { readonly [Name in 'nombre' | 'apellido' | 'pais']?: readonly string[] };

export interface Freshness {
  /** Milliseconds since the data was verified. */
  readonly ageMs: number;
  /** Milliseconds for which verified data is fresh. Caches keep nothing longer, so that what is forgotten leaves them, too. */
  readonly freshMs: number;
}

export interface CountryCount {
  readonly pais: string;
  readonly records: number;
}

/** The list of one snapshot: every record of one moment, each id once, ordered by id. */
export interface RecordList {
  /** Identifies the snapshot: `openList(token)` reopens it at any instance until it expires. */
  readonly token: string;
  readonly total: number;
  /** Time of the snapshot, or of the last amendment if that is later. Milliseconds since the epoch. */
  readonly takenAt: number;
  readonly freshness: Freshness;
  /** All records in order, at most a few thousand at a time, the next ones fetched in advance. Caches none. Throws WarehouseError. */
  rows(): AsyncGenerator<readonly Cells[], void>;
  /** A JSON array of records: always the same bytes for the same range. */
  read(range: PageRange): Promise<JsonBytes>;
}

/** A list of all records. */
export interface WholeList extends RecordList {
  /** The matching records, in the same order. While those of the current list are found, a list before it may answer. */
  filter(filter: RecordFilter): Promise<RecordList>;
  /** Counts the records of the list per country; of the list before it like `filter`. Throws `listTooLarge`. */
  countries(): Promise<CountedList>;
  /** The same; undefined where counting would take a query. */
  countriesIfFree(): Promise<CountedList | undefined>;
}

export interface CountedList extends Pick<RecordList, 'token' | 'takenAt' | 'freshness'> {
  /** Countries in canonical form, largest first, ties by name. */
  counts(): Promise<readonly CountryCount[]>;
}

export interface ListedRecord {
  /** The record as a JSON object; undefined when the list has no such record. */
  readonly body: Buffer | undefined;
  /** Milliseconds since the list was verified. */
  readonly ageMs: number;
}

export interface RecordAnswer {
  /** The record as a JSON object; undefined when there is no such record. */
  readonly body: Buffer | undefined;
  readonly freshness: Freshness;
}

/** Where the routes read records. Every method throws WarehouseError only. */
export interface Warehouse {
  /** The current list, up to a freshness window old, or the list that a token names. Throws `expired` for an unknown token. */
  openList(token?: string): Promise<WholeList>;
  /** The current list if it is in memory and fresh. Starts no work and never throws. */
  listInMemory(): WholeList | undefined;
  readRecord(id: string): Promise<RecordAnswer>;
  /** The record if it is in memory and fresh. Starts no work and never throws. */
  recordInMemory(id: string): RecordAnswer | undefined;
  /** Resolves when the table, its columns and permissions allow reading it. Free of charge. */
  check(): Promise<void>;
  /** Refuses further calls and waits at most 2 s for calls in flight. */
  close(): Promise<void>;
}
