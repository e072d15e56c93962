import { fromClock } from '../../zones.ts';
import { FunctionError } from './computed.ts';
import {
  DAY,
  DAY_MS,
  ELEMENT,
  elementName,
  MAX_MICROS,
  MIN_MICROS,
  MONTHS,
  SECOND,
  type TimeKind,
  two,
  WEEKDAYS,
  yearStart,
  zoned,
} from './time-format.ts';

/** Dates and times in a text that a pattern describes. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#format_elements_date_time */

/** What is read from a text. */
interface Fields {
  year: number;
  month: number;
  day: number;
  dayOfYear?: number;
  century?: number;
  yearOfCentury?: number;
  hour: number;
  /** Set when the hour counts to 12. */
  isHour12: boolean;
  isAfternoon: boolean;
  minute: number;
  second: number;
  micros: number;
  /** Seconds since the epoch: it overrides everything else. */
  epoch?: bigint;
  offsetMinutes?: number;
  zone?: string;
}

/** Elements that stand for several. */
const COMPOSED: Readonly<Record<string, string>> = {
  D: '%m/%d/%y',
  x: '%m/%d/%y',
  F: '%Y-%m-%d',
  R: '%H:%M',
  T: '%H:%M:%S',
  X: '%H:%M:%S',
  r: '%I:%M:%S %p',
  c: '%a %b %e %H:%M:%S %Y',
};

const DATE_LETTERS = 'AaBbhCDdeFGgjmQUuVWwxYy';
const TIME_LETTERS = 'HIklMPpRrSTX';

function isAllowed(kind: TimeKind, name: string): boolean {
  const isTime = TIME_LETTERS.includes(name) || /^E[\d*]S$/.test(name);
  if (name === 'E4Y' || DATE_LETTERS.includes(name)) return kind !== 'TIME';
  if (isTime) return kind !== 'DATE';
  if (name === 'c' || name === 's') return kind === 'DATETIME' || kind === 'TIMESTAMP';
  return /^(Z|z|Ez)$/.test(name) ? kind === 'TIMESTAMP' : true;
}

const PARTS = new RegExp(String.raw`${ELEMENT}|(\s+)|([\s\S])`, 'g');

class TimeReader {
  readonly fields: Fields = {
    year: 1970,
    month: 1,
    day: 1,
    hour: 0,
    isHour12: false,
    isAfternoon: false,
    minute: 0,
    second: 0,
    micros: 0,
  };
  readonly #kind: TimeKind;
  readonly #text: string;
  #at = 0;

  constructor(kind: TimeKind, text: string) {
    this.#kind = kind;
    this.#text = text;
  }

  read(pattern: string): void {
    this.#skipSpace();
    this.#elements(pattern);
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#failed();
  }

