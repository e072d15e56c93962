import { formatInterval, type Interval, interval, intervalOf, parseInterval } from '../../intervals.ts';
import { computed, defined, FunctionError } from './computed.ts';
import { type FunctionTable, overload } from './table.ts';
import { DAY } from './time-format.ts';

/** Functions and operators of INTERVAL. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/interval_functions */

const MONTH_DAYS = 30n;

export const textOfInterval = defined('interval_text', 'INTERVAL -> STRING', formatInterval);

export const readInterval = defined('read_interval', 'STRING -> INTERVAL', (text) => {
  const value = parseInterval(text);
  if (!value) throw new FunctionError(`Invalid INTERVAL value '${text}'`);
  return value;
});

/** `INTERVAL count part` */
export const stepInterval = defined('step_interval', 'INT64, PART -> INTERVAL', (count, part) => {
  const value = intervalOf(count, part);
  if (!value) throw new FunctionError(`Invalid interval datetime field ${part}`);
  return value;
});

const combinedBy =
  (sign: bigint) =>
  (a: Interval, b: Interval): Interval =>
    interval(a.months + sign * b.months, a.days + sign * b.days, a.micros + sign * b.micros);

const times = ({ months, days, micros }: Interval, factor: bigint) =>
  interval(months * factor, days * factor, micros * factor);

/** What is left of a part goes to the next smaller one. */
function divided({ months, days, micros }: Interval, divisor: bigint): Interval {
  const allDays = days + (months % divisor) * MONTH_DAYS;
  return interval(months / divisor, allDays / divisor, (micros + (allDays % divisor) * DAY) / divisor);
}

export const INTERVAL_OPERATORS = {
  '+': defined('interval_add', 'INTERVAL, INTERVAL -> INTERVAL', combinedBy(1n)),
  '-': defined('interval_subtract', 'INTERVAL, INTERVAL -> INTERVAL', combinedBy(-1n)),
  '*': defined('interval_multiply', 'INTERVAL, INT64 -> INTERVAL', times),
  '/': defined('interval_divide', 'INTERVAL, INT64 -> INTERVAL', (value, divisor) => {
    if (divisor === 0n) throw new FunctionError('Interval division by zero');
    return divided(value, divisor);
  }),
};

/** Between two clocks, as days and the rest; between two instants or times, as microseconds. */
export const intervalOfDays = defined('interval_of_days', 'INT64 -> INTERVAL', (n) => interval(0n, n, 0n));
export const intervalOfClocks = defined('interval_of_clocks', 'INT64 -> INTERVAL', (micros) =>
  interval(0n, micros / DAY, micros % DAY),
);
export const intervalOfMicros = defined('interval_of_micros', 'INT64 -> INTERVAL', (n) =>
  interval(0n, 0n, n),
);

const PARTS: Readonly<Record<string, (value: Interval) => bigint>> = {
  YEAR: ({ months }) => months / 12n,
  MONTH: ({ months }) => months % 12n,
  DAY: ({ days }) => days,
  HOUR: ({ micros }) => micros / 3_600_000_000n,
  MINUTE: ({ micros }) => (micros / 60_000_000n) % 60n,
  SECOND: ({ micros }) => (micros / 1_000_000n) % 60n,
  MILLISECOND: ({ micros }) => (micros / 1_000n) % 1_000n,
  MICROSECOND: ({ micros }) => micros % 1_000_000n,
};

export const INTERVAL_PARTS = Object.keys(PARTS);

export const partOfInterval = defined('interval_part', 'INTERVAL, PART -> INT64', (value, part) => {
  const read = PARTS[part];
  if (!read) throw new RangeError(`an INTERVAL without ${part}`);
  return read(value);
});

function summed(values: readonly (Interval | null)[]) {
  const present = values.filter((value) => value !== null);
  const sum = (part: keyof Interval) => present.reduce((all, value) => all + value[part], 0n);
  return { count: BigInt(present.length), months: sum('months'), days: sum('days'), micros: sum('micros') };
}

export const sumOfIntervals = defined('sum_interval', 'ARRAY<INTERVAL> -> INTERVAL', (values) => {
  const { count, months, days, micros } = summed(values);
  return count === 0n ? null : interval(months, days, micros);
});

export const averageOfIntervals = defined('average_interval', 'ARRAY<INTERVAL> -> INTERVAL', (values) => {
  const sum = summed(values);
  return sum.count === 0n ? null : divided(sum, sum.count);
});

/** Moves whole larger units out of a smaller one. Both then have the same sign. */
function carried(small: bigint, large: bigint, size: bigint): readonly [small: bigint, large: bigint] {
  const total = large * size + small;
  return [total % size, total / size];
}

const ofHours = (value: Interval) => {
  const [micros, days] = carried(value.micros, value.days, DAY);
  return interval(value.months, days, micros);
};
const ofDays = (value: Interval) => {
  const [days, months] = carried(value.days, value.months, MONTH_DAYS);
  return interval(months, days, value.micros);
};
const ofAll = ({ months, days, micros }: Interval) => {
  const total = (months * MONTH_DAYS + days) * DAY + micros;
  const allDays = total / DAY;
  return interval(allDays / MONTH_DAYS, allDays % MONTH_DAYS, total % DAY);
};

const made = defined(
  'make_interval',
  'INT64, INT64, INT64, INT64, INT64, INT64 -> INTERVAL',
  (years, months, days, hours, minutes, seconds) =>
    interval(years * 12n + months, days, ((hours * 60n + minutes) * 60n + seconds) * 1_000_000n),
);

export const INTERVAL_FUNCTIONS: FunctionTable = {
  MAKE_INTERVAL: overload(
    '(year)=>INT64?, (month)=>INT64?, (day)=>INT64?, (hour)=>INT64?, (minute)=>INT64?, (second)=>INT64? -> INTERVAL',
    (args) => made(Array.from({ length: 6 }, (_, index) => args[index] ?? 'CAST(0 AS BIGINT)')),
  ),
  JUSTIFY_HOURS: computed('justify_hours', 'INTERVAL -> INTERVAL', ofHours),
  JUSTIFY_DAYS: computed('justify_days', 'INTERVAL -> INTERVAL', ofDays),
  JUSTIFY_INTERVAL: computed('justify_interval', 'INTERVAL -> INTERVAL', ofAll),
};
