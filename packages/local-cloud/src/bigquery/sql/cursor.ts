import { type Position, syntaxError, unsupported } from '../errors.ts';
import type { Name } from './ast.ts';
import { RESERVED } from './keywords.ts';
import { type Token, type TokenKind, tokenize } from './lexer.ts';

/** Levels of nesting. Hand-written queries need fewer; JavaScript's stack allows these. */
const MAX_DEPTH = 120;

/** Reads the tokens of a statement in order. */
export class Cursor {
  readonly #sql: string;
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;

  constructor(sql: string) {
    this.#sql = sql;
    this.#tokens = tokenize(sql);
  }

  peek(ahead = 0): Token {
    const last = this.#tokens.length - 1;
    const token = this.#tokens[Math.min(this.#index + ahead, last)];
    if (!token) throw new RangeError('no tokens');
    return token;
  }

  next(): Token {
    const token = this.peek();
    this.#index += 1;
    return token;
  }

  get at(): Position {
    return this.peek().at;
  }

  /** The text from an offset to the end of the last token that was read. */
  textSince(start: number): string {
    return this.#sql.slice(start, this.peek(-1).end);
  }

  /** Whether the next tokens are these keywords. */
  isKeyword(...keywords: string[]): boolean {
    return keywords.every((keyword, index) => this.peek(index).keyword === keyword);
  }

  /** Reads one of the keywords; undefined when none of them is next. */
  acceptOne<Keyword extends string>(...keywords: Keyword[]): Keyword | undefined {
    return keywords.find((keyword) => this.acceptKeyword(keyword));
  }

  acceptKeyword(...keywords: string[]): boolean {
    if (!this.isKeyword(...keywords)) return false;
    this.#index += keywords.length;
    return true;
  }

  expectKeyword(...keywords: string[]): Position {
    const { at } = this.peek();
    for (const keyword of keywords) {
      if (!this.acceptKeyword(keyword)) throw this.unexpected(`keyword ${keyword}`);
    }
    return at;
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'symbol' && token.text === symbol;
  }

  /** Like isSymbol, and `>>` of two tokens, which also end `ARRAY<STRUCT<…>>`. */
  isOperator(symbol: string): boolean {
    if (symbol !== '>>') return this.isSymbol(symbol);
    return this.isSymbol('>') && this.isSymbol('>', 1) && this.peek().end === this.peek(1).start;
  }

  acceptSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.#index += 1;
    return true;
  }

  expectSymbol(symbol: string): Position {
    const { at } = this.peek();
    if (!this.acceptSymbol(symbol)) throw this.unexpected(JSON.stringify(symbol));
    return at;
  }

  /** The text of a literal. */
  literal(kind: 'string' | 'integer'): string {
    if (this.peek().kind !== kind) throw this.unexpected(`${kind} literal`);
    return this.next().text;
  }

  isIdentifier(ahead = 0): boolean {
    const { kind, keyword } = this.peek(ahead);
    return kind === 'quoted' || (kind === 'identifier' && !RESERVED.has(keyword));
  }

  identifier(): Name {
    if (!this.isIdentifier()) throw this.unexpected('identifier');
    const { text, at } = this.next();
    return { text, at };
  }

  /** An identifier after a dot, where reserved words are allowed. */
  fieldName(): Name {
    if (this.peek().kind !== 'identifier' && this.peek().kind !== 'quoted')
      throw this.unexpected('identifier');
    const { text, at } = this.next();
    return { text, at };
  }

  /** `AS x`, or a bare `x` that is not a reserved word. */
  alias(): Name | undefined {
    if (this.acceptKeyword('AS')) return this.identifier();
    return this.isIdentifier() ? this.identifier() : undefined;
  }

  /** Items separated by commas. */
  list<T>(item: () => T): T[] {
    const items = [item()];
    while (this.acceptSymbol(',')) items.push(item());
    return items;
  }

  /** `(item)` */
  parenthesized<T>(item: () => T): T {
    this.expectSymbol('(');
    const parsed = item();
    this.expectSymbol(')');
    return parsed;
  }

  /** `(item, item, …)` */
  inParentheses<T>(item: () => T): T[] {
    return this.parenthesized(() => this.list(item));
  }

  /** `(a, b, …)` */
  names(): Name[] {
    return this.inParentheses(() => this.identifier());
  }

  /** `<item>` */
  inAngles<T>(item: () => T): T {
    this.expectSymbol('<');
    const parsed = item();
    this.expectSymbol('>');
    return parsed;
  }

  /** Parses one level deeper. Throws before deep nesting overflows the stack. */
  nested<T>(parse: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH)
      throw unsupported(`A query nested more than ${MAX_DEPTH} levels deep`, this.at);
    const result = parse();
    this.#depth -= 1;
    return result;
  }

  expectEnd(): void {
    if (this.peek().kind !== 'end') throw this.unexpected('end of input');
  }

  unexpected(expected?: string) {
    const { kind, text, keyword, at } = this.peek();
    const got = describe(kind, text, keyword);
    if (expected) return syntaxError(`Expected ${expected} but got ${got}`, at);
    return syntaxError(`Unexpected ${got}`, at);
  }
}

function describe(kind: TokenKind, text: string, keyword: string): string {
  if (kind === 'end') return 'end of script';
  if (kind === 'symbol') return JSON.stringify(text);
  if (kind === 'identifier' && RESERVED.has(keyword)) return `keyword ${keyword}`;
  if (kind === 'identifier' || kind === 'quoted') return `identifier ${JSON.stringify(text)}`;
  const names = { string: 'string literal', bytes: 'bytes literal', integer: 'integer literal' } as const;
  const name = kind === 'string' || kind === 'bytes' || kind === 'integer' ? names[kind] : kind;
  return `${name} ${JSON.stringify(text)}`;
}
