/** JSON that is ready to send: the reader decides how it is made and kept, the routes only pass it on. */
export type JsonBytes = string | Uint8Array;

/** The values of a record, in the order of the columns. */
export type Cells = readonly (string | null)[];

/** A part of the list, in rows. */
export interface PageRange {
  /** Rows at most, at least 1. */
  readonly limit: number;
  /** Rows before the first one, from 0. */
  readonly offset: number;
}

/** Values of fields: a record passes that has one of them in each field that is named. */
export type RecordFilter = { readonly [Name in 'nombre' | 'apellido' | 'pais']?: readonly string[] };

/** How old an answer is, and how long it holds. */
export interface Freshness {
  /** Since it was known to be true. Milliseconds. */
  readonly ageMs: number;
  /** How long from that moment it may be used without asking. Milliseconds. */
  readonly freshMs: number;
  /** How much longer while a newer one is being fetched, and while none can be. Milliseconds; 0 is not at all. */
  readonly staleMs: number;
  readonly staleIfErrorMs: number;
}

/** The whole list as it was at one moment: every record of that moment, each id once, ordered by id. */
export interface RecordList {
  /** Names this state of the list to any instance: `openList(token)` opens it again, for as long as it lasts. */
  readonly token: string;
  /** Records in the list. */
  readonly total: number;
  /** The moment. Milliseconds since the epoch. */
  readonly takenAt: number;
  readonly freshness: Freshness;
  /**
   * All records in order, a few thousand at a time. The next ones are being fetched while those before are used; none are
   * kept. Throws WarehouseError.
   */
  rows(): AsyncGenerator<readonly Cells[], void>;
  /** A JSON array of records. The same bytes whenever it is asked for the same range. */
  read(range: PageRange): Promise<JsonBytes>;
}

/** What a list says of one record. */
export interface ListedRecord {
  /** The record as a JSON object. Undefined: the list has no such record. */
  readonly body: Buffer | undefined;
  /** Since the list was known to be true. Milliseconds. */
  readonly ageMs: number;
}

export interface RecordAnswer {
  /** The record as a JSON object; undefined when there is none. */
  readonly body: Buffer | undefined;
  readonly freshness: Freshness;
}

/** What the routes need of the warehouse. Every method throws WarehouseError and nothing else. */
export interface Warehouse {
  /**
   * The list as it is now, give or take the freshness window; with a token, as it was then. Throws `expired` for a
   * token that names no list (any more).
   */
  openList(token?: string): Promise<RecordList>;
  /** The same list as without a token, when it is in memory and holds. Starts nothing, and never throws. */
  listInMemory(): RecordList | undefined;
  /** The part of a list that passes. The first filter of a list reads all of it, free of charge; `listTooLarge` past a bound. */
  filter(list: RecordList, filter: RecordFilter): Promise<RecordList>;
  /** How many records of the list each country has: most first. */
  countries(list: RecordList): Promise<readonly { readonly pais: string; readonly records: number }[]>;
  readRecord(id: string): Promise<RecordAnswer>;
  /** The same, when it is in memory and holds. Starts nothing, and never throws. */
  recordInMemory(id: string): RecordAnswer | undefined;
  /** Resolves when the table can be read, columns and permissions included. Reads and costs nothing. */
  check(): Promise<void>;
  /** Refuses further calls to the warehouse and waits, 2 s at most, for those under way. */
  close(): Promise<void>;
}
