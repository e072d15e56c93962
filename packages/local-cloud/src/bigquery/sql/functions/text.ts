import type { DuckDBValue } from '@duckdb/node-api';
import { invalidQuery, unsupported } from '../../errors.ts';
import { quoteLiteral } from '../../names.ts';
import type { DataType } from '../../types.ts';
import { spelled } from '../casts.ts';
import { signatureError } from '../coercion.ts';
import { failure, letIn, strict } from '../let.ts';
import type { Resolved } from '../resolved.ts';
import { both, computed, defined, FunctionError, ofBytes } from './computed.ts';
import { format } from './format.ts';
import { partsOf, printedText, readTypes } from './printed.ts';
import { REGEXP_FUNCTIONS } from './regexp.ts';
import { type FunctionTable, type Overload, overload, same } from './table.ts';
import {
  caseFold,
  editDistance,
  initCap,
  instr,
  pad,
  readUtf8,
  reverse,
  soundex,
  translate,
  trimmed,
} from './text-algorithms.ts';

/** Unicode's White_Space, which TRIM removes by default. */
const WHITE_SPACE = quoteLiteral(
  '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000',
);

const trim = (name: 'trim' | 'ltrim' | 'rtrim') => [
  overload('STRING -> STRING', ([text]) => `${name}(${text}, ${WHITE_SPACE})`),
  overload('STRING, STRING -> STRING', ([text, set]) =>
    letIn(
      [set ?? ''],
      (characters) => `CASE WHEN ${characters} = '' THEN ${text} ELSE ${name}(${text}, ${characters}) END`,
    ),
  ),
  ofBytes(name, '$, $ -> $', (text, set) => trimmed(text, set, name)),
];

/** Google's evaluator makes no larger values. Bytes. */
const MAX_SIZE = 1_048_576;
const TOO_LONG = {
  PAD: 'Output of LPAD/RPAD exceeds max allowed output size of 1MB',
  REPEAT: 'Output of REPEAT exceeds max allowed output size of 1MB',
};

const padded = (name: 'lpad' | 'rpad') => [
  overload('STRING, INT64, STRING? -> STRING', ([text, length, pattern = "' '"]) =>
    strict(
      [text ?? '', length ?? '', pattern],
      (t, n, p) =>
        `CASE WHEN ${n} < 0 THEN ${failure('Second argument (output size) for LPAD/RPAD cannot be negative')} ` +
        `WHEN ${p} = '' THEN ${failure('Third argument (pad pattern) for LPAD/RPAD cannot be empty')} ` +
        `WHEN ${n} > ${MAX_SIZE} THEN ${failure(TOO_LONG.PAD)} ELSE ${name}(${t}, CAST(${n} AS INTEGER), ${p}) END`,
    ),
  ),
  ofBytes(name, '$, INT64, $? -> $', (text, length, pattern = ' ') => {
    if (length > MAX_SIZE) throw new FunctionError(TOO_LONG.PAD);
    return pad(text, Number(length), pattern, name === 'lpad' ? 'start' : 'end');
  }),
];

/** A function that DuckDB has for texts, and the same for BYTES. `$` is the type. */
const alike = <Signature extends string>(
  name: string,
  signature: Signature,
  compute: Parameters<typeof ofBytes<Signature>>[2],
) => [overload(signature.replaceAll('$', 'STRING'), same(name)), ofBytes(name, signature, compute)];

/** A function of a text and a number that must not be negative. */
const counted = (message: string, ofText: (text: string, n: string) => string) =>
  overload('STRING, INT64 -> STRING', ([text = '', length = '']) =>
    strict([text, length], (t, n) => `CASE WHEN ${n} < 0 THEN ${failure(message)} ELSE ${ofText(t, n)} END`),
  );

function natural(count: bigint, message: string): number {
  if (count < 0n) throw new FunctionError(message);
  return Number(count);
}

const NEGATIVE = {
  LEFT: 'Second argument in LEFT() cannot be negative',
  RIGHT: 'Second argument in RIGHT() cannot be negative',
  REPEAT: 'Second argument (repeat count) for REPEAT cannot be negative',
};

/** More than any value has. DuckDB's functions take no larger number. */
const MAX_BYTES = 1_000_000_000n;

const SUBSTR_OVERLOADS = [
  overload('STRING, INT64, INT64? -> STRING', substr),
  ofBytes('substr', '$, INT64, INT64? -> $', substrOfBytes),
];

