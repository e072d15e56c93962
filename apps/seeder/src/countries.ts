import { UserError } from '@records/cli';

/** A country of Latin America with names in Faker. Haiti has none: Faker's French names are those of France. */
export interface Country {
  /** ISO 3166-1 alpha-2. */
  readonly code: string;
  readonly language: 'es' | 'pt';
  /** In Spanish. Not from Intl, whose names change with the ICU of a machine's Node. */
  readonly name: string;
  /** Inhabitants in millions, rounded: the weight of the country. https://population.un.org/wpp */
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

/** All countries above. */
export const DEFAULT_LOCALE = 'latam';

/** `latam`, a language (`es`: its countries), or one country (`es_MX`, `pt_BR`, `es_CL`, …). */
export const LOCALES: readonly string[] = [
  ...new Set([
    DEFAULT_LOCALE,
    ...COUNTRIES.map(({ language }) => language),
    ...COUNTRIES.map(localeOf).sort(),
  ]),
];

/** The countries of a locale. Throws UserError for one that is not in LOCALES. */
export function countriesOf(locale: string): readonly Country[] {
  const countries = COUNTRIES.filter((country) =>
    [DEFAULT_LOCALE, country.language, localeOf(country)].includes(locale),
  );
  if (countries.length > 0) return countries;
  throw new UserError(`there are no names for locale "${locale}"`, {
    hint: `choose one of: ${LOCALES.join(', ')}`,
  });
}

function localeOf({ language, code }: Country): string {
  return `${language}_${code}`;
}
