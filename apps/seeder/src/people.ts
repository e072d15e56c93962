import type { RecordRow } from '@records/records-schema';
import { type Country, countriesOf } from './countries.ts';
import { type Run, recordId, runOf } from './ids.ts';
import { namesOf } from './names.ts';
import { Draws } from './random.ts';

/**
 * Part of every id. A record never changes, so whatever changes the people of a seed (this folder's code, Faker's lists)
 * must raise it; the pinned hashes in the tests notice.
 */
export const GENERATOR_VERSION = 1;

const SECOND_GIVEN_NAME = 0.35;

/** The people of one seed and locale. Person `index` depends on nothing else, so they come in any order and number. */
export class People {
  readonly run: Run;
  readonly #countries: readonly Country[];
  readonly #millions: number;
  readonly #draws: Draws;

  /** Throws SeederError for an unknown locale. */
  constructor(options: { seed: number; locale: string; variant?: unknown[] }) {
    this.#countries = countriesOf(options.locale);
    this.#millions = this.#countries.reduce((sum, { millions }) => sum + millions, 0);
    this.run = runOf(options.seed, options.locale, GENERATOR_VERSION, options.variant);
    this.#draws = new Draws(this.run.randomKey);
  }

  at(index: number): RecordRow {
    const draws = this.#draws;
    draws.moveTo(index);
    const country = this.#country();
    const { given, surnames } = namesOf(country);
    const candidates = draws.chance(0.5) ? given[0] : given[1];
    return {
      id: recordId(this.run, index),
      nombre: givenNames(draws, candidates),
      // The father's and the mother's, as in Spanish-speaking countries and, in the other order, in Brazil.
      apellido: draws.pickTwo(surnames).join(' '),
      pais: country.name,
    };
  }

  #country(): Country {
    let rest = this.#draws.below(this.#millions);
    for (const country of this.#countries) {
      rest -= country.millions;
      if (rest < 0) return country;
    }
    throw new RangeError('the weights of the countries do not add up');
  }
}

function givenNames(draws: Draws, candidates: readonly string[]): string {
  const [first, second] = draws.pickTwo(candidates);
  const isCompound = first.includes(' ') || second.includes(' ');
  return isCompound || !draws.chance(SECOND_GIVEN_NAME) ? first : `${first} ${second}`;
}