const BYTE_LENGTHS = [
  overload('STRING -> INT64', same('strlen')),
  overload('BYTES -> INT64', same('octet_length')),
];

/** String functions. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/string_functions */
export const TEXT_FUNCTIONS: FunctionTable = {
  LOWER: [
    cased('lower', (text) => text.toLowerCase()),
    ofBytes('lower', '$ -> $', (text) => text.replaceAll(/[A-Z]+/g, (part) => part.toLowerCase())),
  ],
  UPPER: [
    cased('upper', (text) => text.toUpperCase()),
    ofBytes('upper', '$ -> $', (text) => text.replaceAll(/[a-z]+/g, (part) => part.toUpperCase())),
  ],
  CONTAINS_SUBSTR: overload('ANY, STRING -> BOOL', ([value = '', part = ''], [of, wanted]) => {
    if (wanted?.constant === null || wanted?.coercible === undefined)
      throw invalidQuery('The second argument of CONTAINS_SUBSTR must be a STRING literal', wanted?.at);
    return containsSubstr([quoteLiteral(JSON.stringify(of?.type)), part, value]);
  }),
  COLLATE: overload('STRING, STRING -> STRING', ([text = ''], [, by]) => {
    // Without a specification, texts compare as they are. Of any other, DuckDB has not the order.
    if (by?.constant === '') return text;
    throw unsupported(`COLLATE by ${JSON.stringify(by?.constant ?? '…')}`, by?.at);
  }),
  FORMAT: [
    overload('STRING, ANY... -> STRING', ([pattern = '', ...rest], [, ...values]) =>
      formatted([pattern, quoteLiteral(JSON.stringify(values.map(({ type }) => type))), ...rest]),
    ),
    overload('STRING -> STRING', ([pattern = '']) => formatted([pattern, "'[]'"])),
  ],
  INITCAP: computed('initcap', 'STRING, STRING? -> STRING', initCap),
  REVERSE: both('reverse', '$ -> $', reverse),
  TRANSLATE: both('translate', '$, $, $ -> $', translate),
  SOUNDEX: computed('soundex', 'STRING -> STRING', soundex),
  EDIT_DISTANCE: both('edit_distance', '$, $ -> INT64', editDistance),
  INSTR: both('instr', '$, $, INT64?, INT64? -> INT64', instr),
  ASCII: [
    overload('STRING -> INT64', ([text = '']) => firstCodePoint(text, 127)),
    ofBytes('ascii', '$ -> INT64', (text) => BigInt(text === '' ? 0 : text.charCodeAt(0))),
  ],
  UNICODE: overload('STRING -> INT64', ([text = '']) => firstCodePoint(text)),
  CHR: computed('chr', 'INT64 -> STRING', (point) => fromCodePoint(point)),
  TO_CODE_POINTS: both('to_code_points', '$ -> ARRAY<INT64>', (text) =>
    Array.from(text, (character) => BigInt(character.codePointAt(0) ?? 0)),
  ),
  CODE_POINTS_TO_STRING: computed('code_points_to_string', 'ARRAY<INT64> -> STRING', (points) =>
    points.includes(null) ? null : points.map((point) => fromCodePoint(point ?? 0n)).join(''),
  ),
  CODE_POINTS_TO_BYTES: computed('code_points_to_bytes', 'ARRAY<INT64> -> BYTES', (points) =>
    points.includes(null) ? null : Buffer.from(points.map((point) => byteOf(point ?? 0n))),
  ),
  LENGTH: [overload('STRING -> INT64', same('length')), overload('BYTES -> INT64', same('octet_length'))],
  CHAR_LENGTH: overload('STRING -> INT64', same('length')),
  CHARACTER_LENGTH: overload('STRING -> INT64', same('length')),
  BYTE_LENGTH: BYTE_LENGTHS,
  OCTET_LENGTH: BYTE_LENGTHS,
  SAFE_CONVERT_BYTES_TO_STRING: computed('read_utf8', 'BYTES -> STRING', readUtf8),
  SUBSTR: SUBSTR_OVERLOADS,
  SUBSTRING: SUBSTR_OVERLOADS,
  LEFT: [
    counted(NEGATIVE.LEFT, (text, n) => `left(${text}, least(${n}, ${MAX_BYTES}))`),
    ofBytes('left', '$, INT64 -> $', (text, n) => text.slice(0, natural(n, NEGATIVE.LEFT))),
  ],
  RIGHT: [
    counted(NEGATIVE.RIGHT, (text, n) => `right(${text}, least(${n}, ${MAX_BYTES}))`),
    ofBytes('right', '$, INT64 -> $', (text, n) =>
      text.slice(Math.max(0, text.length - natural(n, NEGATIVE.RIGHT))),
    ),
  ],
  REPEAT: [
    counted(NEGATIVE.REPEAT, (text, n) => {
      const isLong = `${n} > ${MAX_SIZE} // greatest(strlen(${text}), 1) AND ${text} != ''`;
      return `CASE WHEN ${isLong} THEN ${failure(TOO_LONG.REPEAT)} ELSE repeat(${text}, least(${n}, ${MAX_SIZE})) END`;
    }),
    ofBytes('repeat', '$, INT64 -> $', (text, n) => {
      const count = text === '' && n > 0n ? 0 : natural(n, NEGATIVE.REPEAT);
      if (count * text.length > MAX_SIZE) throw new FunctionError(TOO_LONG.REPEAT);
      return text.repeat(count);
    }),
  ],
  CONCAT: [
    overload('STRING... -> STRING', (args) => `(${args.join(' || ')})`),
    overload('BYTES... -> BYTES', (args) => `(${args.join(' || ')})`),
    overload('ANY... -> STRING', (_, values, bindings) => {
      const texts = spelled(values, bindings);
      if (!texts)
        throw signatureError('function CONCAT', values, 'CONCAT(STRING...); CONCAT(BYTES...)', values[0]?.at);
      return `(${texts.join(' || ')})`;
    }),
  ],
  NORMALIZE: normalized('normalize', (value, form) => value.normalize(form)),
  NORMALIZE_AND_CASEFOLD: normalized('normalize_and_casefold', (value, form) =>
    caseFold(value.normalize(form)).normalize(form),
  ),
  STARTS_WITH: alike('starts_with', '$, $ -> BOOL', (text, start) => text.startsWith(start)),
  ENDS_WITH: alike('ends_with', '$, $ -> BOOL', (text, end) => text.endsWith(end)),
  STRPOS: alike('strpos', '$, $ -> INT64', (text, part) => BigInt(text.indexOf(part) + 1)),
  REPLACE: alike('replace', '$, $, $ -> $', (text, from, to) =>
    from === '' ? text : text.replaceAll(from, () => to),
  ),
  TRIM: trim('trim'),
  LTRIM: trim('ltrim'),
  RTRIM: trim('rtrim'),
  LPAD: padded('lpad'),
  RPAD: padded('rpad'),
  SPLIT: [
    overload('STRING, STRING? -> ARRAY<STRING>', ([text, separator = "','"], [, by]) => {
      if (!by || (typeof by.constant === 'string' && by.constant !== ''))
        return `string_split(${text}, ${separator})`;
      return split([text ?? '', separator]);
    }),
    ofBytes('split', '$, $ -> ARRAY<$>', splitBy),
  ],
  ...REGEXP_FUNCTIONS,
};

