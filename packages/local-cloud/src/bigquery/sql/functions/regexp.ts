import { RE2JS } from 're2js';
import { cached } from '../../cached.ts';
import type { Resolved } from '../resolved.ts';
import { both, computed, FunctionError, ofBytes } from './computed.ts';
import { type FunctionTable, overload } from './table.ts';

const MAX_COMPILED = 200;
const regex = cached(MAX_COMPILED, compile);

/** RE2 of Google's version knows no `(?<name>…)`. */
const ANGLE_GROUP = /(?:^|[^\\])(?:\\\\)*\(\?<(?![=!])/;

function compile(pattern: string): RE2JS {
  if (ANGLE_GROUP.test(pattern))
    throw new FunctionError('Cannot parse regular expression: invalid perl operator: (?<');
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    const reason = String(Error.isError(error) ? error.message : error).replace('error parsing regexp: ', '');
    throw new FunctionError(`Cannot parse regular expression: ${reason}`);
  }
}

interface Match {
  readonly start: number;
  readonly end: number;
  /** Where the search goes on. */
  readonly next: number;
  /** The whole match, then the groups; null for a group without a match. */
  readonly groups: readonly (string | null)[];
  /** Where its last group begins, or the match. -1 for a group without a match. */
  readonly groupStart: number;
  readonly groupEnd: number;
}

function* matchesOf(re: RE2JS, text: string): Generator<Match> {
  const matcher = re.matcher(text);
  const count = re.groupCount();
  while (matcher.find()) {
    const groups = Array.from({ length: count + 1 }, (_, index) => matcher.group(index));
    const [start, end] = [matcher.start(), matcher.end()];
    yield { start, end, next: end, groups, groupStart: matcher.start(count), groupEnd: matcher.end(count) };
  }
}

/** The matches that Google extracts: it looks for none from the end of the text on. An empty one takes the next character, too. */
function* extracted(text: string, re: RE2JS): Generator<Match> {
  if (re.groupCount() > 1) throw new FunctionError('Regular expression has more than one capturing group');
  let next = 0;
  for (const match of matchesOf(re, text)) {
    if (next === text.length && text !== '') return;
    next = match.end;
    if (match.start === match.end) next += String.fromCodePoint(text.codePointAt(next) ?? 0).length;
    next = Math.min(next, text.length);
    yield { ...match, next };
  }
}

/** The group, if there is one, or the match. */
const valueIn = ({ groups }: Match) => groups.at(-1) ?? null;

/** The bytes of a text. */
type Size = (text: string) => number;

const extract =
  (size: Size) =>
  (text: string, pattern: string, position = 1n, occurrence = 1n) => {
    if (position < 1n) throw new FunctionError('Position must be positive');
    if (occurrence < 1n) throw new FunctionError('Occurrence must be positive');
    const re = regex(pattern);
    const rest = restOf(text, position, size);
    const match = rest === undefined ? undefined : nth(extracted(rest, re), occurrence);
    return match ? valueIn(match) : null;
  };

/** The text from a character on. Google refuses only positions beyond the number of bytes. */
function restOf(text: string, position: bigint, size: Size): string | undefined {
  if (position === 1n) return text;
  if (position > BigInt(size(text))) return undefined;
  return [...text].slice(Number(position) - 1).join('');
}

/** Where the match, or its group, is; with 1 as the last argument, what follows it. 0 without a match. */
const find =
  (size: Size) =>
  (text: string, pattern: string, position = 1n, occurrence = 1n, isEnd = 0n) => {
    if (position < 1n) throw new FunctionError('Position must be positive');
    if (occurrence < 1n) throw new FunctionError('Occurrence must be positive');
    if (isEnd !== 0n && isEnd !== 1n) throw new FunctionError('Occurrence position must be 0 or 1');
    const re = regex(pattern);
    const rest = text === '' || pattern === '' ? undefined : restOf(text, position, size);
    if (rest === undefined) return 0n;
    const match = nth(extracted(rest, re), occurrence);
    if (!match) return 0n;
    // Google takes an empty match without a group to be where the search goes on.
    const [start, end] =
      re.groupCount() > 0
        ? [match.groupStart, match.groupEnd]
        : [match.next - (match.end - match.start), match.next];
    const index = isEnd === 1n ? end : start;
    return index < 0 ? 0n : BigInt([...rest.slice(0, index)].length) + position;
  };

