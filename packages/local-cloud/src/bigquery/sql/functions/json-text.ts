import { FunctionError } from './computed.ts';
import { jsonString } from './printed.ts';

/** JSON in a text: read as far as it is needed, and with numbers as they are written. */

type Json =
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'number' | 'word'; readonly text: string }
  | { readonly kind: 'array'; readonly items: readonly Json[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [name: string, value: Json])[] };

/** `$.a[0]` as its keys; a number is an index of an array, or a name in an object. */
type Path = readonly string[];

/** `legacy` is the notation of JSON_EXTRACT, which quotes a name as `['a.b']`; the other one is `."a.b"`. */
export type PathNotation = 'standard' | 'legacy';

const PATH_STEP: Readonly<Record<PathNotation, RegExp>> = {
  standard: /\.([^.[\]"'*@]+)|\."([^"]*)"|\[(-?\d+)\]/y,
  legacy: /\.([^.[\]"'*@]+)|\['([^']*)'\]|\[(-?\d+)\]/y,
};

/** Throws what BigQuery says of a wrong path. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#JSONPath_format */
export function readPath(text: string, notation: PathNotation): Path {
  if (!text.startsWith('$')) throw new FunctionError("JSONPath must start with '$'");
  const step = PATH_STEP[notation];
  const keys: string[] = [];
  let at = 1;
  while (at < text.length) {
    step.lastIndex = at;
    const match = step.exec(text);
    if (!match) {
      const [operator] = /\.\.|[*@]/.exec(text.slice(at)) ?? [];
      throw new FunctionError(
        operator
          ? `Unsupported operator in JSONPath: ${operator}`
          : `Invalid token in JSONPath at: ${text.slice(at)}`,
      );
    }
    keys.push(match[1] ?? match[2] ?? match[3] ?? '');
    at = step.lastIndex;
  }
  return keys;
}

/** The text is no JSON, at least not up to the value. */
class JsonError extends Error {
  override readonly name = 'JsonError';
}

/** What JavaScript's stack takes easily. */
const MAX_DEPTH = 2000;

/** The value at a path; undefined when there is none, or when the text before it is no JSON. */
export function findJson(text: string, path: Path): Json | undefined {
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

  find(path: Path): Json | undefined {
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

  #among(end: string, key: string, rest: Path, nameOf: () => string): Json | undefined {
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

/** Without white space. */
function compactJson(json: Json): string {
  switch (json.kind) {
    case 'string':
      return jsonString(json.text);
    case 'array':
      return `[${json.items.map(compactJson).join(',')}]`;
    case 'object':
      return `{${json.members.map(([name, value]) => `${jsonString(name)}:${compactJson(value)}`).join(',')}}`;
    default:
      return json.text;
  }
}

function isNull(json: Json): boolean {
  return json.kind === 'word' && json.text === 'null';
}

/** JSON_QUERY: NULL for JSON's null. */
export function queried(json: Json | undefined): string | null {
  return json === undefined || isNull(json) ? null : compactJson(json);
}

/** JSON_VALUE: NULL for what is no scalar. */
export function scalarOf(json: Json | undefined): string | null {
  if (json === undefined || isNull(json) || json.kind === 'array' || json.kind === 'object') return null;
  return json.text;
}

/** JSON_QUERY_ARRAY */
export function queriedItems(json: Json | undefined): string[] | null {
  return json?.kind === 'array' ? json.items.map(compactJson) : null;
}

/** JSON_VALUE_ARRAY: NULL for an array with other things than scalars. */
export function scalarItems(json: Json | undefined): (string | null)[] | null {
  if (json?.kind !== 'array') return null;
  return json.items.every(({ kind }) => kind !== 'array' && kind !== 'object')
    ? json.items.map(scalarOf)
    : null;
}