/** Texts of these characters change their case one by one: Western European ones but for ß. */
const PLAIN_TEXT = quoteLiteral('[\\x00-\\x{de}\\x{e0}-\\x{12f}]*');

/** DuckDB is faster by far, and right for plain texts. It maps one character to one: ß stays, and so does a last σ. */
function cased(name: 'lower' | 'upper', compute: (text: string) => string): Overload {
  const call = defined(name, 'STRING -> STRING', compute);
  return overload('STRING -> STRING', ([text = '']) =>
    letIn(
      [text],
      (t) => `CASE WHEN regexp_full_match(${t}, ${PLAIN_TEXT}) THEN ${name}(${t}) ELSE ${call([t])} END`,
    ),
  );
}

type Form = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

/** Texts of these characters are in NFC. https://unicode.org/reports/tr15/#Description_Norm */
const COMPOSED_TEXT = quoteLiteral('[\\x00-\\x{2ff}]*');

/** The second argument of NORMALIZE is a word. */
function normalized(name: string, compute: (value: string, form: Form) => string): Overload {
  const call = defined(name, 'STRING, STRING -> STRING', (value, form) => compute(value, form as Form));
  return overload('STRING, PART? -> STRING', ([text = ''], [, mode]) => {
    const form = mode?.special?.part ?? 'NFC';
    if (!/^NFK?[CD]$/.test(form))
      throw invalidQuery(`A valid normalization mode is required but found ${form}`, mode?.at);
    const normal = (value: string) => call([value, quoteLiteral(form)]);
    if (name !== 'normalize' || form !== 'NFC') return normal(text);
    // DuckDB is faster by far, and a filter of a list normalizes each row.
    return letIn(
      [text],
      (t) => `CASE WHEN regexp_full_match(${t}, ${COMPOSED_TEXT}) THEN ${t} ELSE ${normal(t)} END`,
    );
  });
}

