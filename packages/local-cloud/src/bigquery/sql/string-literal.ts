import { type Position, syntaxError } from '../errors.ts';

export interface QuotedText {
  /** Decoded text; a bytes literal has one character per byte. */
  readonly text: string;
  /** Length of the literal in the source, with its prefix and quotes. */
  readonly length: number;
  readonly bytes: boolean;
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '?': '?',
  '"': '"',
  "'": "'",
  '`': '`',
};

const NUMERIC_ESCAPE = /([0-3][0-7]{2})|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})/y;

/**
 * Reads the quoted text that begins at `offset` with `start` (a prefix and a quote).
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/lexical#string_and_bytes_literals
 */
export function readQuoted(sql: string, offset: number, start: string, at: Position): QuotedText {
  const quote = start.replace(/^[rRbB]+/, '');
  const prefix = start.slice(0, start.length - quote.length).toLowerCase();
  const raw = prefix.includes('r');
  const bytes = prefix.includes('b');
  let text = '';
  let index = offset + start.length;
  for (;;) {
    const character = sql[index];
    if (character === undefined || (character === '\n' && quote.length === 1))
      throw syntaxError(`Unclosed ${what(quote, bytes)}`, at);
    if (sql.startsWith(quote, index)) break;
    if (character !== '\\') {
      text += character;
      index += 1;
    } else if (raw) {
      text += sql.slice(index, index + 2);
      index += 2;
    } else {
      const decoded = readEscape(sql, index + 1, bytes, at);
      text += decoded.text;
      index += 1 + decoded.length;
    }
  }
  if (bytes) text = Buffer.from(text, needsUtf8(text) ? 'utf8' : 'latin1').toString('latin1');
  else if (!text.isWellFormed()) throw syntaxError(`Illegal escape sequence in ${what(quote, bytes)}`, at);
  return { text, length: index + quote.length - offset, bytes };
}

function readEscape(
  sql: string,
  index: number,
  bytes: boolean,
  at: Position,
): { text: string; length: number } {
  const character = sql[index] ?? '';
  const simple = Object.hasOwn(SIMPLE_ESCAPES, character) ? SIMPLE_ESCAPES[character] : undefined;
  if (simple !== undefined) return { text: simple, length: 1 };
  NUMERIC_ESCAPE.lastIndex = index;
  const match = NUMERIC_ESCAPE.exec(sql);
  const [whole, octal, hex, short, long] = match ?? [];
  const code =
    octal === undefined ? Number.parseInt(hex ?? short ?? long ?? '', 16) : Number.parseInt(octal, 8);
  const isText = short !== undefined || long !== undefined;
  const isChar = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  if (whole === undefined || !isChar || (bytes && isText))
    throw syntaxError(`Illegal escape sequence: \\${character}`, at);
  return { text: String.fromCodePoint(code), length: whole.length };
}

function needsUtf8(text: string): boolean {
  return [...text].some((character) => (character.codePointAt(0) ?? 0) > 0xff);
}

function what(quote: string, bytes: boolean): string {
  if (quote === '`') return 'identifier literal';
  return `${quote.length === 3 ? 'triple-quoted ' : ''}${bytes ? 'bytes' : 'string'} literal`;
}
