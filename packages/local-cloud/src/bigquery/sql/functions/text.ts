import { invalidQuery, unsupported } from '../../errors.ts';
import { quoteLiteral } from '../../names.ts';
import { failure, letIn } from '../let.ts';
import type { Resolved } from '../resolved.ts';
import { WORD_DELIMITERS } from './computed.ts';
import { constantText, type Emit, type FunctionTable, overload, same } from './overload.ts';

/** Unicode's White_Space, which TRIM removes by default. */
const WHITE_SPACE = quoteLiteral(
  '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000',
);

const trim = (name: string) => [
  overload('STRING -> STRING', ([text]) => `${name}(${text}, ${WHITE_SPACE})`),
  overload('STRING, STRING -> STRING', ([text, set]) =>
    letIn(
      [set ?? ''],
      (characters) => `CASE WHEN ${characters} = '' THEN ${text} ELSE ${name}(${text}, ${characters}) END`,
    ),
  ),
];

const pad = (name: string) => [
  overload('STRING, INT64, STRING? -> STRING', ([text, length, pattern = "' '"]) =>
    letIn(
      [length ?? '', pattern],
      (n, p) =>
        `CASE WHEN ${n} < 0 THEN ${failure(`Second argument (output size) for ${name.toUpperCase()} cannot be negative`)} ` +
        `WHEN ${p} = '' THEN ${failure(`Third argument (pad pattern) for ${name.toUpperCase()} cannot be empty`)} ` +
        `ELSE ${name}(${text}, CAST(${n} AS INTEGER), ${p}) END`,
    ),
  ),
];

const nonNegative = (name: string, call: (text: string, n: string) => string) =>
  overload('STRING, INT64 -> STRING', ([text = '', length = '']) =>
    letIn(
      [length],
      (n) =>
        `CASE WHEN ${n} < 0 THEN ${failure(`Second argument in ${name}() cannot be negative`)} ELSE ${call(text, n)} END`,
    ),
  );

/** More than any value has. */
const MAX_BYTES = 2n ** 31n;

const SUBSTR_OVERLOADS = [
  overload('STRING, INT64, INT64? -> STRING', substr),
  overload('BYTES, INT64, INT64? -> BYTES', substrOfBytes),
];