const containsSubstr = defined('contains_substr', 'STRING, STRING, ANY... -> BOOL', (type, part, value) =>
  hasText(readTypes<DataType>(type), value ?? null, searched(part)),
);

const searched = (text: string) => caseFold(text.normalize('NFKC')).normalize('NFKC');

/** Whether a value, or one inside it, has a text; NULL if none has it and one is NULL. */
function hasText(type: DataType, value: DuckDBValue, part: string): boolean | null {
  if (value === null) return null;
  if (type.kind !== 'ARRAY' && type.kind !== 'STRUCT')
    return searched(printedText(type, value)).includes(part);
  const found = partsOf(type, value).map(([inner, item]) => hasText(inner, item, part));
  if (found.includes(true)) return true;
  return found.includes(null) ? null : false;
}

const formatted = defined('format', 'STRING, STRING, ANY... -> STRING', format);

function splitBy(text: string, separator: string): string[] {
  if (text === '') return [''];
  return separator === '' ? [...text] : text.split(separator);
}

const split = defined('split', 'STRING, STRING -> ARRAY<STRING>', splitBy);

function fromCodePoint(point: bigint): string {
  const number = Number(point);
  const isScalar = number >= 0 && number <= 0x10ffff && (number < 0xd800 || number > 0xdfff);
  if (!isScalar) throw new FunctionError(`Invalid codepoint ${point}`);
  return String.fromCodePoint(number);
}

function byteOf(point: bigint): number {
  if (point < 0n || point > 255n) throw new FunctionError(`Invalid ASCII value ${point}`);
  return Number(point);
}

/** 0 for an empty text. DuckDB's unicode() of it is -1. */
function firstCodePoint(text: string, most?: number): string {
  return letIn([text], (t) => {
    const point = `CAST(unicode(${t}) AS BIGINT)`;
    const failed = failure(
      "Argument to ASCII is not a structurally valid ASCII string: '",
      `${t} || chr(39)`,
    );
    const tooLarge = most === undefined ? '' : `WHEN ${point} > ${most} THEN ${failed} `;
    return `CASE WHEN ${t} = '' THEN CAST(0 AS BIGINT) ${tooLarge}ELSE ${point} END`;
  });
}

/** A position of 0, or before the text, means its first character. DuckDB counts the length from the given position. */
function substr([text = '', position = '', length]: readonly string[], [, at]: readonly Resolved[]): string {
  const plainStart = typeof at?.constant === 'bigint' && at.constant > 0n && at.constant < MAX_BYTES;
  if (plainStart && length === undefined) return `substr(${text}, ${position})`;
  const negative = failure('Third argument in SUBSTR() cannot be negative');
  return strict([text, position, ...(length === undefined ? [] : [length])], (t = '', p = '', n?: string) => {
    const start = `CASE WHEN ${p} = 0 OR ${p} < -length(${t}) THEN 1 ELSE least(${p}, ${MAX_BYTES}) END`;
    if (n === undefined) return `substr(${t}, ${start})`;
    return `CASE WHEN ${n} < 0 THEN ${negative} ELSE substr(${t}, ${start}, least(${n}, ${MAX_BYTES})) END`;
  });
}

function substrOfBytes(bytes: string, position: bigint, length?: bigint): string {
  if (length !== undefined && length < 0n)
    throw new FunctionError('Third argument in SUBSTR() cannot be negative');
  const [at, size] = [Number(position), bytes.length];
  const start = at === 0 || at < -size ? 0 : at < 0 ? size + at : at - 1;
  return bytes.slice(start, length === undefined ? size : start + Number(length));
}
