import { COLUMN_NAMES, canonical } from '@records/records-schema';
import type { Cells, CountryCount, RecordFilter } from '../warehouse.ts';

/** The columns after `id`, whose values repeat. */
const FIELDS = COLUMN_NAMES.slice(1);
/** Of each row, for the numbers of its values. */
export const VALUES_ROW_BYTES = 4 * FIELDS.length;
/** An estimate of what a distinct value costs besides its text. */
const VALUE_BYTES = 96;

interface Field {
  readonly values: (string | null)[];
  readonly numbers: Map<string | null, number>;
  /** The numbers of values that are not in canonical form, by that form. */
  readonly variants: Map<string, number[]>;
  /** The number of each row's value. */
  rows: Uint32Array;
}

/** The values of rows besides their ids: each distinct value once, each row as the numbers of its values. */
export class Values {
  readonly #fields: readonly Field[];
  #length = 0;
  /** Bytes of the distinct values. */
  #bytes = 0;

  /** `capacity` is the expected number of rows. */
  constructor(capacity: number) {
    this.#fields = FIELDS.map(() => ({
      values: [],
      numbers: new Map(),
      variants: new Map(),
      rows: new Uint32Array(Math.max(1, capacity)),
    }));
  }

  /** Bytes of memory. */
  get size(): number {
    return this.#bytes + this.#length * VALUES_ROW_BYTES;
  }

  get length(): number {
    return this.#length;
  }

  /** The cells of the next row. */
  add(cells: Cells): void {
    for (const [index, field] of this.#fields.entries()) this.#note(field, cells[index + 1] ?? null);
    this.#length++;
  }

  /** The cells of a row after its id. */
  cells(row: number): Cells {
    return this.#fields.map(({ values, rows }) => values[rows[row] ?? 0] ?? null);
  }

  /** The indexes of the matching rows. */
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
    // Field by field over the remaining rows, without a call per row.
    let found: Uint32Array | undefined;
    for (const { rows, has } of tests) {
      const from = found;
      const passed = new Uint32Array(from?.length ?? this.#length);
      let count = 0;
      for (let at = 0; at < passed.length; at++) {
        const row = from ? (from[at] ?? 0) : at;
        if (has[rows[row] ?? 0] === 1) passed[count++] = row;
      }
      found = passed.slice(0, count);
    }
    return found ?? Uint32Array.from({ length: this.#length }, (_, row) => row);
  }

  /** The number of rows per `pais`, in any order. */
  countries(): CountryCount[] {
    const field = this.#fields[FIELDS.indexOf('pais')];
    const counts = new Uint32Array(field?.values.length ?? 0);
    for (const number of field?.rows.subarray(0, this.#length) ?? [])
      counts[number] = (counts[number] ?? 0) + 1;
    return Array.from(counts, (records, number) => ({ pais: field?.values[number] ?? '', records }));
  }

  #note(field: Field, value: string | null): void {
    let number = field.numbers.get(value);
    if (number === undefined) {
      number = field.values.length;
      field.numbers.set(value, number);
      field.values.push(value);
      this.#bytes += VALUE_BYTES + 2 * (value?.length ?? 0);
      const form = canonical(value ?? '');
      if (value !== null && form !== value) {
        const variants = field.variants.get(form) ?? [];
        field.variants.set(form, [...variants, number]);
        this.#bytes += VALUE_BYTES + 2 * form.length;
      }
    }
    if (this.#length === field.rows.length) {
      const rows = new Uint32Array(2 * field.rows.length);
      rows.set(field.rows);
      field.rows = rows;
    }
    field.rows[this.#length] = number;
  }
}