function nth(matches: Iterable<Match>, occurrence: bigint): Match | undefined {
  let left = occurrence;
  for (const match of matches) {
    left -= 1n;
    if (left === 0n) return match;
  }
  return undefined;
}

/** Replaces each match, but no empty one right after another. https://github.com/google/re2/blob/main/re2/re2.h */
function replace(text: string, pattern: string, rewrite: string): string {
  const re = regex(pattern);
  const parts = readRewrite(rewrite, re.groupCount());
  let result = '';
  let copied = 0;
  let last = -1;
  for (const { start, end, groups } of matchesOf(re, text)) {
    if (start === end && start === last) continue;
    result += text.slice(copied, start);
    for (const part of parts) result += typeof part === 'string' ? part : (groups[part] ?? '');
    copied = end;
    last = end;
  }
  return result + text.slice(copied);
}

/** Texts and numbers of groups. `\1` is a group and `\\` a backslash. */
function readRewrite(rewrite: string, groups: number): (string | number)[] {
  const invalid = (reason: string) =>
    new FunctionError(`Invalid REGEXP_REPLACE pattern: Rewrite schema ${reason}`);
  const parts = [...rewrite.matchAll(/\\([\s\S]?)|[^\\]+/g)].map(([part, escaped]) => {
    if (escaped === undefined) return part;
    if (escaped === '') throw invalid("error: '\\' not allowed at end.");
    if (escaped === '\\') return escaped;
    if (!/[0-9]/.test(escaped)) throw invalid("error: '\\' must be followed by a digit or '\\'.");
    return Number(escaped);
  });
  const most = Math.max(0, ...parts.filter((part) => typeof part === 'number'));
  if (most > groups)
    throw invalid(
      `requests ${most} matches, but the regexp only has ${groups} parenthesized subexpressions.`,
    );
  return parts;
}

/** Whether the pattern, a constant, is one that DuckDB reads as Google does. DuckDB is faster by far. */
function isPlain(pattern: Resolved | undefined): boolean {
  if (typeof pattern?.constant !== 'string') return false;
  try {
    compile(pattern.constant);
    return true;
  } catch {
    return false;
  }
}

const lengthOf: Size = ({ length }) => length;

const [contains, containsBytes] = both('regexp_contains', '$, $ -> BOOL', (text, pattern) =>
  regex(pattern).matcher(text).find(),
);

const EXTRACT = [
  computed('regexp_extract', 'STRING, STRING, INT64?, INT64? -> STRING', extract(Buffer.byteLength)),
  ofBytes('regexp_extract', '$, $, INT64?, INT64? -> $', extract(lengthOf)),
];

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/string_functions#regexp_contains */
export const REGEXP_FUNCTIONS: FunctionTable = {
  REGEXP_CONTAINS: [
    overload('STRING, STRING -> BOOL', (args, resolved, bindings) =>
      isPlain(resolved[1])
        ? `regexp_matches(${args.join(', ')})`
        : (contains?.emit(args, resolved, bindings) ?? ''),
    ),
    ...(containsBytes ? [containsBytes] : []),
  ],
  REGEXP_EXTRACT: EXTRACT,
  REGEXP_SUBSTR: EXTRACT,
  REGEXP_INSTR: [
    computed('regexp_instr', 'STRING, STRING, INT64?, INT64?, INT64? -> INT64', find(Buffer.byteLength)),
    ofBytes('regexp_instr', '$, $, INT64?, INT64?, INT64? -> INT64', find(lengthOf)),
  ],
  REGEXP_EXTRACT_ALL: both('regexp_extract_all', '$, $ -> ARRAY<$>', (text, pattern) =>
    // A group without a match is an empty text here.
    Array.from(extracted(text, regex(pattern)), (match) => valueIn(match) ?? ''),
  ),
  REGEXP_REPLACE: both('regexp_replace', '$, $, $ -> $', replace),
};
