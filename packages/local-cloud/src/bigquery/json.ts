import { plainDecimal } from './exact-number.ts';

/** JSON in a text: read as far as it is needed, and with numbers as they are written. */

export type Json =
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'number' | 'word'; readonly text: string }
  | { readonly kind: 'array'; readonly items: readonly Json[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [name: string, value: Json])[] };

/** Keys of objects and indexes of arrays. */
export type JsonPath = readonly string[];

/** The text is no JSON, at least not up to the value. */
class JsonError extends Error {
  override readonly name = 'JsonError';
}

/** What JavaScript's stack takes easily. */
const MAX_DEPTH = 2000;

/** Parses what `compactJson` wrote. */
export function parseJsonText(text: string): Json {
  return new JsonReader(text).find([]) ?? NULL_JSON;
}

export const NULL_JSON: Json = { kind: 'word', text: 'null' };

/** The value at a path; undefined when there is none, or when the text before it is no JSON. */
export function findJson(text: string, path: JsonPath): Json | undefined {
  try {
    return new JsonReader(text).find(path);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

class JsonReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  find(path: JsonPath): Json | undefined {
    const [key, ...rest] = path;
    if (key === undefined) return this.#value();
    if (this.#accept('{'))
      return this.#among('}', key, rest, () => {
        const name = this.#string();
        this.#expect(':');
        return name;
      });
    if (!this.#accept('[')) return undefined;
    let index = 0;
    return this.#among(']', key, rest, () => String(index++));
  }

  #among(end: string, key: string, rest: JsonPath, nameOf: () => string): Json | undefined {
    while (!this.#accept(end)) {
      if (nameOf() === key) return this.find(rest);
      this.#value();
      if (!this.#accept(',')) {
        this.#expect(end);
        return undefined;
      }
    }
    return undefined;
  }

  #value(): Json {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new JsonError();
    const value = this.#plainValue();
    this.#depth -= 1;
    return value;
  }

  #plainValue(): Json {
    if (this.#accept('{')) {
      const members = this.#list('}', () => {
        const name = this.#string();
        this.#expect(':');
        return [name, this.#value()] as const;
      });
      return { kind: 'object', members };
    }
    if (this.#accept('[')) return { kind: 'array', items: this.#list(']', () => this.#value()) };
    if (this.#peek() === '"' || this.#peek() === "'") return { kind: 'string', text: this.#string() };
    const number = this.#match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    if (number !== undefined) return { kind: 'number', text: number };
    const word = this.#match(/true|false|null/y);
    if (word !== undefined) return { kind: 'word', text: word };
    throw new JsonError();
  }

  #list<T>(end: string, item: () => T): T[] {
    const items: T[] = [];
    while (!this.#accept(end)) {
      items.push(item());
      if (this.#accept(',')) continue;
      this.#expect(end);
      break;
    }
    return items;
  }

  #string(): string {
    this.#peek();
    const quoted = this.#match(/"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'/y);
    if (quoted === undefined) throw new JsonError();
    const text = quoted
      .slice(1, -1)
      .replaceAll(/\\(?:u([\dA-Fa-f]{4})|([\s\S]))/g, (_, code?: string, letter?: string) =>
        code === undefined
          ? (ESCAPED[letter ?? ''] ?? letter ?? '')
          : String.fromCharCode(Number.parseInt(code, 16)),
      );
    return text.toWellFormed();
  }

  #peek(): string | undefined {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    return this.#text[this.#at];
  }

  #accept(symbol: string): boolean {
    if (this.#peek() !== symbol) return false;
    this.#at += 1;
    return true;
  }

  #expect(symbol: string): void {
    if (!this.#accept(symbol)) throw new JsonError();
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const [text] = pattern.exec(this.#text) ?? [];
    if (text !== undefined) this.#at += text.length;
    return text;
  }
}

const ESCAPED: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Without white space. `quote` writes a text: the functions over texts escape more than the type JSON does. */
export function compactJson(json: Json, quote: (text: string) => string = JSON.stringify): string {
  switch (json.kind) {
    case 'string':
      return quote(json.text);
    case 'array':
      return `[${json.items.map((item) => compactJson(item, quote)).join(',')}]`;
    case 'object':
      return `{${json.members.map(([name, value]) => `${quote(name)}:${compactJson(value, quote)}`).join(',')}}`;
    default:
      return json.text;
  }
}

export function jsonString(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}

/** A text is no value of type JSON. */
export class InvalidJsonError extends Error {
  override readonly name = 'InvalidJsonError';
}

/** `exact` refuses a number that FLOAT64 cannot hold exactly; `round` rounds it. */
type WideNumbers = 'exact' | 'round';

/**
 * The text of a value of type JSON: without white space, with sorted members, and with numbers as an INT64, a UINT64 or the
 * shortest text of a FLOAT64. Throws InvalidJsonError.
 */
export function canonicalJson(text: string, wide: WideNumbers = 'exact'): string {
  if (HALF_CHARACTER.test(parsedText(text)))
    throw new InvalidJsonError('syntax error: a surrogate without its other half');
  try {
    return compactJson(canonical(parseJsonText(text), wide));
  } catch (error) {
    if (error instanceof JsonError) throw tooDeep();
    throw error;
  }
}

function tooDeep(): InvalidJsonError {
  return new InvalidJsonError('the value is nested too deeply');
}

/** An escape that JSON.stringify writes for a surrogate without its other half. */
const HALF_CHARACTER = /(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]/;

function parsedText(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    // JSON.stringify uses the stack, JSON.parse does not.
    if (error instanceof RangeError) throw tooDeep();
    throw new InvalidJsonError(`syntax error: ${Error.isError(error) ? error.message : error}`);
  }
}

function canonical(json: Json, wide: WideNumbers): Json {
  switch (json.kind) {
    case 'number':
      return { kind: 'number', text: canonicalNumber(json.text, wide) };
    case 'array':
      return { kind: 'array', items: json.items.map((item) => canonical(item, wide)) };
    case 'object':
      return objectOf(json.members.map(([name, value]) => [name, canonical(value, wide)]));
    default:
      return json;
  }
}

/** An object of its first members of each name, sorted by the bytes of the names. */
export function objectOf(members: readonly (readonly [name: string, value: Json])[]): Json {
  const first = new Map(members.toReversed());
  const sorted = [...first].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return { kind: 'object', members: sorted };
}

const MIN_INT64 = -(2n ** 63n);
const MAX_UINT64 = 2n ** 64n - 1n;

function canonicalNumber(text: string, wide: WideNumbers): string {
  if (/^-?\d+$/.test(text)) {
    const integer = BigInt(text);
    if (integer >= MIN_INT64 && integer <= MAX_UINT64) return String(integer);
  }
  const number = Number(text);
  if (!Number.isFinite(number)) throw new InvalidJsonError(`number overflow parsing '${text}'`);
  const digits = plainDecimal(text)?.replace(/^-0$/, '0');
  if (wide === 'exact' && (digits === undefined || digits !== plainDecimal(String(number))))
    throw new InvalidJsonError(`Input number: ${text} cannot round-trip through string representation`);
  return jsonNumber(number);
}

/** Numbers of more digits before the point have an exponent. */
const MAX_PLAIN = 1e15;
const MIN_PLAIN = 1e-4;

/** A FLOAT64 as JSON of GoogleSQL has it: `1.0`, `1e+15`, `1e-05`. */
export function jsonNumber(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  if (size >= MIN_PLAIN && size < MAX_PLAIN) {
    const text = String(value);
    return text.includes('.') ? text : `${text}.0`;
  }
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}
