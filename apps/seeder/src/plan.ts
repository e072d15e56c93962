import { COLUMN_NAMES, encodeRecord, type RecordRow } from '@records/records-schema';
import { checkMix, type Mix, PURE } from './mix.ts';
import { People } from './people.ts';
import { Draws } from './random.ts';

export type Kind = 'record' | 'duplicate' | 'conflict' | 'invalid' | 'poison';

/** A field that no table has a column for. The topic lets it pass: Avro's JSON decoder skips what it does not know. */
const POISON_FIELD = 'unknown_field';

/** How far back a record to repeat is looked for; with a tenth of records, never that far. */
const MAX_STEPS = 1_000;

/** Sets the draws of kinds apart from those of people. */
const KINDS = 0x6b696e64;

const utf8 = new TextEncoder();

/**
 * What a run sends. Message `index` depends on seed, locale and mix only, so a run can be checked without a copy of it,
 * and a longer run begins with the shorter one.
 */
export class Plan {
  readonly people: People;
  readonly mix: Mix;
  readonly #draws: Draws;

  /** Throws SeederError. */
  constructor(options: { seed: number; locale: string; mix?: Mix | undefined }) {
    this.mix = checkMix(options.mix ?? PURE);
    // A mixed run sends other messages than a pure one of the same seed, so it has ids of its own.
    const { duplicates, conflicts, invalid, poison } = this.mix;
    const shares = [duplicates, conflicts, invalid, poison];
    const variant = shares.some((share) => share > 0) ? shares : [];
    this.people = new People({ ...options, variant });
    this.#draws = new Draws(this.people.run.randomKey ^ KINDS);
  }

  kindAt(index: number): Kind {
    const drawn = this.#drawnKind(index);
    if (drawn !== 'duplicate' && drawn !== 'conflict') return drawn;
    const original = this.originalOf(index);
    if (original === undefined) return 'record';
    // Two people can have all names and the country in common.
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

  /** What a row or a dead letter of this message says; of an invalid one, what it would say if it were valid. */
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

  /** The first `count` messages, made one at a time. */
  *messages(count: number): Generator<Uint8Array> {
    for (let index = 0; index < count; index += 1) yield this.messageAt(index);
  }

  #drawnKind(index: number): Kind {
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

/** In turn: a field missing, a field of another type, a value wrapped as in a union, no JSON. */
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
