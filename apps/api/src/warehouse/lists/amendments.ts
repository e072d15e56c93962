import { hash } from 'node:crypto';
import {
  type Amendment,
  amendedValues,
  amendmentKey,
  amendmentsInForce,
  COLUMN_NAMES,
} from '@records/records-schema';
import { ownBytes } from '../../own-bytes.ts';
import { cellsJson } from '../record-json.ts';
import type { Cells } from '../warehouse.ts';
import type { Block } from './block.ts';
import { Delta } from './delta.ts';

const ROWS_AT_ONCE = 5_000;

/**
 * Applies the corrections and removals of people to records as they are served. Immutable, so every result is computed once. Without
 * any amendment, each method answers what it was given.
 */
export class Amendments {
  static readonly none = new Amendments([]);

  /** Identifies what is in force, at every instance, in tokens and entity tags; empty without any. */
  readonly version: string;
  readonly #inForce: ReadonlyMap<string, Amendment>;
  readonly #blocks = new WeakMap<Block, Block>();
  readonly #deltas = new WeakMap<Delta, Promise<Delta>>();
  readonly #bodies = new WeakMap<Buffer, Buffer>();

  constructor(amendments: Iterable<Amendment>) {
    this.#inForce = amendmentsInForce(amendments);
    const all = Array.from(this.#inForce.values(), ({ key, what, values }) =>
      JSON.stringify([key, what, values]),
    );
    this.version = all.length === 0 ? '' : hash('sha256', all.sort().join('\n')).slice(0, 8);
  }

  get isEmpty(): boolean {
    return this.#inForce.size === 0;
  }

  /** The record as readers get it: itself, a corrected one, or undefined when it was forgotten. */
  record(cells: Cells): Cells | undefined {
    const amendment = this.#inForce.get(amendmentKey(cells[0] ?? ''));
    return amendment ? amendedValues(cells, amendment) : cells;
  }

  rows(rows: readonly Cells[]): readonly Cells[] {
    if (this.isEmpty) return rows;
    return rows.map((cells) => this.record(cells)).filter((cells) => cells !== undefined);
  }

  /** A forgotten record keeps its index and has no bytes, as one that was left out. */
  block(block: Block): Block {
    if (this.isEmpty) return block;
    let amended = this.#blocks.get(block);
    if (!amended) {
      amended = block.map((cells) => this.record(cells));
      this.#blocks.set(block, amended);
    }
    return amended;
  }

  /** Without the forgotten records: later ones move up. */
  async delta(delta: Delta): Promise<Delta> {
    if (this.isEmpty) return delta;
    let amended = this.#deltas.get(delta);
    if (!amended) {
      amended = this.#amended(delta);
      this.#deltas.set(delta, amended);
    }
    return amended;
  }

  /** A record as a JSON object; undefined when there is none, or it was forgotten. */
  body(id: string, body: Buffer | undefined): Buffer | undefined {
    const amendment = this.isEmpty ? undefined : this.#inForce.get(amendmentKey(id));
    if (!amendment || !body) return body;
    let amended = this.#bodies.get(body);
    if (!amended) {
      const record: Record<string, string | null> = JSON.parse(body.toString());
      const cells = amendedValues(
        COLUMN_NAMES.map((name) => record[name] ?? null),
        amendment,
      );
      if (!cells) return undefined;
      amended = ownBytes(Buffer.from(cellsJson(cells)));
      this.#bodies.set(body, amended);
    }
    return amended;
  }

  async #amended(delta: Delta): Promise<Delta> {
    let at = 0;
    while (at < delta.length && !this.#inForce.has(amendmentKey(delta.idAt(at) ?? ''))) at++;
    return at === delta.length ? delta : await Delta.of(this.#chunks(delta));
  }

  async *#chunks(delta: Delta): AsyncGenerator<readonly Cells[], void> {
    for (let at = 0; at < delta.length; at += ROWS_AT_ONCE)
      yield this.rows(delta.cells(at, at + ROWS_AT_ONCE));
  }
}
