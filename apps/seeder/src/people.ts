import type { RecordRow } from '@records/records-schema';
import { type Country, countriesOf } from './countries.ts';
import { type Run, recordId, runOf } from './ids.ts';
import { namesOf } from './names.ts';
import { Draws } from './random.ts';

/**
 * Part of every id. A record never changes, so raise this number when this folder's code or Faker's lists change the people
 * of a seed. The pinned hashes in the tests detect that.
 */
export const GENERATOR_VERSION = 1;

const SECOND_GIVEN_NAME = 0.35;

/** The people of one seed and locale. Person `index` depends on nothing else, so any order gives the same people. */
export class People {
  readonly run: Run;
  readonly #countries: readonly Country[];
  readonly #millions: number;
  readonly #draws: Draws;

  /** Throws UserError for an unknown locale. */
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
      // The father's and the mother's, as in Spanish-speaking countries; Brazil has the other order.
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
