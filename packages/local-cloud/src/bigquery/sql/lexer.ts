import { type Position, syntaxError } from '../errors.ts';
import { readQuoted } from './string-literal.ts';

export type TokenKind =
  | 'identifier'
  | 'quoted'
  | 'string'
  | 'bytes'
  | 'integer'
  | 'float'
  | 'parameter'
  | 'symbol'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** The name, the decoded text of a string, or the symbol itself. */
  readonly text: string;
  /** The text of an unquoted identifier in upper case, else empty. Compare keywords with this. */
  readonly keyword: string;
  readonly at: Position;
  readonly start: number;
  readonly end: number;
}

const SPACE = /\s+|#[^\n]*|--[^\n]*|\/\*[\s\S]*?\*\//y;
const NUMBER = /0[xX][0-9a-fA-F]+|(?:\d+(?:\.(?![A-Za-z_`])\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const IDENTIFIER = /[A-Za-z_][A-Za-z0-9_]*/y;
const STRING_START = /(?:[rR][bB]?|[bB][rR]?)?(?:"""|'''|"|')/y;
/** A name may be quoted: Google's DB-API for Python always does so. */
const PARAMETER = /@@?[A-Za-z_][A-Za-z0-9_]*|@`[^`\\\n]+`|\?/y;
/** `>>` stays two tokens because it also ends `ARRAY<STRUCT<…>>`. */
const SYMBOL = /<>|!=|<=|>=|<<|\|\||\|>|=>|[-+*/~&|^=<>().,;:[\]{}$]/y;

/** Splits GoogleSQL into tokens. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/lexical */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let [start, line, column] = [0, 1, 1];
  const advance = (end: number) => {
    const lines = sql.slice(start, end).split('\n');
    const last = [...(lines.at(-1) ?? '')].length;
    column = lines.length > 1 ? last + 1 : column + last;
    line += lines.length - 1;
    start = end;
  };
  for (;;) {
    const space = matchAt(SPACE, sql, start);
    if (space !== undefined) {
      advance(start + space.length);
      continue;
    }
    const at = { line, column };
    if (start >= sql.length)
      return [...tokens, { kind: 'end', text: '', keyword: '', at, start, end: start }];
    const { kind, text, length, keyword = '' } = lexemeAt(sql, start, at);
    tokens.push({ kind, text, keyword, at, start, end: start + length });
    advance(start + length);
  }
}

function matchAt(pattern: RegExp, sql: string, offset: number): string | undefined {
  pattern.lastIndex = offset;
  return pattern.exec(sql)?.[0];
}

interface Lexeme extends Pick<Token, 'kind' | 'text'>, Partial<Pick<Token, 'keyword'>> {
  /** In the source. */
  readonly length: number;
}

function lexemeAt(sql: string, offset: number, at: Position): Lexeme {
  if (sql.startsWith('/*', offset)) throw syntaxError('Unclosed comment', at);
  const start = matchAt(STRING_START, sql, offset) ?? (sql[offset] === '`' ? '`' : undefined);
  if (start !== undefined) return quotedAt(sql, offset, start, at);
  const number = matchAt(NUMBER, sql, offset);
  if (number !== undefined) {
    if (/[A-Za-z_]/.test(sql[offset + number.length] ?? ''))
      throw syntaxError('Missing whitespace between literal and alias', at);
    const kind = /^(\d+|0[xX].*)$/.test(number) ? 'integer' : 'float';
    return { kind, text: number, length: number.length };
  }
  const word = matchAt(IDENTIFIER, sql, offset);
  if (word !== undefined)
    return { kind: 'identifier', text: word, length: word.length, keyword: word.toUpperCase() };
  const parameter = matchAt(PARAMETER, sql, offset);
  if (parameter !== undefined)
    return { kind: 'parameter', text: parameter.replaceAll('`', ''), length: parameter.length };
  const symbol = matchAt(SYMBOL, sql, offset);
  if (symbol !== undefined) return { kind: 'symbol', text: symbol, length: symbol.length };
  const character = String.fromCodePoint(sql.codePointAt(offset) ?? 0);
  throw syntaxError(`Illegal input character ${JSON.stringify(character)}`, at);
}

function quotedAt(sql: string, offset: number, start: string, at: Position): Lexeme {
  const { text, length, bytes } = readQuoted(sql, offset, start, at);
  if (start !== '`') return { kind: bytes ? 'bytes' : 'string', text, length };
  if (text === '') throw syntaxError('Invalid empty identifier', at);
  return { kind: 'quoted', text, length };
}
