import { distance } from 'fastest-levenshtein';
import { FunctionError } from './computed.ts';

/** Unicode's full case folding. https://www.unicode.org/Public/UCD/latest/ucd/CaseFolding.txt */
export function caseFold(value: string): string {
  let folded = '';
  for (const character of value) folded += foldCharacter(character);
  return folded;
}

function foldCharacter(character: string): string {
  if (character === 'ẞ') return 'ss';
  // Dotless i is a letter of its own. Cherokee folds to its older, upper case.
  if (character === 'ı') return character;
  if (/^[\u13a0-\u13f5]$/.test(character)) return character;
  if (/^[\u13f8-\u13fd\uab70-\uabbf]$/.test(character)) return character.toUpperCase();
  return character.toUpperCase().toLowerCase().replaceAll('ς', 'σ');
}

/** White space and the punctuation that separates words by default. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/string_functions#initcap */
const WORD_END = /[\p{White_Space}[\](){}/|\\<>!?@"^#$&~_,.:;*%+-]/u;

export function initCap(value: string, delimiters?: string): string {
  const isEnd = (character: string) => delimiters?.includes(character) ?? WORD_END.test(character);
  let begins = true;
  let result = '';
  for (const character of value) {
    const isDelimiter = isEnd(character);
    result += isDelimiter ? character : begins ? upperOf(character) : lowerOf(character);
    begins = isDelimiter;
  }
  return result;
}

/** One character for one. A letter with an iota below has its capital 8 or 9 places on; ß and ﬁ have none. */
function upperOf(character: string): string {
  const upper = character.toUpperCase();
  const code = character.codePointAt(0) ?? 0;
  if (upper.length <= String.fromCodePoint(code).length) return upper;
  const near = [8, 9].map((distance) => String.fromCodePoint(code + distance));
  return near.find((capital) => capital.toLowerCase() === character) ?? character;
}

/** One character for one. */
function lowerOf(character: string): string {
  return character === 'İ' ? 'i' : character.toLowerCase();
}

export function reverse(value: string): string {
  return [...value].reverse().join('');
}

export function translate(value: string, from: string, to: string): string {
  const targets = [...to];
  const map = new Map<string, string>();
  for (const [index, character] of [...from].entries()) {
    if (map.has(character)) throw new FunctionError('Duplicate character in TRANSLATE source characters');
    map.set(character, targets[index] ?? '');
  }
  let result = '';
  for (const character of value) result += map.get(character) ?? character;
  return result;
}

const SOUNDS = { BFPV: '1', CGJKQSXZ: '2', DT: '3', L: '4', MN: '5', R: '6' };

function soundOf(letter: string): string {
  return Object.entries(SOUNDS).find(([letters]) => letters.includes(letter))?.[1] ?? '';
}

/** Letters without a sound do not separate equal sounds. */
export function soundex(value: string): string {
  const [first, ...others] = [...value].filter((letter) => /^[A-Za-z]$/.test(letter));
  if (first === undefined) return '';
  let code = first;
  let last = soundOf(first.toUpperCase());
  for (const letter of others) {
    const sound = soundOf(letter.toUpperCase());
    if (sound === '' || sound === last) continue;
    code += sound;
    last = sound;
    if (code.length === 4) break;
  }
  return code.padEnd(4, '0');
}

/** Steps of one call. Everything else of the local cloud waits meanwhile. */
const MAX_EDIT_STEPS = 100_000_000;

export function editDistance(first: string, second: string): bigint {
  const [a, b] = [[...first], [...second]];
  if (a.length * b.length > MAX_EDIT_STEPS)
    throw new FunctionError('EDIT_DISTANCE of texts this long is not supported by the local BigQuery');
  // The library compares UTF-16 units, so each character becomes one.
  const units = new Map([...new Set([...a, ...b])].map((each, index) => [each, String.fromCharCode(index)]));
  const coded = (characters: readonly string[]) => characters.map((each) => units.get(each)).join('');
  return BigInt(distance(coded(a), coded(b)));
}

/** The one-based position of an occurrence, 0 without one; a negative position searches backwards from the end. */
export function instr(value: string, part: string, from = 1n, occurrence = 1n): bigint {
  const position = Number(from);
  if (occurrence < 1n) throw new FunctionError('Occurrence must be positive in INSTR');
  if (position === 0) throw new FunctionError('Position must be non-zero in INSTR');
  const [characters, wanted] = [[...value], [...part]];
  const last = characters.length - wanted.length;
  const step = position > 0 ? 1 : -1;
  let left = Number(occurrence);
  const end = characters.length + position + (wanted.length === 0 ? 1 : 0);
  const start = position > 0 ? position - 1 : Math.min(end, last);
  for (let at = start; at >= 0 && at <= last; at += step) {
    if (!wanted.every((character, index) => characters[at + index] === character)) continue;
    left -= 1;
    if (left === 0) return BigInt(at + 1);
  }
  return 0n;
}

export function trimmed(value: string, set: string, name: 'trim' | 'ltrim' | 'rtrim'): string {
  let [start, end] = [0, value.length];
  while (name !== 'rtrim' && start < end && set.includes(value[start] ?? '')) start += 1;
  while (name !== 'ltrim' && start < end && set.includes(value[end - 1] ?? '')) end -= 1;
  return value.slice(start, end);
}

export function pad(value: string, length: number, pattern: string, side: 'start' | 'end'): string {
  if (length < 0) throw new FunctionError('Second argument (output size) for LPAD/RPAD cannot be negative');
  if (pattern === '') throw new FunctionError('Third argument (pad pattern) for LPAD/RPAD cannot be empty');
  if (length <= value.length) return value.slice(0, length);
  return side === 'start' ? value.padStart(length, pattern) : value.padEnd(length, pattern);
}

/** Each byte that is no part of a character becomes U+FFFD. */
export function readUtf8(bytes: Uint8Array): string {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at] ?? 0;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const character = Buffer.from(bytes.subarray(at, at + length)).toString('utf8');
    const isWhole = !character.includes('\ufffd') || isReplacement(bytes, at);
    text += isWhole ? character : '\ufffd';
    at += isWhole ? length : 1;
  }
  return text;
}

/** Whether U+FFFD itself stands there. */
function isReplacement(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd;
}

/** RFC 4648. */
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function toBase32(bytes: Uint8Array): string {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  const digits = bits.match(/.{1,5}/g) ?? [];
  const text = digits.map((digit) => BASE32[Number.parseInt(digit.padEnd(5, '0'), 2)]).join('');
  return text.padEnd(Math.ceil(text.length / 8) * 8, '=');
}

export function fromBase32(text: string): Uint8Array {
  const plain = text.replace(/=*$/, '');
  if (/[^A-Z2-7]/.test(plain)) throw new FunctionError('Failed to decode invalid base32 string');
  let bits = '';
  for (const digit of plain) bits += BASE32.indexOf(digit).toString(2).padStart(5, '0');
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}
