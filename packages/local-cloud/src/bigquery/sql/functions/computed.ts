import {
  BIGINT,
  DOUBLE,
  type DuckDBConnection,
  DuckDBListValue,
  DuckDBScalarFunction,
  type DuckDBType,
  type DuckDBValue,
  LIST,
  VARCHAR,
} from '@duckdb/node-api';
import { FAILURE_MARK, FAULT_MARK } from '../let.ts';

/** A function that DuckDB lacks, or means otherwise. It is NULL when an argument is NULL. */
interface ComputedFunction {
  readonly parameters: readonly DuckDBType[];
  readonly returns: DuckDBType;
  compute(...args: readonly DuckDBValue[]): DuckDBValue;
}

/** Unicode's normalization forms. */
type Form = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

const text = (returns: DuckDBType, compute: (...texts: string[]) => DuckDBValue, count = 1) => ({
  parameters: Array.from({ length: count }, () => VARCHAR),
  returns,
  compute: (...args: readonly DuckDBValue[]) => compute(...args.map(String)),
});

const digits = (compute: (value: number, count: number) => number) => ({
  parameters: [DOUBLE, BIGINT],
  returns: DOUBLE,
  compute(value: DuckDBValue, count: DuckDBValue) {
    const result = compute(Number(value), Number(count));
    if (!Number.isFinite(result) && Number.isFinite(value))
      throw new FunctionError(`Floating point overflow in function: ROUND(${value}, ${-Number(count)})`);
    return result;
  },
});

/** By their names in DuckDB's SQL. */
const COMPUTED: Readonly<Record<string, ComputedFunction>> = {
  // DuckDB maps one character to one: ß stays, and the last sigma of a word is not ς.
  bq_upper: text(VARCHAR, (value) => value.toUpperCase()),
  bq_lower: text(VARCHAR, (value) => value.toLowerCase()),
  bq_normalize: text(VARCHAR, (value, form) => value.normalize(form as Form), 2),
  bq_normalize_and_casefold: text(
    VARCHAR,
    (value, form) => caseFold(value.normalize(form as Form)).normalize(form as Form),
    2,
  ),
  bq_initcap: text(VARCHAR, initCap, 2),
  bq_reverse: text(VARCHAR, (value) => [...value].reverse().join('')),
  bq_translate: text(VARCHAR, translate, 3),
  bq_soundex: text(VARCHAR, soundex),
  bq_edit_distance: text(BIGINT, (a, b) => BigInt(editDistance([...a], [...b])), 2),
  // Google rounds the exact value of a double: the double 1.005 is a little less than 1.005.
  bq_round: digits(roundTo),
  bq_trunc: digits(truncateTo),
  bq_instr: {
    parameters: [VARCHAR, VARCHAR, BIGINT, BIGINT],
    returns: BIGINT,
    compute: (value, part, position, occurrence) =>
      BigInt(instr(String(value), String(part), Number(position), Number(occurrence))),
  },
  bq_characters: text(LIST(VARCHAR), (value) => new DuckDBListValue(value === '' ? [''] : [...value])),
  bq_to_code_points: text(
    LIST(BIGINT),
    (value) => new DuckDBListValue([...value].map((character) => BigInt(character.codePointAt(0) ?? 0))),
  ),
  bq_chr: {
    parameters: [BIGINT],
    returns: VARCHAR,
    compute: (point) => {
      const number = Number(point);
      const isScalar = number >= 0 && number <= 0x10ffff && (number < 0xd800 || number > 0xdfff);
      if (!isScalar) throw new FunctionError(`Invalid codepoint ${point}`);
      return String.fromCodePoint(number);
    },
  },
};

/** A refusal with BigQuery's words. */
class FunctionError extends Error {
  override readonly name = 'FunctionError';

  constructor(message: string) {
    super(`${FAILURE_MARK}${message}`);
  }
}

/** Makes the functions known to a database: all its connections have them. */
export function registerComputed(connection: DuckDBConnection): void {
  for (const [name, { parameters, returns, compute }] of Object.entries(COMPUTED))
    connection.registerScalarFunction(
      DuckDBScalarFunction.create({
        name,
        parameterTypes: parameters,
        returnType: returns,
        mainFunction(_, chunk, output) {
          const columns = parameters.map((_type, index) => chunk.getColumnVector(index));
          for (let row = 0; row < chunk.rowCount; row += 1) {
            const args = columns.map((column) => column.getItem(row));
            output.setItem(row, args.includes(null) ? null : computed(compute, args));
          }
          output.flush();
        },
      }),
    );
}

/** Marks what is no refusal as a fault of ours: DuckDB calls every error of a function an invalid input. */
function computed(compute: ComputedFunction['compute'], args: readonly DuckDBValue[]): DuckDBValue {
  try {
    return compute(...args);
  } catch (error) {
    if (error instanceof FunctionError) throw error;
    throw new Error(`${FAULT_MARK}${Error.isError(error) ? error.stack : error}`, { cause: error });
  }
}

