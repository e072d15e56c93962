import { SeederError } from './errors.ts';

/** A country of Latin America whose language Faker has names for. Haiti has none: Faker's French names are of France. */
export interface Country {
  /** ISO 3166-1 alpha-2. */
  readonly code: string;
  readonly language: 'es' | 'pt';
  /** As written in Spanish. Spelled out: Intl's names change with the ICU that a machine's Node was built with. */
  readonly name: string;
  /** Inhabitants in millions, rounded: how often the country is drawn. https://population.un.org/wpp */
  readonly millions: number;
}

export const COUNTRIES: readonly Country[] = [
  { code: 'AR', language: 'es', name: 'Argentina', millions: 46 },
  { code: 'BO', language: 'es', name: 'Bolivia', millions: 12 },
  { code: 'BR', language: 'pt', name: 'Brasil', millions: 212 },
  { code: 'CL', language: 'es', name: 'Chile', millions: 20 },
  { code: 'CO', language: 'es', name: 'Colombia', millions: 53 },
  { code: 'CR', language: 'es', name: 'Costa Rica', millions: 5 },
  { code: 'CU', language: 'es', name: 'Cuba', millions: 11 },
  { code: 'DO', language: 'es', name: 'República Dominicana', millions: 11 },
  { code: 'EC', language: 'es', name: 'Ecuador', millions: 18 },
  { code: 'GT', language: 'es', name: 'Guatemala', millions: 18 },
  { code: 'HN', language: 'es', name: 'Honduras', millions: 11 },
  { code: 'MX', language: 'es', name: 'México', millions: 131 },
  { code: 'NI', language: 'es', name: 'Nicaragua', millions: 7 },
  { code: 'PA', language: 'es', name: 'Panamá', millions: 5 },
  { code: 'PE', language: 'es', name: 'Perú', millions: 34 },
  { code: 'PY', language: 'es', name: 'Paraguay', millions: 7 },
  { code: 'SV', language: 'es', name: 'El Salvador', millions: 6 },
  { code: 'UY', language: 'es', name: 'Uruguay', millions: 3 },
  { code: 'VE', language: 'es', name: 'Venezuela', millions: 28 },
];

/** Every country above, each person with the names of their country. */
export const DEFAULT_LOCALE = 'latam';

/** `latam`, a language (`es`: its countries), or one country (`es_MX`, `pt_BR`, `es_CL`, …). */
export const LOCALES: readonly string[] = [
  ...new Set([
    DEFAULT_LOCALE,
    ...COUNTRIES.map(({ language }) => language),
    ...COUNTRIES.map(localeOf).sort(),
  ]),
];

/** Throws SeederError for a locale that is not in LOCALES. */
export function countriesOf(locale: string): readonly Country[] {
  const countries = COUNTRIES.filter((country) =>
    [DEFAULT_LOCALE, country.language, localeOf(country)].includes(locale),
  );
  if (countries.length > 0) return countries;
  throw new SeederError(`locale "${locale}" is not one of Latin America's that Faker has names for`, {
    wayOut: `choose one of: ${LOCALES.join(', ')}`,
  });
}

function localeOf({ language, code }: Country): string {
  return `${language}_${code}`;
}
