import { hash } from 'node:crypto';
import { type Amendment, amendedValues, COLUMN_NAMES } from '@records/records-schema';
import { ownBytes } from '../../own-bytes.ts';
import { cellsJson } from '../record-json.ts';
import type { Cells } from '../warehouse.ts';
import type { Block } from './block.ts';
import { Delta } from './delta.ts';
import { DigestSet } from './digest-set.ts';

const ROWS_AT_ONCE = 5_000;
const DIGEST_BYTES = 32;

/**
 * Applies the corrections and removals of people to records as they are served. Immutable, so every result is computed once. Without
 * any amendment, each method answers what it was given.
 */
export class Amendments {
  static readonly none = new Amendments(new DigestSet(), new Map());

  /** Identifies what is in force, at every instance, in tokens and entity tags; empty without any. */
  readonly version: string;
  readonly #forgotten: DigestSet;
  /** By key. */
  readonly #corrected: ReadonlyMap<string, Amendment>;
  readonly #blocks = new WeakMap<Block, Block>();
  readonly #deltas = new WeakMap<Delta, Promise<Delta>>();
  readonly #bodies = new WeakMap<Buffer, { readonly body: Buffer | undefined }>();

  private constructor(forgotten: DigestSet, corrected: ReadonlyMap<string, Amendment>) {
    this.#forgotten = forgotten;
    this.#corrected = corrected;
    const all = Array.from(corrected.values(), ({ key, values }) => JSON.stringify([key, values])).sort();
    this.version = this.isEmpty ? '' : hash('sha256', [forgotten.fingerprint, ...all].join('\n')).slice(0, 8);
  }

  /** A forgotten record stays forgotten although it was corrected; of two corrections the newer one holds. `expected`: about how many. */
  static collector(expected: number) {
    const forgotten = new DigestSet(expected);
    const corrected = new Map<string, Amendment>();
    return {
      add(amendment: Amendment): void {
        const { key, what, amendedAt } = amendment;
        const digest = Buffer.from(key, 'hex');
        // Another text is the key of no record.
        if (what !== 'corrected' && digest.length === DIGEST_BYTES) forgotten.add(digest);
        const other = corrected.get(key);
        if (what === 'corrected' && !(other && other.amendedAt >= amendedAt)) corrected.set(key, amendment);
      },
      get corrections(): number {
        return corrected.size;
      },
      end(): Amendments {
        for (const key of corrected.keys()) if (forgotten.has(Buffer.from(key, 'hex'))) corrected.delete(key);
        return new Amendments(forgotten, corrected);
      },
    };
  }

  get isEmpty(): boolean {
    return this.#forgotten.size + this.#corrected.size === 0;
  }

  /** What was done to a record, if anything. */
  #of(id: string): Amendment | 'forgotten' | undefined {
    const digest = hash('sha256', id, 'buffer');
    if (this.#forgotten.has(digest)) return 'forgotten';
    return this.#corrected.size === 0 ? undefined : this.#corrected.get(digest.toString('hex'));
  }

  /** The record as readers get it: itself, a corrected one, or undefined when it was forgotten. */
  record(cells: Cells): Cells | undefined {
    const amendment = this.#of(cells[0] ?? '');
    if (amendment === 'forgotten') return undefined;
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

  /** A record as a JSON object; undefined when there is none, or it was forgotten. The key of its id is hashed once. */
  body(id: string, body: Buffer | undefined): Buffer | undefined {
    if (this.isEmpty || !body) return body;
    let amended = this.#bodies.get(body);
    if (!amended) {
      amended = { body: this.#amendedBody(id, body) };
      this.#bodies.set(body, amended);
    }
    return amended.body;
  }

  #amendedBody(id: string, body: Buffer): Buffer | undefined {
    const amendment = this.#of(id);
    if (!amendment) return body;
    if (amendment === 'forgotten') return undefined;
    const record: Record<string, string | null> = JSON.parse(body.toString());
    const cells = amendedValues(
      COLUMN_NAMES.map((name) => record[name] ?? null),
      amendment,
    );
    return ownBytes(Buffer.from(cellsJson(cells)));
  }

  async #amended(delta: Delta): Promise<Delta> {
    let at = 0;
    while (at < delta.length && this.#of(delta.idAt(at) ?? '') === undefined) at++;
    return at === delta.length ? delta : await Delta.of(this.#chunks(delta));
  }

  async *#chunks(delta: Delta): AsyncGenerator<readonly Cells[], void> {
    for (let at = 0; at < delta.length; at += ROWS_AT_ONCE)
      yield this.rows(delta.cells(at, at + ROWS_AT_ONCE));
  }
}
