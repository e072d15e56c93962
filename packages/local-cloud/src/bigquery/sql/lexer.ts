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
  let offset = 0;
  let line = 1;
  let column = 1;
  const at = (): Position => ({ line, column });
  const advance = (length: number) => {
    const lines = sql.slice(offset, offset + length).split('\n');
    const last = [...(lines.at(-1) ?? '')].length;
    column = lines.length > 1 ? last + 1 : column + last;
    line += lines.length - 1;
    offset += length;
  };
  const matchAt = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = offset;
    return pattern.exec(sql)?.[0];
  };
  const push = (kind: TokenKind, text: string, length: number, keyword = '') => {
    tokens.push({ kind, text, keyword, at: at(), start: offset, end: offset + length });
    advance(length);
  };

  while (offset < sql.length) {
    const space = matchAt(SPACE);
    if (space !== undefined) {
      advance(space.length);
      continue;
    }
    if (sql.startsWith('/*', offset)) throw syntaxError('Unclosed comment', at());
    const start = matchAt(STRING_START);
    if (start !== undefined) {
      const { text, length, bytes } = readQuoted(sql, offset, start, at());
      push(bytes ? 'bytes' : 'string', text, length);
      continue;
    }
    if (sql[offset] === '`') {
      const { text, length } = readQuoted(sql, offset, '`', at());
      if (text === '') throw syntaxError('Invalid empty identifier', at());
      push('quoted', text, length);
      continue;
    }
    const number = matchAt(NUMBER);
    if (number !== undefined) {
      if (/[A-Za-z_]/.test(sql[offset + number.length] ?? '')) {
        throw syntaxError('Missing whitespace between literal and alias', at());
      }
      push(/^(\d+|0[xX].*)$/.test(number) ? 'integer' : 'float', number, number.length);
      continue;
    }
    const word = matchAt(IDENTIFIER);
    if (word !== undefined) {
      push('identifier', word, word.length, word.toUpperCase());
      continue;
    }
    const parameter = matchAt(PARAMETER);
    if (parameter !== undefined) {
      push('parameter', parameter.replaceAll('`', ''), parameter.length);
      continue;
    }
    const symbol = matchAt(SYMBOL);
    if (symbol === undefined) {
      const character = String.fromCodePoint(sql.codePointAt(offset) ?? 0);
      throw syntaxError(`Illegal input character ${JSON.stringify(character)}`, at());
    }
    push('symbol', symbol, symbol.length);
  }
  tokens.push({ kind: 'end', text: '', keyword: '', at: at(), start: offset, end: offset });
  return tokens;
}
