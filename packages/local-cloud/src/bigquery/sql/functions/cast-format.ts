import { invalidQuery, type Position, unsupported } from '../../errors.ts';
import { scalar, typeName } from '../../types.ts';
import type { Bindings } from '../bindings.ts';
import { coerce } from '../coercion.ts';
import { combined, type Resolved } from '../resolved.ts';
import { defined, FunctionError } from './computed.ts';
import { clockOf, formatTimeElements, type TimeKind } from './time-format.ts';

/** `CAST(x AS STRING FORMAT 'YYYY-MM')`. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#formatting_syntax */

const ELEMENT =
  /YYYY|YYY|YY|Y|RRRR|RR|MONTH|MON|MM|MI|DDD|DD|DAY|DY|D|HH24|HH12|HH|SSSSS|SS|FF[1-9]|A\.M\.|P\.M\.|AM|PM|TZH|TZM|[-./,';: ]|"((?:[^"\\]|\\.)*)"/iy;

/** The elements of FORMAT_DATE and the like that give the digits. */
const SAME: Readonly<Record<string, string>> = {
  YYYY: '%E4Y',
  RRRR: '%E4Y',
  YY: '%y',
  RR: '%y',
  MM: '%m',
  DD: '%d',
  DDD: '%j',
  HH24: '%H',
  HH12: '%I',
  HH: '%I',
  MI: '%M',
  SS: '%S',
};

const NAMES: Readonly<Record<string, string>> = {
  MONTH: '%B',
  MON: '%b',
  DAY: '%A',
  DY: '%a',
  AM: '%p',
  PM: '%p',
  'A.M.': '%p',
  'P.M.': '%p',
};

const OF_TIME = /^(HH|MI|SS|FF|[AP]M|[AP]\.M)/;

function assertKind(kind: TimeKind, element: string): void {
  const isAllowed = element.startsWith('TZ')
    ? kind === 'TIMESTAMP'
    : OF_TIME.test(element)
      ? kind !== 'DATE'
      : kind !== 'TIME';
  if (!isAllowed) throw new FunctionError(`${kind} does not support '${element}'`);
}

/** The case of the first two letters of an element is that of the name. */
function cased(name: string, element: string): string {
  const letters = element.replaceAll('.', '');
  if (/^[a-z]/.test(letters)) return name.toLowerCase();
  if (letters.length === 2 && /[AP]M/i.test(letters)) return name.toUpperCase();
  return /^.[A-Z]/.test(letters) ? name.toUpperCase() : name;
}

function formatted(kind: TimeKind, pattern: string, micros: bigint, zone?: string): string {
  const digits = (element: string) => formatTimeElements(kind, element, micros, zone);
  let text = '';
  let at = 0;
  while (at < pattern.length) {
    ELEMENT.lastIndex = at;
    const [written, quoted] = ELEMENT.exec(pattern) ?? [];
    if (written === undefined) throw new FunctionError(`Cannot find matched format element at ${at}`);
    at += written.length;
    if (quoted !== undefined) text += quoted.replaceAll(/\\(.)/g, '$1');
    else if (/^[-./,';: ]$/.test(written)) text += written;
    else {
      assertKind(kind, written.toUpperCase());
      text += elementText(written, digits);
    }
  }
  return text;
}

function elementText(written: string, digits: (element: string) => string): string {
  const element = written.toUpperCase();
  const same = SAME[element];
  if (same) return digits(same);
  const name = NAMES[element];
  if (name)
    return cased(element.includes('.') ? digits(name).replaceAll(/(.)/g, '$1.') : digits(name), written);
  if (element.startsWith('FF')) return digits('%E9S').slice(3, 3 + Number(element.slice(2)));
  if (element === 'YYY' || element === 'Y') return digits('%E4Y').slice(-element.length);
  if (element === 'D') return String(Number(digits('%w')) + 1);
  if (element === 'TZH') return digits('%Ez').slice(0, 3);
  if (element === 'TZM') return digits('%Ez').slice(4);
  const [hours = 0, minutes = 0, seconds = 0] = digits('%H %M %S').split(' ').map(Number);
  return String((hours * 60 + minutes) * 60 + seconds).padStart(5, '0');
}

const OF_TIMES = {
  DATE: defined('cast_date_format', 'DATE, STRING -> STRING', (days, pattern) =>
    formatted('DATE', pattern, clockOf(days)),
  ),
  DATETIME: defined('cast_datetime_format', 'DATETIME, STRING -> STRING', (clock, pattern) =>
    formatted('DATETIME', pattern, clock),
  ),
  TIME: defined('cast_time_format', 'TIME, STRING -> STRING', (time, pattern) =>
    formatted('TIME', pattern, time),
  ),
  TIMESTAMP: defined(
    'cast_timestamp_format',
    'TIMESTAMP, STRING, STRING? -> STRING',
    (instant, pattern, zone) => formatted('TIMESTAMP', pattern, instant, zone),
  ),
};

/** CAST with FORMAT to a STRING. Reading by a format, and numbers and BYTES, are refused by name. */
export function castByFormat(
  value: Resolved,
  format: Resolved,
  zone: Resolved | undefined,
  to: string,
  at: Position,
  bindings: Bindings,
): Resolved {
  const from = typeName(value.type);
  const string = scalar('STRING');
  const [pattern, zoneText] = [coerce(format, string, bindings), zone && coerce(zone, string, bindings)];
  if (!pattern || (zone && !zoneText))
    throw invalidQuery('FORMAT and AT TIME ZONE must be of type STRING', format.at);
  if (value.coercible === 'NULL' && to === 'STRING')
    return combined('CAST(NULL AS VARCHAR)', string, at, [value]);
  if (!Object.hasOwn(OF_TIMES, from) || to !== 'STRING')
    throw unsupported(`CAST from ${from} to ${to} with FORMAT`, at);
  if (zone && from !== 'TIMESTAMP')
    throw invalidQuery(`AT TIME ZONE is not allowed for cast from ${from} to STRING`, zone.at);
  const args = [value, pattern, ...(zoneText ? [zoneText] : [])];
  const call = OF_TIMES[from as TimeKind];
  return combined(call(args.map(({ sql }) => sql)), string, at, args);
}
