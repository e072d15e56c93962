import fc from 'fast-check';
import { codePoint } from './code-point.ts';

/** What an attacker or a broken client could put into a URL. */
const nasty = fc.constantFrom(
  "'",
  '"',
  '`',
  '\\',
  ';--',
  "' OR 1=1 --",
  '`; DROP TABLE records',
  '@id',
  '?',
  '../',
  '..%2f',
  '%zz',
  '%',
  '%00',
  '%c3%28',
  '%25',
  '%F0%9F%91%A9',
  '\u0000',
  '\n',
  ' ',
  '+1',
  '-1',
  '-0',
  '1e2',
  '0x10',
  '007',
  '1.5',
  '9'.repeat(20),
  'NaN',
  'null',
  '1_000',
  '٣',
  '１',
  'limit',
  '[]',
  '{}',
  'x'.repeat(129),
  'x'.repeat(5_000),
  '~',
  '.',
  '..',
  '...',
  'constructor',
  '__proto__',
);

/** Percent-encoded. */
export const escaped = fc
  .oneof(nasty, fc.string({ unit: codePoint, maxLength: 12 }))
  .map((value) => encodeURIComponent(value.toWellFormed()));

/** Raw: the characters that node:http accepts in a path. */
export const raw = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 12,
});

export const hostile = fc.oneof({ weight: 2, arbitrary: escaped }, { weight: 1, arbitrary: raw });
