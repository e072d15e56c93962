import { faker as es } from '@faker-js/faker/locale/es';
import { faker as esMX } from '@faker-js/faker/locale/es_MX';
import { faker as ptBR } from '@faker-js/faker/locale/pt_BR';
import type { Country } from './countries.ts';

/** The names of a country's people. */
export interface Names {
  readonly given: readonly [female: readonly string[], male: readonly string[]];
  readonly surnames: readonly string[];
}

type Definitions = typeof es.definitions.person;

const mexican = namesIn(esMX.definitions.person);
const brazilian = namesIn(ptBR.definitions.person);

/**
 * Faker has two Latin American locales, es_MX and pt_BR. Its `es` is that of Spain, and both Spanish lists hold names that
 * are not of the region ("Jordi", "Gollum"). Only names in both lists are used, except for Mexico's given names.
 */
const spanishAmerican = shared(mexican, namesIn(es.definitions.person));
const mexicanWithSharedSurnames: Names = { given: mexican.given, surnames: spanishAmerican.surnames };

export function namesOf({ code, language }: Country): Names {
  if (code === 'MX') return mexicanWithSharedSurnames;
  return language === 'pt' ? brazilian : spanishAmerican;
}

function namesIn({ first_name, last_name }: Definitions): Names {
  return {
    given: [filled(first_name.female, 'first_name.female'), filled(first_name.male, 'first_name.male')],
    surnames: filled(last_name.generic, 'last_name.generic'),
  };
}

function shared(a: Names, b: Names): Names {
  const both = (one: readonly string[], other: readonly string[]) =>
    one.filter((name) => other.includes(name));
  return {
    given: [both(a.given[0], b.given[0]), both(a.given[1], b.given[1])],
    surnames: both(a.surnames, b.surnames),
  };
}

function filled(list: readonly string[] | undefined, name: string): readonly string[] {
  if (!list || list.length === 0) throw new TypeError(`Faker no longer has the list "${name}"`);
  return list;
}