/** Unicode's full case folding. https://www.unicode.org/Public/UCD/latest/ucd/CaseFolding.txt */
function caseFold(value: string): string {
  let folded = '';
  for (const character of value) folded += foldCharacter(character);
  return folded;
}

function foldCharacter(character: string): string {
  if (character === 'ẞ') return 'ss';
  // Dotless i is a letter of its own. Cherokee folds to its older, upper case.
  if (character === 'ı') return character;
  if (/^[\u13a0-\u13f5]$/.test(character)) return character;
  if (/^[\u13f8-\u13fd\uab70-\uabbf]$/.test(character)) return character.toUpperCase();
  return character.toUpperCase().toLowerCase().replaceAll('ς', 'σ');
}

/** White space and the punctuation that separates words by default. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/string_functions#initcap */
export const WORD_DELIMITERS = ' \t\n\v\f\r[](){}/|<>!?@"^#$&~_,.:;*%+-';

function initCap(value: string, delimiters: string): string {
  const ends = new Set(delimiters);
  let begins = true;
  let result = '';
  for (const character of value) {
    const isDelimiter = ends.has(character);
    result += isDelimiter ? character : begins ? character.toUpperCase() : character.toLowerCase();
    begins = isDelimiter;
  }
  return result;
}

/** Larger numbers are whole, and `toFixed` writes them with an exponent. */
const MAX_WITH_FRACTION = 1e21;
const MAX_DIGITS = 100;

function roundTo(value: number, count: number): number {
  if (count < 0) return toTens(value, -count, (whole, tens) => (2n * whole + tens) / (2n * tens));
  if (!(Math.abs(value) < MAX_WITH_FRACTION) || count > MAX_DIGITS) return value;
  return Number(value.toFixed(count));
}

function truncateTo(value: number, count: number): number {
  if (count < 0) return toTens(value, -count, (whole, tens) => whole / tens);
  if (!(Math.abs(value) < MAX_WITH_FRACTION) || count >= MAX_DIGITS) return value;
  const [whole, fraction = ''] = value.toFixed(MAX_DIGITS).split('.');
  return Number(`${whole}.${fraction.slice(0, count)}`);
}

function toTens(value: number, zeros: number, divide: (whole: bigint, tens: bigint) => bigint): number {
  if (!Number.isFinite(value)) return value;
  if (zeros > 309) return 0;
  const tens = 10n ** BigInt(zeros);
  const whole = BigInt(Math.trunc(Math.abs(value)));
  return Math.sign(value) * Number(divide(whole, tens) * tens);
}

function translate(value: string, from: string, to: string): string {
  const targets = [...to];
  const map = new Map<string, string>();
  for (const [index, character] of [...from].entries()) {
    if (map.has(character)) throw new FunctionError('Duplicate character in TRANSLATE source characters');
    map.set(character, targets[index] ?? '');
  }
  let result = '';
  for (const character of value) result += map.get(character) ?? character;
  return result;
}

const SOUNDS = { BFPV: '1', CGJKQSXZ: '2', DT: '3', L: '4', MN: '5', R: '6' };

function soundOf(letter: string): string {
  return Object.entries(SOUNDS).find(([letters]) => letters.includes(letter))?.[1] ?? '';
}

/** Letters without a sound do not separate equal sounds. */
function soundex(value: string): string {
  const [first, ...others] = [...value].filter((letter) => /^[A-Za-z]$/.test(letter));
  if (first === undefined) return '';
  let code = first;
  let last = soundOf(first.toUpperCase());
  for (const letter of others) {
    const sound = soundOf(letter.toUpperCase());
    if (sound === '' || sound === last) continue;
    code += sound;
    last = sound;
    if (code.length === 4) break;
  }
  return code.padEnd(4, '0');
}

/** Steps of one call. Everything else of the local cloud waits meanwhile. */
const MAX_EDIT_STEPS = 100_000_000;

function editDistance(a: readonly string[], b: readonly string[]): number {
  if (a.length * b.length > MAX_EDIT_STEPS)
    throw new FunctionError('EDIT_DISTANCE of texts this long is not supported by the local BigQuery');
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [row, character] of a.entries()) {
    const current = [row + 1];
    for (const [column, other] of b.entries()) {
      const replaced = (previous[column] ?? 0) + (character === other ? 0 : 1);
      current.push(Math.min(replaced, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}

/** The one-based position of an occurrence, 0 without one; a negative position searches backwards from the end. */
function instr(value: string, part: string, position: number, occurrence: number): number {
  if (occurrence < 1) throw new FunctionError('Occurrence must be positive in INSTR');
  if (position === 0) throw new FunctionError('Position must be non-zero in INSTR');
  const [characters, wanted] = [[...value], [...part]];
  const last = characters.length - wanted.length;
  const step = position > 0 ? 1 : -1;
  let left = occurrence;
  const end = characters.length + position + (wanted.length === 0 ? 1 : 0);
  const start = position > 0 ? position - 1 : Math.min(end, last);
  for (let at = start; at >= 0 && at <= last; at += step) {
    if (!wanted.every((character, index) => characters[at + index] === character)) continue;
    left -= 1;
    if (left === 0) return at + 1;
  }
  return 0;
}
