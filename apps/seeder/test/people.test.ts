import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { UserError } from '@records/cli';
import { decodeRecord, parseRecord } from '@records/records-schema';
import fc from 'fast-check';
import { COUNTRIES, countriesOf, LOCALES } from '../src/countries.ts';
import { GENERATOR_VERSION, People } from '../src/people.ts';
import { Plan } from '../src/plan.ts';

/** Hashes of 10,000 messages of seed 42. When one changes, raise GENERATOR_VERSION: other people need other ids. */
const PINNED = {
  version: 1,
  latam: '9e320a91af3fada6bae92eb124829ee1ba78798d9866483595a40e6145562fd3',
  es_MX: '679cac3759608960ff94a9900420e1a52b30bb4beda20f4c1febff30ded18acd',
  pt_BR: 'd88e784e26924a3a4840d6a943c510618ef5da08fcdea317f005fd2a501608b7',
};

const sha256 = (chunks: Iterable<Uint8Array>) => {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk).update('\n');
  return hash.digest('hex');
};
const first = (count: number, options: { seed: number; locale: string }) => new Plan(options).messages(count);
const seed = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const locale = fc.constantFrom(...LOCALES);

describe('the messages of a seed', () => {
  it('are the same bytes in every release of this generator version', () => {
    const { version, ...hashes } = PINNED;
    expect(version).toBe(GENERATOR_VERSION);
    const now = Object.keys(hashes).map((locale) => [locale, sha256(first(10_000, { seed: 42, locale }))]);
    expect(Object.fromEntries(now)).toEqual(hashes);
  });

  it('do not depend on the language, the time zone or the folder of the process', async () => {
    const print = join(import.meta.dirname, 'support', 'print-hash.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [print, '10000', '42', 'latam'], {
      cwd: '/',
      env: { LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', TZ: 'Pacific/Chatham' },
    });
    expect(stdout.trim()).toBe(PINNED.latam);
  });

  it('begin with the messages of a shorter run', () => {
    const short = [...first(1_000, { seed: 42, locale: 'latam' })];
    expect([...first(5_000, { seed: 42, locale: 'latam' })].slice(0, 1_000)).toEqual(short);
  });

  it('are the same one by one, in any order', () => {
    fc.assert(
      fc.property(seed, locale, fc.array(fc.nat(99_999_999), { maxLength: 20 }), (seed, locale, indexes) => {
        const people = new People({ seed, locale });
        const ahead = indexes.map((index) => people.at(index));
        const back = indexes.toReversed().map((index) => new People({ seed, locale }).at(index));
        expect(back.toReversed()).toEqual(ahead);
      }),
    );
  });

  it('are records, whatever the seed, the locale and the place in the run', () => {
    fc.assert(
      fc.property(seed, locale, fc.nat(99_999_999), (seed, locale, index) => {
        const person = new People({ seed, locale }).at(index);
        expect(parseRecord(person)).toBe(person);
      }),
      { numRuns: 2_000 },
    );
    for (const message of first(20_000, { seed: 7, locale: 'latam' })) decodeRecord(message);
  });

  it.each([
    ['seed', { seed: 43, locale: 'latam' }],
    ['locale', { seed: 42, locale: 'es' }],
  ])('share no id with those of another %s', (_, other) => {
    const ids = (options: { seed: number; locale: string }) =>
      Array.from({ length: 1_000 }, (_, index) => new People(options).at(index).id);
    const ours = new Set(ids({ seed: 42, locale: 'latam' }));
    expect(ids(other).filter((id) => ours.has(id))).toEqual([]);
  });
});

describe('a person', () => {
  const sample = (locale: string, count = 20_000) => {
    const people = new People({ seed: 1, locale });
    return Array.from({ length: count }, (_, index) => people.at(index));
  };

  it('has two different family names', () => {
    const wrong = sample('latam').filter(({ apellido }) => {
      const [one, other, ...more] = apellido.split(/ (?!Jesús|Anda)/);
      return one === other || other === undefined || more.length > 0;
    });
    expect(wrong).toEqual([]);
  });

  it('has one or two given names, with the accents of the language', () => {
    const people = sample('latam');
    const accented = people.filter(({ nombre, apellido }) => /[áéíóúñçãêô]/i.test(nombre + apellido));
    expect(accented.length / people.length).toBeGreaterThan(0.4);
    const two = people.filter(({ nombre }) => nombre.includes(' '));
    expect(two.length / people.length).toBeGreaterThan(0.2);
    expect(two.length / people.length).toBeLessThan(0.8);
  });

  it('lives in each country as often as people do', () => {
    const people = sample('latam', 100_000);
    const total = COUNTRIES.reduce((sum, { millions }) => sum + millions, 0);
    for (const { name, millions } of COUNTRIES) {
      const share = people.filter(({ pais }) => pais === name).length / people.length;
      expect(share / (millions / total)).toBeCloseTo(1, 0);
    }
  });

  it.each([
    ['es_MX', ['México']],
    ['pt_BR', ['Brasil']],
    ['es_CL', ['Chile']],
  ])('of locale %s lives there', (locale, countries) => {
    expect([...new Set(sample(locale, 1_000).map(({ pais }) => pais))]).toEqual(countries);
  });

  it('has names of their own country in a run of all countries', () => {
    const people = sample('latam');
    const surnames = (pais: string) =>
      new Set(people.filter((person) => person.pais === pais).flatMap(({ apellido }) => apellido.split(' ')));
    expect(surnames('Brasil')).toContain('Oliveira');
    for (const country of ['México', 'Chile', 'Perú']) {
      expect(surnames(country)).toContain('Hernández');
      expect(surnames(country)).not.toContain('Oliveira');
      // In Faker's Mexican list, and nobody's name.
      expect(surnames(country)).not.toContain('Gollum');
    }
    const given = new Set(people.filter(({ pais }) => pais === 'Chile').map(({ nombre }) => nombre));
    expect([...given].filter((nombre) => /Jordi|Xochitl/.test(nombre))).toEqual([]);
  });
});

describe('a locale', () => {
  it.each(['de', 'es_ES', 'ES_MX', '', 'es_MX '])('outside Latin America is refused: "%s"', (locale) => {
    expect(() => countriesOf(locale)).toThrow(UserError);
    expect(() => countriesOf(locale)).toThrow(`"${locale}"`);
  });

  it('that is unknown is refused with the list of known ones', () => {
    const refused = () => new People({ seed: 1, locale: 'fr_HT' });
    expect(refused).toThrow(expect.objectContaining({ hint: `choose one of: ${LOCALES.join(', ')}` }));
    expect(LOCALES).toEqual(expect.arrayContaining(['latam', 'es', 'es_MX', 'pt_BR']));
  });
});
