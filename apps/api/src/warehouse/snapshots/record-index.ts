import { COLUMN_NAMES, canonical } from '@records/records-schema';
import { WarehouseError } from '../errors.ts';
import { cellsJson } from '../record-json.ts';
import type { Cells, PageRange, RecordFilter, RecordList } from '../warehouse.ts';

/** The columns after `id`, whose values repeat. */
const FIELDS = COLUMN_NAMES.slice(1);
/** Per row: the offset of its id, and a number for each other value. */
const ROW_BYTES = 4 + 4 * FIELDS.length;
/** An estimate of what a distinct value costs besides its text. */
const VALUE_BYTES = 96;
const ROWS_AT_ONCE = 5_000;

export interface CountryCount {
  readonly pais: string;
  readonly records: number;
}

interface Field {
  readonly values: (string | null)[];
  readonly numbers: Map<string | null, number>;
  /** The numbers of values that are not in canonical form, by that form. */
  readonly variants: Map<string, number[]>;
  /** The number of each row's value. */
  readonly rows: Uint32Array;
}

/** A list in memory: each distinct value once, each row as the numbers of its values and the bytes of its id. */
export class RecordIndex {
  readonly #fields: readonly Field[];
  readonly #ids: Buffer;
  readonly #places: Uint32Array;
  #countries: readonly CountryCount[] | undefined;
  /** Bytes of memory. */
  readonly size: number;

  private constructor(fields: readonly Field[], ids: Buffer, places: Uint32Array, size: number) {
    this.#fields = fields;
    this.#ids = ids;
    this.#places = places;
    this.size = size;
  }

  /** Reads the list once. Throws `listTooLarge` above `maxBytes`. */
  static async build(list: RecordList, maxBytes: number): Promise<RecordIndex> {
    let size = list.total * ROW_BYTES;
    const assertFits = () => {
      if (size <= maxBytes) return;
      throw new WarehouseError(
        'refused',
        'listTooLarge',
        `${list.total} records need more than ${maxBytes} bytes`,
      );
    };
    assertFits();
    const fields: Field[] = FIELDS.map(() => ({
      values: [],
      numbers: new Map(),
      variants: new Map(),
      rows: new Uint32Array(list.total),
    }));
    const places = new Uint32Array(list.total + 1);
    const ids: Buffer[] = [];
    let [row, place] = [0, 0];
    for await (const rows of list.rows()) {
      const block: Buffer[] = [];
      for (const [id, ...cells] of rows) {
        const bytes = Buffer.from(id ?? '');
        block.push(bytes);
        place += bytes.length;
        size += bytes.length;
        for (const [index, field] of fields.entries()) size += note(field, row, cells[index] ?? null);
        places[++row] = place;
      }
      ids.push(Buffer.concat(block));
      assertFits();
    }
    return new RecordIndex(fields, Buffer.concat(ids), places, size);
  }

  /** The positions of the matching records. */
  match(filter: RecordFilter): Uint32Array {
    const tests = this.#fields.flatMap((field, index) => {
      const wanted = filter[FIELDS[index] as keyof RecordFilter];
      if (!wanted) return [];
      const has = new Uint8Array(field.values.length);
      for (const value of wanted) {
        const number = field.numbers.get(value);
        if (number !== undefined) has[number] = 1;
        for (const variant of field.variants.get(value) ?? []) has[variant] = 1;
      }
      return [{ rows: field.rows, has }];
    });
    const total = this.#places.length - 1;
    // Field by field over the remaining rows, without a call per row.
    let found: Uint32Array | undefined;
    for (const { rows, has } of tests) {
      const from = found;
      const passed = new Uint32Array(from?.length ?? total);
      let count = 0;
      for (let at = 0; at < passed.length; at++) {
        const row = from ? (from[at] ?? 0) : at;
        if (has[rows[row] ?? 0] === 1) passed[count++] = row;
      }
      found = passed.slice(0, count);
    }
    return found ?? Uint32Array.from({ length: total }, (_, row) => row);
  }

  /** A JSON array of the records at these positions. */
  page(positions: Uint32Array, { limit, offset }: PageRange): string {
    const part = positions.subarray(offset, offset + limit);
    return `[${Array.from(part, (row) => cellsJson(this.#cells(row))).join(',')}]`;
  }

  async *rows(positions: Uint32Array): AsyncGenerator<readonly Cells[], void> {
    for (let at = 0; at < positions.length; at += ROWS_AT_ONCE) {
      yield Array.from(positions.subarray(at, at + ROWS_AT_ONCE), (row) => this.#cells(row));
    }
  }

  /** Number of records per `pais`, largest first, ties by name. Counted once. */
  countries(): readonly CountryCount[] {
    this.#countries ??= this.#count();
    return this.#countries;
  }

  #count(): CountryCount[] {
    const field = this.#fields[FIELDS.indexOf('pais')];
    const counts = new Uint32Array(field?.values.length ?? 0);
    for (const number of field?.rows ?? []) counts[number] = (counts[number] ?? 0) + 1;
    const sums = new Map<string, number>();
    for (const [number, records] of counts.entries()) {
      const pais = canonical(field?.values[number] ?? '');
      sums.set(pais, (sums.get(pais) ?? 0) + records);
    }
    const countries = Array.from(sums, ([pais, records]) => ({ pais, records }));
    return countries.sort((a, b) => b.records - a.records || (a.pais < b.pais ? -1 : 1));
  }

  #cells(row: number): Cells {
    const id = this.#ids.toString('utf8', this.#places[row], this.#places[row + 1]);
    return [id, ...this.#fields.map(({ values, rows }) => values[rows[row] ?? 0] ?? null)];
  }
}

/** Returns the bytes that the value adds: 0 for a known one. */
function note({ values, numbers, variants, rows }: Field, row: number, value: string | null): number {
  const known = numbers.get(value);
  rows[row] = known ?? values.length;
  if (known !== undefined) return 0;
  numbers.set(value, values.length);
  values.push(value);
  const bytes = VALUE_BYTES + 2 * (value?.length ?? 0);
  const form = canonical(value ?? '');
  if (value === null || form === value) return bytes;
  const same = variants.get(form);
  if (same) same.push(values.length - 1);
  else variants.set(form, [values.length - 1]);
  return 2 * bytes;
}