/** String functions. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/string_functions */
export const TEXT_FUNCTIONS: FunctionTable = {
  LOWER: [overload('STRING -> STRING', cased('lower'))],
  UPPER: [overload('STRING -> STRING', cased('upper'))],
  INITCAP: [
    overload(
      'STRING, STRING? -> STRING',
      ([text, delimiters = quoteLiteral(WORD_DELIMITERS)]) => `bq_initcap(${text}, ${delimiters})`,
    ),
  ],
  REVERSE: [overload('STRING -> STRING', same('bq_reverse'))],
  TRANSLATE: [overload('STRING, STRING, STRING -> STRING', same('bq_translate'))],
  SOUNDEX: [overload('STRING -> STRING', same('bq_soundex'))],
  EDIT_DISTANCE: [overload('STRING, STRING -> INT64', same('bq_edit_distance'))],
  INSTR: [
    overload(
      'STRING, STRING, INT64?, INT64? -> INT64',
      ([text, part, position = 'CAST(1 AS BIGINT)', occurrence = 'CAST(1 AS BIGINT)']) =>
        `bq_instr(${text}, ${part}, ${position}, ${occurrence})`,
    ),
  ],
  ASCII: [overload('STRING -> INT64', ([text = '']) => firstCodePoint(text, 127))],
  UNICODE: [overload('STRING -> INT64', ([text = '']) => firstCodePoint(text))],
  CHR: [overload('INT64 -> STRING', same('bq_chr'))],
  TO_CODE_POINTS: [overload('STRING -> ARRAY<INT64>', same('bq_to_code_points'))],
  LENGTH: [overload('STRING -> INT64', same('length')), overload('BYTES -> INT64', same('octet_length'))],
  CHAR_LENGTH: [overload('STRING -> INT64', same('length'))],
  CHARACTER_LENGTH: [overload('STRING -> INT64', same('length'))],
  BYTE_LENGTH: [
    overload('STRING -> INT64', same('strlen')),
    overload('BYTES -> INT64', same('octet_length')),
  ],
  SUBSTR: SUBSTR_OVERLOADS,
  SUBSTRING: SUBSTR_OVERLOADS,
  LEFT: [nonNegative('LEFT', (text, n) => `left(${text}, ${n})`)],
  RIGHT: [nonNegative('RIGHT', (text, n) => `right(${text}, ${n})`)],
  REPEAT: [nonNegative('REPEAT', (text, n) => `repeat(${text}, ${n})`)],
  CONCAT: [
    overload('STRING... -> STRING', (args) => `(${args.join(' || ')})`),
    overload('BYTES... -> BYTES', (args) => `(${args.join(' || ')})`),
  ],
  NORMALIZE: [overload('STRING, PART? -> STRING', normalized('bq_normalize'))],
  NORMALIZE_AND_CASEFOLD: [overload('STRING, PART? -> STRING', normalized('bq_normalize_and_casefold'))],
  STARTS_WITH: [overload('STRING, STRING -> BOOL', same('starts_with'))],
  ENDS_WITH: [overload('STRING, STRING -> BOOL', same('ends_with'))],
  STRPOS: [overload('STRING, STRING -> INT64', same('strpos'))],
  REPLACE: [overload('STRING, STRING, STRING -> STRING', same('replace'))],
  TRIM: trim('trim'),
  LTRIM: trim('ltrim'),
  RTRIM: trim('rtrim'),
  LPAD: pad('lpad'),
  RPAD: pad('rpad'),
  SPLIT: [
    overload('STRING, STRING? -> ARRAY<STRING>', ([text, separator = "','"], [, by]) => {
      if (by && constantText(by, 'SPLIT with a separator') === '') return `bq_characters(${text})`;
      return `string_split(${text}, ${separator})`;
    }),
  ],
  REGEXP_CONTAINS: [
    overload('STRING, STRING -> BOOL', ([text, pattern], [, regex]) => {
      checkedGroups(regex, 'REGEXP_CONTAINS');
      return `regexp_matches(${text}, ${pattern})`;
    }),
  ],
  REGEXP_EXTRACT: [overload('STRING, STRING -> STRING', regexpExtract)],
  REGEXP_EXTRACT_ALL: [
    overload('STRING, STRING -> ARRAY<STRING>', ([text, pattern], [, regex]) => {
      const group = checkedGroups(regex, 'REGEXP_EXTRACT_ALL');
      return `regexp_extract_all(${text}, ${pattern}, ${group})`;
    }),
  ],
  REGEXP_REPLACE: [
    overload('STRING, STRING, STRING -> STRING', ([text, pattern, replacement], [, regex]) => {
      constantText(regex, 'REGEXP_REPLACE with a pattern');
      return `regexp_replace(${text}, ${pattern}, ${replacement}, 'g')`;
    }),
  ],
};

/** Texts of these characters change their case one by one: Western European ones but for ß. */
const PLAIN_TEXT = quoteLiteral('[\\x00-\\x{de}\\x{e0}-\\x{12f}]*');

/** DuckDB is faster by far, and right for plain texts. */
function cased(name: 'lower' | 'upper'): Emit {
  return ([text = '']) =>
    letIn(
      [text],
      (t) => `CASE WHEN regexp_full_match(${t}, ${PLAIN_TEXT}) THEN ${name}(${t}) ELSE bq_${name}(${t}) END`,
    );
}

/** The second argument of NORMALIZE is a word: NFC, NFD, NFKC or NFKD. */
function normalized(name: string): Emit {
  return ([text], [, mode]) => {
    const form = mode?.special?.part ?? 'NFC';
    if (!/^NFK?[CD]$/.test(form))
      throw invalidQuery(`A valid normalization mode is required but found ${form}`, mode?.at);
    return `${name}(${text}, '${form}')`;
  };
}

/** 0 for an empty text. DuckDB's unicode() of it is -1. */
function firstCodePoint(text: string, most?: number): string {
  return letIn([text], (t) => {
    const point = `CAST(unicode(${t}) AS BIGINT)`;
    const failed = failure('Non-ASCII value in ASCII');
    const tooLarge = most === undefined ? '' : `WHEN ${point} > ${most} THEN ${failed} `;
    return `CASE WHEN ${t} = '' THEN CAST(0 AS BIGINT) ${tooLarge}ELSE ${point} END`;
  });
}

