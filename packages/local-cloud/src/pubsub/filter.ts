import { CloudError } from '../errors.ts';
import { FILTER_MAX_BYTES } from './limits.ts';

type Attributes = Readonly<Record<string, string>>;
/** Whether a subscription receives a message with these attributes. */
export type Filter = (attributes: Attributes) => boolean;

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|([A-Za-z_][A-Za-z0-9_-]*)|(!=|[=:.,()-]))/y;

/**
 * Pub/Sub's whole filter language: `attributes:key`, `attributes.key = "v"`, `!=`, `hasPrefix(attributes.key, "v")`,
 * AND, OR, NOT or -, and parentheses. Throws INVALID_ARGUMENT with the position of the mistake.
 * https://docs.cloud.google.com/pubsub/docs/subscription-message-filter
 */
export function parseFilter(text: string): Filter {
  if (Buffer.byteLength(text) > FILTER_MAX_BYTES) {
    throw new CloudError('INVALID_ARGUMENT', `Invalid filter: it is longer than ${FILTER_MAX_BYTES} bytes.`);
  }
  const parser = new Parser(text);
  const filter = parser.expression();
  parser.end();
  return filter;
}

class Parser {
  readonly #text: string;
  readonly #tokens: { text: string; at: number }[] = [];
  #next = 0;

  constructor(text: string) {
    this.#text = text;
    TOKEN.lastIndex = 0;
    let at = 0;
    while (text.slice(at).trim() !== '') {
      TOKEN.lastIndex = at;
      const match = TOKEN.exec(text);
      if (!match) throw this.#error('unknown character', at);
      this.#tokens.push({ text: match[0].trim(), at });
      at = TOKEN.lastIndex;
    }
  }

  expression(): Filter {
    const terms = [this.#term()];
    const operator = this.#peek();
    if (operator !== 'AND' && operator !== 'OR') return terms[0] as Filter;
    while (this.#accept(operator)) terms.push(this.#term());
    if (this.#peek() === 'AND' || this.#peek() === 'OR') {
      throw this.#error('AND and OR need parentheses');
    }
    return operator === 'AND'
      ? (attributes) => terms.every((term) => term(attributes))
      : (attributes) => terms.some((term) => term(attributes));
  }

  end(): void {
    if (this.#peek() !== undefined) throw this.#error('unexpected text after the expression');
  }

  #term(): Filter {
    if (this.#accept('NOT') || this.#accept('-')) {
      const term = this.#term();
      return (attributes) => !term(attributes);
    }
    if (this.#accept('(')) {
      const expression = this.expression();
      this.#expect(')');
      return expression;
    }
    return this.#accept('hasPrefix') ? this.#hasPrefix() : this.#comparison();
  }

  #hasPrefix(): Filter {
    this.#expect('(');
    const key = this.#attribute('.');
    this.#expect(',');
    const prefix = this.#string();
    this.#expect(')');
    return (attributes) => attributeOf(attributes, key)?.startsWith(prefix) ?? false;
  }

  #comparison(): Filter {
    this.#expect('attributes');
    if (this.#accept(':')) {
      const key = this.#key();
      return (attributes) => Object.hasOwn(attributes, key);
    }
    this.#expect('.');
    const key = this.#key();
    if (this.#accept('!=')) {
      const value = this.#string();
      return (attributes) => attributeOf(attributes, key) !== value;
    }
    this.#expect('=');
    const value = this.#string();
    return (attributes) => attributeOf(attributes, key) === value;
  }

  #attribute(separator: string): string {
    this.#expect('attributes');
    this.#expect(separator);
    return this.#key();
  }

  #key(): string {
    const token = this.#peek() ?? '';
    if (token.startsWith('"')) return this.#string();
    if (!/^[A-Za-z_]/.test(token)) throw this.#error('expected an attribute key');
    this.#next++;
    return token;
  }

  #string(): string {
    const token = this.#peek() ?? '';
    if (!token.startsWith('"')) throw this.#error('expected a string in double quotes');
    this.#next++;
    return token.slice(1, -1).replace(/\\(.)/g, '$1');
  }

  #peek(): string | undefined {
    return this.#tokens[this.#next]?.text;
  }

  #accept(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#next++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#accept(token)) throw this.#error(`expected "${token}"`);
  }

  #error(problem: string, at = this.#tokens[this.#next]?.at ?? this.#text.length): CloudError {
    return new CloudError(
      'INVALID_ARGUMENT',
      `Invalid filter "${this.#text}": ${problem} at "${this.#text.slice(at, at + 20).trim()}" (character ${at + 1}).`,
      {
        hint: 'supported: attributes:key, attributes.key = "value", !=, hasPrefix(attributes.key, "value"), AND, OR, NOT, parentheses',
      },
    );
  }
}

function attributeOf(attributes: Attributes, key: string): string | undefined {
  return Object.hasOwn(attributes, key) ? attributes[key] : undefined;
}
