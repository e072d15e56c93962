import { COLUMN_NAMES, encodeRecord, type RecordRow } from '@records/records-schema';
import { checkMix, type Mix, PURE } from './mix.ts';
import { People } from './people.ts';
import { Draws } from './random.ts';

export type Kind = 'record' | 'duplicate' | 'conflict' | 'invalid' | 'poison';

/** A field without a column. The topic accepts it: Avro's JSON decoder skips unknown fields. */
const POISON_FIELD = 'unknown_field';

/** Messages searched for a record to repeat. At least a tenth are records, so the search ends long before. */
const MAX_STEPS = 1_000;

/** Separates the draws of kinds from those of people. */
const KINDS = 0x6b696e64;

const utf8 = new TextEncoder();

/**
 * The messages of a run. Message `index` depends only on seed, locale and mix, so a run can be checked without a copy, and
 * a longer run begins with the shorter one.
 */
export class Plan {
  readonly people: People;
  readonly mix: Mix;
  readonly #draws: Draws;
  readonly #isPure: boolean;

  /** Throws UserError. */
  constructor(options: { seed: number; locale: string; mix?: Mix | undefined }) {
    this.mix = checkMix(options.mix ?? PURE);
    // A mixed run sends other messages than a pure run of the same seed, so it needs ids of its own.
    const { duplicates, conflicts, invalid, poison } = this.mix;
    const shares = [duplicates, conflicts, invalid, poison];
    this.#isPure = shares.every((share) => share === 0);
    const variant = this.#isPure ? [] : shares;
    this.people = new People({ ...options, variant });
    this.#draws = new Draws(this.people.run.randomKey ^ KINDS);
  }

  kindAt(index: number): Kind {
    const drawn = this.#drawnKind(index);
    if (drawn !== 'duplicate' && drawn !== 'conflict') return drawn;
    const original = this.originalOf(index);
    if (original === undefined) return 'record';
    // Two people can share all names and the country.
    return drawn === 'conflict' && sameContent(this.people.at(original), this.people.at(index))
      ? 'duplicate'
      : drawn;
  }

  /** The earlier record that a duplicate or a conflict repeats. */
  originalOf(index: number): number | undefined {
    this.#draws.moveTo(index);
    this.#draws.below(1);
    let original = Math.floor(this.#draws.below(index));
    for (let step = 0; step < MAX_STEPS && original >= 0 && original < index; step += 1) {
      if (this.#drawnKind(original) === 'record') return original;
      original -= 1;
    }
    return undefined;
  }

  /** The record in message `index`. An invalid message is made from this record. */
  rowAt(index: number): RecordRow {
    const kind = this.kindAt(index);
    const original = kind === 'duplicate' || kind === 'conflict' ? this.originalOf(index) : undefined;
    if (original === undefined) return this.people.at(index);
    const first = this.people.at(original);
    return kind === 'duplicate' ? first : { ...this.people.at(index), id: first.id };
  }

  messageAt(index: number): Uint8Array {
    const kind = this.kindAt(index);
    const row = this.rowAt(index);
    if (kind === 'invalid') return invalidMessage(row, index);
    if (kind === 'poison') return utf8.encode(JSON.stringify({ ...row, [POISON_FIELD]: 'poison' }));
    return encodeRecord(row);
  }

  /** Makes the first `count` messages one at a time. */
  *messages(count: number): Generator<Uint8Array> {
    for (let index = 0; index < count; index += 1) yield this.messageAt(index);
  }

  #drawnKind(index: number): Kind {
    if (this.#isPure) return 'record';
    this.#draws.moveTo(index);
    let rest = this.#draws.below(1);
    const { duplicates, conflicts, invalid, poison } = this.mix;
    const shares = [
      ['duplicate', duplicates],
      ['conflict', conflicts],
      ['invalid', invalid],
      ['poison', poison],
    ] as const;
    for (const [kind, share] of shares) {
      rest -= share;
      if (rest < 0) return kind;
    }
    return 'record';
  }
}

export function sameContent(one: RecordRow, other: RecordRow): boolean {
  return COLUMN_NAMES.every((name) => name === 'id' || (one[name] ?? null) === (other[name] ?? null));
}

/** In turn: a missing field, a field of another type, a value wrapped as in a union, text that is not JSON. */
function invalidMessage(row: RecordRow, index: number): Uint8Array {
  const { pais, ...rest } = row;
  const texts = [
    () => JSON.stringify(rest),
    () => JSON.stringify({ ...rest, pais: 7 }),
    () => JSON.stringify({ ...rest, pais: { string: pais } }),
    () => `id=${row.id}`,
  ];
  return utf8.encode(texts[index % texts.length]?.());
}