  #failed(): FunctionError {
    return new FunctionError(`Failed to parse input string "${this.#text}"`);
  }

  #skipSpace(): void {
    this.#match(/\s*/y);
  }

  #match(expression: RegExp): RegExpExecArray {
    expression.lastIndex = this.#at;
    const match = expression.exec(this.#text);
    if (!match) throw this.#failed();
    this.#at = expression.lastIndex;
    return match;
  }

  #number(digits: number, least: number, most: number): number {
    const [text] = this.#match(new RegExp(`\\s*\\d{1,${digits}}`, 'y'));
    const value = Number(text);
    if (value < least || value > most) throw this.#failed();
    return value;
  }

  /** The index of a name: whole, or its first three letters. */
  #name(names: readonly string[]): number {
    this.#skipSpace();
    const rest = this.#text.slice(this.#at).toLowerCase();
    const index = names.findIndex((name) => rest.startsWith(name.slice(0, 3).toLowerCase()));
    const name = names[index]?.toLowerCase();
    if (!name) throw this.#failed();
    this.#at += rest.startsWith(name) ? name.length : 3;
    return index;
  }

  #elements(pattern: string): void {
    const parts = pattern.matchAll(PARTS);
    for (const [, element, space, literal] of parts) {
      if (space !== undefined) this.#skipSpace();
      else if (element === undefined) this.#literal(literal ?? '');
      else this.#element(elementName(element));
    }
  }

  #literal(character: string): void {
    if (!this.#text.startsWith(character, this.#at)) throw this.#failed();
    this.#at += character.length;
  }

  #element(name: string): void {
    if (!isAllowed(this.#kind, name))
      throw new FunctionError(`Invalid format: %${name} is not allowed for the ${this.#kind} type.`);
    const composed = Object.hasOwn(COMPOSED, name) ? COMPOSED[name] : undefined;
    if (composed) {
      this.#elements(composed);
      return;
    }
    const { fields } = this;
    switch (name) {
      case 'A':
      case 'a':
        this.#name(WEEKDAYS);
        return;
      case 'B':
      case 'b':
      case 'h':
        fields.month = this.#name(MONTHS) + 1;
        return;
      case 'C':
        fields.century = this.#number(2, 0, 99);
        return;
      case 'd':
      case 'e':
        fields.day = this.#number(2, 1, 31);
        delete fields.dayOfYear;
        return;
      case 'j':
        fields.dayOfYear = this.#number(3, 1, 366);
        return;
      case 'm':
        fields.month = this.#number(2, 1, 12);
        delete fields.dayOfYear;
        return;
      case 'Q':
        fields.month = this.#number(1, 1, 4) * 3 - 2;
        fields.day = 1;
        return;
      case 'Y':
        // The year 10000 is read, and then refused.
        fields.year = this.#number(this.#text.startsWith('10000', this.#at) ? 5 : 4, 0, 10_000);
        return;
      case 'E4Y':
        fields.year = Number(this.#match(/\d{4}/y)[0]);
        return;
      case 'y':
        fields.yearOfCentury = this.#number(2, 0, 99);
        return;
      case 'H':
      case 'k':
        fields.hour = this.#number(2, 0, 23);
        fields.isHour12 = false;
        return;
      case 'I':
      case 'l':
        fields.hour = this.#number(2, 1, 12) % 12;
        fields.isHour12 = true;
        return;
      case 'M':
        fields.minute = this.#number(2, 0, 59);
        return;
      case 'P':
      case 'p':
        fields.isAfternoon = /p/i.test(this.#match(/\s*[AaPp][Mm]/y)[0]);
        return;
      case 'S':
        fields.second = this.#number(2, 0, 60);
        return;
      case 's':
        fields.epoch = BigInt(this.#match(/\s*-?\d{1,18}/y)[0].trim());
        return;
      case 'Z':
        fields.zone = this.#match(/\s*(\S+)/y)[1] ?? '';
        delete fields.offsetMinutes;
        return;
      case 'z':
      case 'Ez':
        this.#offset(name === 'Ez');
        return;
      case 'n':
      case 't':
        this.#skipSpace();
        return;
      case '%':
        this.#literal('%');
        return;
    }
    if (/^E[\d*]S$/.test(name)) {
      this.#fraction(name.slice(1, 2));
      return;
    }
    if (/^[GgUuVWw]$/.test(name))
      throw new FunctionError(`Parsing the format element %${name} is not supported by the local BigQuery`);
    throw this.#failed();
  }

  #fraction(digits: string): void {
    this.fields.second = this.#number(2, 0, 60);
    if (digits === '0') return;
    const [, text = ''] = this.#match(
      new RegExp(`(?:\\.(\\d${digits === '*' ? '*' : `{0,${digits}}`}))?`, 'y'),
    );
    this.fields.micros = Number(text.padEnd(6, '0').slice(0, 6));
  }

  #offset(isExtended: boolean): void {
    const form = isExtended ? /\s*(?:([+-])(\d{2})(?::?([0-5]\d))?|Z)/iy : /\s*([+-])(\d{2})([0-5]\d)?/y;
    const [, sign, hours = '0', minutes = '0'] = this.#match(form);
    const size = Number(hours) * 60 + Number(minutes);
    if (size > 14 * 60)
      throw new FunctionError(
        `Timezone offset out of valid range -14:00 to +14:00: ${sign}${hours}:${two(Number(minutes))}`,
      );
    this.fields.offsetMinutes = sign === '-' ? -size : size;
    delete this.fields.zone;
  }
}

/** The value in microseconds: a clock, or since midnight for a TIME; for a TIMESTAMP the instant. */
export function parseTimeElements(kind: TimeKind, pattern: string, text: string, zone = 'UTC'): bigint {
  const reader = new TimeReader(kind, text);
  reader.read(pattern);
  const { fields } = reader;
  if (fields.epoch !== undefined) return fields.epoch * SECOND;
  const hours = fields.hour + (fields.isHour12 && fields.isAfternoon ? 12 : 0);
  const time =
    BigInt((hours * 60 + fields.minute) * 60 + fields.second) * SECOND +
    BigInt(fields.second === 60 ? 0 : fields.micros);
  if (kind === 'TIME') return time % DAY;
  const clock = BigInt(dateOf(fields)) * 1000n + time;
  const result = kind === 'TIMESTAMP' ? instantOf(clock, fields, zone) : clock;
  if (result < MIN_MICROS || result > MAX_MICROS)
    throw new FunctionError('Invalid result from parsing function');
  return result;
}

function instantOf(clock: bigint, { offsetMinutes, zone }: Fields, otherwise: string): bigint {
  if (offsetMinutes !== undefined) return clock - BigInt(offsetMinutes) * 60n * SECOND;
  return zoned(() => fromClock(clock, zone ?? otherwise));
}

/** Milliseconds. */
function dateOf(fields: Fields): number {
  const of = yearOf(fields);
  if (fields.dayOfYear !== undefined) {
    const days = new Date(yearStart(of + 1) - DAY_MS).getTime() - yearStart(of);
    if (fields.dayOfYear > days / DAY_MS + 1)
      throw new FunctionError(
        `Year ${of} has ${days / DAY_MS + 1} days, but the specified day of year was ${fields.dayOfYear}`,
      );
    return yearStart(of) + (fields.dayOfYear - 1) * DAY_MS;
  }
  const date = new Date(0);
  date.setUTCFullYear(of, fields.month - 1, fields.day);
  if (date.getUTCDate() !== fields.day)
    throw new FunctionError('Out-of-range datetime field in parsing function');
  return date.getTime();
}

/** Years without a century are 1969 to 2068. */
function yearOf({ year: full, century, yearOfCentury }: Fields): number {
  if (century === undefined && yearOfCentury === undefined) return full;
  const rest = yearOfCentury ?? 0;
  if (century !== undefined) return century * 100 + rest;
  return rest < 69 ? 2000 + rest : 1900 + rest;
}