/** A position of 0, or before the text, means its first character. DuckDB counts the length from the given position. */
function substr([text = '', position = '', length]: readonly string[], [, at]: readonly Resolved[]): string {
  const plainStart = typeof at?.constant === 'bigint' && at.constant > 0n;
  if (plainStart && length === undefined) return `substr(${text}, ${position})`;
  const negative = failure('Third argument in SUBSTR() cannot be negative');
  return letIn([text, position, ...(length === undefined ? [] : [length])], (t = '', p = '', n?: string) => {
    const start = `CASE WHEN ${p} = 0 OR ${p} < -length(${t}) THEN 1 ELSE ${p} END`;
    if (n === undefined) return `substr(${t}, ${start})`;
    return `CASE WHEN ${n} < 0 THEN ${negative} ELSE substr(${t}, ${start}, ${n}) END`;
  });
}

function substrOfBytes(
  [bytes = '', position = '', length]: readonly string[],
  [, at, count]: readonly Resolved[],
): string {
  const [from, taken] = [at?.constant, count?.constant];
  if (typeof from === 'bigint' && from > 0n && typeof taken === 'bigint' && taken >= 0n) {
    return `array_slice(${bytes}, ${from}, ${from + taken - 1n < MAX_BYTES ? from + taken - 1n : MAX_BYTES})`;
  }
  const negative = failure('Third argument in SUBSTR() cannot be negative');
  return letIn([bytes, position, ...(length === undefined ? [] : [length])], (b = '', p = '', n?: string) => {
    const size = `octet_length(${b})`;
    const start = `(CASE WHEN ${p} = 0 OR ${p} < -${size} THEN 1 WHEN ${p} < 0 THEN ${size} + ${p} + 1 ELSE ${p} END)`;
    if (n === undefined) return `array_slice(${b}, ${start}, ${size})`;
    const count = `(CASE WHEN ${n} > ${size} THEN ${size} ELSE ${n} END)`;
    return `CASE WHEN ${n} < 0 THEN ${negative} ELSE array_slice(${b}, ${start}, ${start} + ${count} - 1) END`;
  });
}

/** Without a match BigQuery returns NULL, DuckDB an empty text. */
function regexpExtract([text = '', pattern = '']: readonly string[], [, regex]: readonly Resolved[]): string {
  const group = checkedGroups(regex, 'REGEXP_EXTRACT');
  return letIn(
    [text],
    (t) => `CASE WHEN regexp_matches(${t}, ${pattern}) THEN regexp_extract(${t}, ${pattern}, ${group}) END`,
  );
}

/**
 * The group that a function extracts: 1 when the pattern has one, else 0, the whole match. An optional group without a
 * match is NULL in BigQuery but empty in DuckDB, so a pattern with one is refused.
 */
function checkedGroups(regex: Resolved | undefined, name: string): 0 | 1 {
  const pattern = constantText(regex, `${name} with a pattern`);
  const groups = capturingGroups(pattern);
  if (name === 'REGEXP_CONTAINS') return 0;
  if (groups.length > 1) {
    throw invalidQuery('Regular expression has more than one capturing group', regex?.at);
  }
  const [group] = groups;
  if (group?.optional) throw unsupported(`${name} with an optional group`, regex?.at);
  return group ? 1 : 0;
}

/** The capturing groups. A group is optional when the pattern can match without it. */
function capturingGroups(pattern: string): { optional: boolean }[] {
  const groups: { optional: boolean }[] = [];
  const open: ({ optional: boolean } | undefined)[] = [];
  let alternatives = false;
  // Escapes, quoted text and character classes hide parentheses.
  const parts = pattern.matchAll(
    /\\Q[\s\S]*?(?:\\E|$)|\\[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:\w+:\]|[^\]\\])*\]|\((?:\?(?:P?<[A-Za-z_]\w*>|[^)]))?|\)(?:[*?]|\{0)?|\|/g,
  );
  for (const [part] of parts) {
    if (part.startsWith('(')) {
      const captures = part === '(' || /<\w+>$/.test(part);
      const group = captures ? { optional: open.length > 0 } : undefined;
      if (group) groups.push(group);
      open.push(group);
    } else if (part.startsWith(')')) {
      const group = open.pop();
      if (group && part.length > 1) group.optional = true;
    } else if (part === '|' && open.length === 0) {
      alternatives = true;
    }
  }
  return alternatives ? groups.map(() => ({ optional: true })) : groups;
}
