/** JSON that is ready to send: the reader decides how it is made and kept, the routes only pass it on. */
export type JsonBytes = string | Uint8Array;

/** A part of the list, in rows. */
export interface PageRange {
  /** Rows at most, at least 1. */
  readonly limit: number;
  /** Rows before the first one, from 0. */
  readonly offset: number;
}

export interface Page {
  /** A JSON array of records, ordered by id, each id once. */
  readonly body: JsonBytes;
  /** Records in the whole list, each id once. */
  readonly total: number;
}

/** What the routes need of the warehouse. Every method throws WarehouseError and nothing else. */
export interface Warehouse {
  readPage(range: PageRange): Promise<Page>;
  /** The record as a JSON object; undefined when there is none. */
  readRecord(id: string): Promise<JsonBytes | undefined>;
  /** Resolves when the table can be read, columns and permissions included. Reads and costs nothing. */
  check(): Promise<void>;
}
